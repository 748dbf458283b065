"""Data rows for requests, from a CSV file (first line: the names), a JSONL file, or a list in the scenario."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fibench.traffic.errors import EngineError


@dataclass(frozen=True, slots=True)
class Row:
    """One row and where it came from ("users.csv:7"), for messages."""

    values: dict[str, Any]
    where: str


def load(data: str | Sequence[dict[str, Any]]) -> list[Row]:
    """All rows of a file (.csv; .jsonl, .ndjson) or list; EngineError names file:line."""
    if not isinstance(data, str):
        rows = [Row(values, f"data row {number}") for number, values in enumerate(data, 1)]
    else:
        text = _decoded(data)
        rows = _csv(text, data) if data.lower().endswith(".csv") else _jsonl(text, data)
    if not rows:
        where = data if isinstance(data, str) else "data"
        raise EngineError(f"{where}: no rows", "at least one request is needed; leave data out for none")
    return rows


def _decoded(path: str) -> str:
    if not path.lower().endswith((".csv", ".jsonl", ".ndjson")):
        raise EngineError(
            f"{path}: neither .csv nor .jsonl", "rows come from a CSV file with names in its first line, or from JSONL"
        )
    raw = content(path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise EngineError(f"{path}:{line}: not UTF-8", "save the file as UTF-8") from None


def content(path: str) -> bytes:
    """The bytes of a file; EngineError when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise EngineError(
            f"{path}: {(error.strerror or str(error)).lower()}", "paths are relative to where fibench runs"
        ) from error


def _csv(text: str, path: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    names: list[str] = []
    start = 1
    try:
        for cells in reader:
            where, start = f"{path}:{start}", reader.line_num + 1
            if not cells:
                continue
            if not names:
                names = _names([cell.strip() for cell in cells], where)
            elif len(cells) != len(names):
                raise EngineError(f"{where}: {len(cells)} columns, but {len(names)} names", "quote a value that holds a comma")
            else:
                rows.append(Row(dict(zip(names, cells, strict=True)), where))
    except csv.Error as error:
        raise EngineError(f"{path}:{start}: {error}", "a quotation mark may be missing") from None
    return rows


def _names(names: list[str], where: str) -> list[str]:
    twice = {name for name in names if names.count(name) > 1}
    if twice or "" in names:
        what = f"two columns are named {min(twice)!r}" if twice else "a column has no name"
        raise EngineError(f"{where}: {what}", "the first line names the columns")
    return names


def _jsonl(text: str, path: str) -> list[Row]:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError as error:
            raise EngineError(f"{path}:{number}: no JSON: {error}", "JSONL has one object per line") from None
        if not isinstance(values, dict):
            raise EngineError(f"{path}:{number}: no object but {type(values).__name__}", 'write {"name": value} on each line')
        rows.append(Row(values, f"{path}:{number}"))
    return rows
