"""How many rows a store holds, counted from outside while the servers run: as many as were acknowledged, or rows were lost.

    python -m fibench.systems.consultations.audit FOLDER

Every row is read back, so a file that cannot be read is an error, never a smaller number. Count when nothing is being
written: a file of V1 is whole for a reader only between two appends.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TypedDict

import orjson

from fibench.systems.consultations import reading
from fibench.systems.consultations.reading import CorruptStoreError


class Count(TypedDict):
    """Rows in all, by type of event, and by name of file."""

    rows: int
    by_type: dict[str, int]
    by_file: dict[str, int]


def count_rows(folder: str) -> int:
    """Rows of all files of the store, read but not parsed, so that it can follow every window. Raises CorruptStoreError."""
    return sum(reading.tally(path) for path in reading.files(Path(folder)))


def count(folder: str) -> Count:
    """The rows of the store, each parsed; an id that occurs twice is an error too. Raises CorruptStoreError."""
    types: Counter[str] = Counter()
    by_file: dict[str, int] = {}
    ids: set[str] = set()
    for path in reading.files(Path(folder)):
        before = types.total()
        for number, row in enumerate(reading.rows_of(path)):
            kind, id = _told(path, number, row)
            if id in ids:
                raise CorruptStoreError(f"{path}: row {number} has the id of another row: {id}")
            ids.add(id)
            types[kind] += 1
        by_file[path.name] = types.total() - before
    return {"rows": types.total(), "by_type": dict(types), "by_file": by_file}


def _told(path: Path, number: int, row: bytes) -> tuple[str, str]:
    try:
        event = orjson.loads(row)
        return event["event_type"], event["id"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise CorruptStoreError(f"{path}: row {number} is no event: {error}") from error


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m fibench.systems.consultations.audit FOLDER")
    try:
        print(json.dumps(count(sys.argv[1]), indent=1))
    except CorruptStoreError as problem:
        sys.exit(str(problem))
