"""The document's chain "HTTP body → Python string → Pydantic dict → JSON string → HDF5 bytes", step by step, and V2's.

`v1_path` and `v2_path` take one request's body through all of it, into an HDF5 dataset in memory: a benchmark of the
chain alone (`setup: …:v1_setup, target: …:v1_path`). As in a request handler, every form lives until the end.

    python -m fibench.systems.consultations.copies v1|v2|body MIB

takes one body of so many MiB through a path once and prints what each step added to the resident memory, in copies of
the body: the native copies too (pydantic's buffer, HDF5's heap), which no Python tool sees.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count as count_from
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import orjson

from fibench.systems.consultations.codec import NewEvent, checked

WORDS = (
    "paciente refiere dolor torácico opresivo desde hace tres días sin fiebre con antecedente "
    "de hipertensión arterial tratada losartán exploración física frecuencia cardíaca regular auscultación normal "
    "electrocardiograma pendiente indicación reposo hidratación control ambulatorio evaluación próxima "
    "mañana médica tensión señala náusea"
)
_NUMBERS = count_from(1)
STEPS = {"v1": ("str", "dict", "JSON str", "HDF5"), "v2": ("dict", "JSON bytes", "HDF5"), "body": ()}


@dataclass(frozen=True, slots=True)
class Desk:
    """One body, and where it goes: a vlen text dataset of one row (V1), or a byte dataset (V2)."""

    body: bytes
    file: Any
    dataset: Any

    def stored(self) -> bytes:
        """What the dataset holds, padding removed."""
        found = self.dataset[0] if self.dataset.shape == (1,) else self.dataset[:].tobytes().rstrip(b"\0")
        return bytes(found)


def realistic_body(seed: int = 2, words: int = 250) -> bytes:
    """A message of a consultation in Spanish, distinct for each seed: about 2 kB of compact UTF-8 JSON."""
    known, draw = WORDS.split(), random.Random(seed)  # a seeded text, no secret
    text = " ".join(draw.choice(known) for _ in range(words))
    payload = {"message": text, "role": "user", "turn": draw.randrange(40), "confidence": round(draw.random(), 4)}
    return orjson.dumps({"event_type": "MESSAGE_RECEIVED", "payload": payload, "user_id": f"user-{draw.randrange(10**6)}"})


def large_body(size: int) -> bytes:
    """A body whose one ASCII text has `size` bytes: a copy of it is an allocation of that size, and nothing else is."""
    return b'{"event_type":"MESSAGE_RECEIVED","payload":{"message":"%b"},"user_id":"u"}' % (b"m" * size)


def v1_setup(body: bytes | None = None) -> Desk:
    """The body (a realistic one by default) and a dataset as the document has it."""
    file = _memory()
    return Desk(body or realistic_body(), file, file.create_dataset("events", (1,), h5py.string_dtype()))


def v2_setup(body: bytes | None = None) -> Desk:
    """The body and a byte dataset with room for it."""
    file, body = _memory(), body or realistic_body()
    return Desk(body, file, file.create_dataset("events", (len(body) + 64,), np.uint8))


def v1_path(desk: Desk) -> None:
    """Body → str → dict → pydantic → JSON str → HDF5, as the document draws it."""
    for _ in v1_steps(desk):
        pass


def v2_path(desk: Desk) -> None:
    """Body → dict → JSON bytes → HDF5: the text of the whole is never a str."""
    for _ in v2_steps(desk):
        pass


def v1_steps(desk: Desk) -> Iterator[None]:
    """`v1_path`, one step at a time; every form stays alive until the last."""
    text = desk.body.decode()
    yield
    event = NewEvent.model_validate(json.loads(text))
    yield
    row = event.model_dump_json()
    yield
    desk.dataset[0] = row
    yield


def v2_steps(desk: Desk) -> Iterator[None]:
    """`v2_path`, one step at a time."""
    event = checked(desk.body)
    yield
    row = orjson.dumps(event)
    yield
    view = np.frombuffer(row, np.uint8)
    desk.dataset[: len(view)] = view
    yield


PATHS: dict[str, tuple[Callable[[bytes], Desk], Callable[[Desk], Iterator[None]]]] = {
    "v1": (v1_setup, v1_steps),
    "v2": (v2_setup, v2_steps),
    "body": (v2_setup, lambda desk: iter(())),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What one step added, in copies of the body: `kept` after it, `peak` at its worst moment (kept included)."""

    name: str
    kept: float
    peak: float


def count(path: str, size: int) -> list[Step]:
    """The copies of each step of a path, from the kernel's account of this process's memory (Linux only).

    Call it in a fresh process, with a `size` in bytes well above 32 MiB: such blocks are mapped one by one and given back
    at once, so that none hides in memory that was already there.
    """
    setup, steps = PATHS[path]
    desk = setup(large_body(size))
    found, moves = [], steps(desk)
    for name in STEPS[path]:
        before = _resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew at the present size
        next(moves)
        found.append(Step(name, (_resident("VmRSS") - before) / size, (_resident("VmHWM") - before) / size))
    return found


def _resident(field: str) -> int:
    """Bytes of a field of /proc/self/status."""
    match = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match
    return int(match[1]) * 1024


def _memory() -> Any:
    return h5py.File(f"copies-{next(_NUMBERS)}.h5", "w", driver="core", backing_store=False)  # the name is only a name


def main(words: list[str]) -> None:
    """Print the steps, a line each, and their sum."""
    if len(words) != 2 or words[0] not in PATHS or not words[1].isdecimal():
        sys.exit("usage: python -m fibench.systems.consultations.copies v1|v2|body MIB")
    found = count(words[0], int(words[1]) << 20)
    for step in found:
        print(f"{step.name:10s} kept {step.kept:5.2f}  peak {step.peak:5.2f}")
    print(f"{'sum':10s} kept {sum(step.kept for step in found):5.2f}  made {sum(round(step.peak) for step in found)}")


if __name__ == "__main__":
    main(sys.argv[1:])
