"""Events into an HDF5 file and back: one filter, one layout, one way of access.

What is inside the timing, per call:
  timed all     creating (opening) the file, creating (finding) the dataset, every item, closing: as in the document
  timed access  only writing or reading the items; what is still in the chunk cache is compressed at the close, untimed
Conversions belong to the call: str → bytes on the way in where the layout needs it; a read ends in a list of bytes.
Nothing is synced: files stay in the page cache, so this is the cost of the library and its filters, not of a disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import h5py

from fibench.operations import corpus
from fibench.operations.hdf5_layouts import LAYOUTS, Layout, described, stored
from fibench.step import Step

PROBE = Path(__file__).with_name("hdf5_probe.py")


def open(params: dict[str, Any]) -> Step:
    """Make the events and a private folder, write the file once untimed, and look at what the filter did."""
    events = events_of(params)
    options = filter_options(params["filter"])
    probe = _probe() if params["access"] == "memoryview" else {"supported": True}
    layout = LAYOUTS[params["layout"]](events, options, params["access"], probe["supported"])
    folder = Path(tempfile.mkdtemp(prefix="fibench-hdf5-"))
    try:
        bench = Bench(folder / f"test_{params['filter']}.h5", layout, params["op"], params["timed"])
        bench.prepare()
        facts = bench.look() | {"payload": layout.payload, "probe": probe}
        facts["filter_active"] = bool(facts["filters"]) and facts["filter_sees"] >= layout.payload
        bench.forget()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    counted = {"payload": float(layout.payload), "supported": float(probe["supported"])}
    return Step(
        bench.call,
        once=True,
        before=bench.before,
        after=lambda loops: bench.after() | counted,
        outcome=bench.outcome,
        facts=lambda: facts,
        close=bench.close,
    )


def events_of(params: dict[str, Any]) -> list[str]:
    """The document's events exactly, realistic ones of about `size` bytes, or those of a given file."""
    if params["file"]:
        with h5py.File(params["file"], "r") as given:
            return [_text(item) for item in given[params["dataset"]][: params["events"]]]
    return made(params["content"], params["events"], int(params["size"]))


@cache
def made(content: str, count: int, size: int) -> list[str]:
    """One copy a process, so that no variant has the warmer memory; not to be changed."""
    if content == "literal":
        return [f"event_{i}_" + "x" * size for i in range(count)]
    rng = corpus.generator("hdf5")
    found = []
    for index in range(count):
        words = max(3, int((size - 372) / 4.35 * rng.uniform(0.85, 1.15)))
        found.append(json.dumps(corpus.event(rng, index, words), ensure_ascii=False, separators=(",", ":")))
    return found


def filter_options(name: str) -> dict[str, Any]:
    """A filter's name → keyword arguments of `create_dataset`; only lz4 and zstd need hdf5plugin."""
    if name == "none":
        return {}
    if name == "lzf":
        return {"compression": "lzf"}
    family, _, level = name.partition("-")
    if family == "gzip":
        return {"compression": "gzip", "compression_opts": int(level)}
    import hdf5plugin

    return dict(hdf5plugin.LZ4() if family == "lz4" else hdf5plugin.Zstd(clevel=int(level)))


class Bench:
    """One file, one layout: what is called, what happens around it."""

    def __init__(self, path: Path, layout: Layout, op: str, timed: str) -> None:
        self.path, self.layout, self.op = path, layout, op
        self.inside = timed == "all"
        self.file: Any = None
        self.call = {"write": self.write, "read": self.read}[op] if self.inside else getattr(layout, op)

    def write(self) -> None:
        """Create the file, write every event, close."""
        with h5py.File(self.path, "w") as file:
            self.layout.create(file)
            self.layout.write()

    def read(self) -> list[bytes]:
        """Open the file, read every event, close."""
        with h5py.File(self.path, "r") as file:
            self.layout.find(file)
            return self.layout.read()

    def prepare(self) -> None:
        """The file, once, untimed: the smoke pass of a write, the input of a read."""
        self.write()

    def before(self) -> None:
        """Untimed; a write never meets an old file (ext4 flushes a file that is truncated and written anew)."""
        if self.op == "write":
            self.path.unlink(missing_ok=True)
        if not self.inside:
            self.file = h5py.File(self.path, "w" if self.op == "write" else "r")
            (self.layout.create if self.op == "write" else self.layout.find)(self.file)

    def after(self) -> dict[str, float]:
        """Untimed: bytes of the file after its close, and of the storage that its datasets take."""
        if self.file is not None:
            self.file.close()
            self.file = None
        with h5py.File(self.path, "r") as file:
            storage = stored(file)
        size = self.path.stat().st_size
        self.forget()
        return {"size": float(size), "storage": float(storage)}

    def look(self) -> dict[str, Any]:
        """Which filters the file has, and how much of the payload they saw."""
        with h5py.File(self.path, "r") as file:
            return described(file) | {"size": self.path.stat().st_size}

    def forget(self) -> None:
        """A written file is not needed any more."""
        if self.op == "write":
            self.path.unlink(missing_ok=True)

    def outcome(self) -> dict[str, Any]:
        """What is in the file, read back in bulk after a write: equal whatever the filter and the layout."""
        if self.op == "write":
            self.before()
            self.call()
            if self.file is not None:
                self.file.close()
                self.file = None
            found = self.read()
            self.forget()
        else:
            found = self.read()
        digest = hashlib.sha256()
        for item in found:
            digest.update(len(item).to_bytes(8, "little") + item)
        return {"events": len(found), "bytes": sum(map(len, found)), "sha256": digest.hexdigest()}

    def close(self) -> None:
        """Nothing is left on disk."""
        if self.file is not None:
            with contextlib.suppress(Exception):
                self.file.close()
        shutil.rmtree(self.path.parent, ignore_errors=True)


def _text(item: Any) -> str:
    if isinstance(item, bytes):
        return item.decode("utf-8", "replace")
    if isinstance(item, str):
        return item
    raise TypeError(f"the given dataset holds {type(item).__name__}, not text")


def _probe() -> dict[str, Any]:
    """Ask a child process whether h5py takes a memoryview: some combinations end the interpreter."""
    import subprocess
    import sys

    command = [sys.executable, "-P", str(PROBE)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return {"supported": False, "reason": "the probe hung for 20 s"}
    if done.returncode < 0:
        import signal

        return {"supported": False, "reason": f"the probe was killed by {signal.Signals(-done.returncode).name}"}
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        return {"supported": False, "reason": f"the probe ended with code {done.returncode}: {done.stderr[-200:]}"}
