"""Model ↔ rows, pure. Floats survive bit for bit: JSON numbers as `repr` writes them.

NaN and the infinities are no JSON numbers; among the samples they are written as the strings "nan", "inf", "-inf", so
that every other tool can still parse the row.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import RowMapping

from fibench.errors import StoreError
from fibench.model.case import Case
from fibench.model.fingerprint import Fingerprint
from fibench.model.note import Note
from fibench.model.requests import Requests
from fibench.model.run import CaseRecord, Generation, Run

_FINGERPRINT = frozenset(field.name for field in dataclasses.fields(Fingerprint))


def run_row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "label": run.label,
        "state": run.state,
        "started": run.started,
        "seconds": run.seconds,
        "seed": str(int(run.seed)),
        "command": _storable(run.command),
        "owner": run.owner,
        "fingerprint": _json(run.fingerprint.to_json()),
    }


def case_row(run_id: str, number: int, record: CaseRecord) -> dict[str, Any]:
    case = record.case
    return {
        "run_id": run_id,
        "number": number,
        "key": case.key,
        "scenario": case.scenario,
        "spec": case.model_dump_json(),
        **case_progress(record),
    }


def case_progress(record: CaseRecord) -> dict[str, Any]:
    """The columns that change while a case is measured."""
    return {
        "unit": record.unit,
        "done": record.done,
        "seconds": record.seconds,
        "failures": _json(record.failures),
    }


def generation_row(run_id: str, case_number: int, generation: Generation) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "case_number": case_number,
        "number": generation.index,
        "seed": str(int(generation.seed)),
        "rounds": _json([int(number) for number in generation.rounds]),
        "variants": _json(generation.variants),
        "metrics": _json({name: [_number(value) for value in values] for name, values in generation.metrics.items()}),
        "loops": str(int(generation.loops)),
        "started": generation.started,
        "seconds": generation.seconds,
        "facts": _json(generation.facts),
        "remarks": _json(list(generation.remarks)),
    }


def request_rows(run_id: str, case_number: int, generation: Generation) -> list[dict[str, Any]]:
    """One row for each window of load."""
    if generation.requests is None:
        return []
    owner = {"run_id": run_id, "case_number": case_number, "generation": generation.index}
    return [
        owner | {"block": block, "records": generation.requests.packed(block)}
        for block in sorted(generation.requests.positions)
    ]


def note_rows(run_id: str, case_number: int | None, notes: Iterable[Note]) -> list[dict[str, Any]]:
    owner = {"run_id": run_id, "case_number": case_number}
    return [owner | {key: _storable(text) for key, text in dataclasses.asdict(note).items()} for note in notes]


def storable(note: Note) -> Note:
    """The note as it will be read back (see `_storable`)."""
    return Note(**{key: _storable(text) for key, text in dataclasses.asdict(note).items()})


def run(row: RowMapping, cases: Sequence[CaseRecord], notes: Iterable[Note]) -> Run:
    return Run(
        id=row["id"],
        started=row["started"],
        state=row["state"],
        fingerprint=fingerprint(row["fingerprint"]),
        label=row["label"],
        seed=int(row["seed"]),
        cases=tuple(cases),
        notes=tuple(notes),
        command=row["command"],
        owner=row["owner"],
        seconds=row["seconds"],
    )


def case(row: RowMapping, generations: Iterable[Generation], notes: Iterable[Note]) -> CaseRecord:
    """A stored case; StoreError if its specification was written by a fibench with other words."""
    try:
        spec = Case.model_validate_json(row["spec"])
    except ValueError as error:  # pydantic's ValidationError is one
        raise StoreError(
            f"case {row['number']} of run {row['run_id']} cannot be read by this version of fibench",
            hint="it was stored by another version: read it with that one, or measure again",
        ) from error
    return CaseRecord(
        case=spec,
        generations=tuple(generations),
        failures=json.loads(row["failures"]),
        notes=tuple(notes),
        unit=row["unit"],
        done=row["done"],
        seconds=row["seconds"],
    )


def generation(row: RowMapping, requests: Requests | None = None) -> Generation:
    """A stored generation. Names are shared, not copied: a run has few variants and many blocks."""
    names: dict[str, str] = {}
    return Generation(
        index=row["number"],
        seed=int(row["seed"]),
        rounds=tuple(json.loads(row["rounds"])),
        variants=tuple(names.setdefault(name, name) for name in json.loads(row["variants"])),
        metrics={name: tuple(map(float, values)) for name, values in json.loads(row["metrics"]).items()},
        loops=int(row["loops"]),
        started=row["started"],
        seconds=row["seconds"],
        facts=json.loads(row["facts"]),
        remarks=tuple(json.loads(row["remarks"])),
        requests=requests,
    )


def note(row: RowMapping) -> Note:
    return Note(code=row["code"], text=row["text"], hint=row["hint"], scope=row["scope"])


def fingerprint(text: str) -> Fingerprint:
    """Facts that this version does not know are left out: they cannot be compared anyway."""
    return Fingerprint(**{key: value for key, value in json.loads(text).items() if key in _FINGERPRINT})


def _json(value: Any) -> str:
    """Compact ASCII. A fact that JSON cannot hold is stored as its text: no generation is lost over a fact."""
    return json.dumps(value, separators=(",", ":"), default=str)


def _number(value: float) -> float | str:
    exact = float(value)
    return exact if math.isfinite(exact) else str(exact)


def _storable(text: str) -> str:
    """Programs print anything; PostgreSQL refuses NUL, and no engine takes half a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
