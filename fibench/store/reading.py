"""SELECTs → model. A run is read with one statement per table, however many cases it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, and_, select

from fibench.errors import NotFoundError
from fibench.model.fingerprint import Fingerprint
from fibench.model.note import Note
from fibench.model.requests import Requests
from fibench.model.run import CaseRecord, Generation, Run
from fibench.store import codec
from fibench.store.schema import CASES, GENERATIONS, NOTES, REQUESTS, RUNS

CaseId = tuple[str, int | None]
NO_REQUESTS: Mapping[tuple[int, int], Mapping[int, bytes]] = {}
"""Raw requests that nobody asked for: other sessions of a case are read for their windows' numbers only."""
NEWEST = (RUNS.c.started.desc(), RUNS.c.id.desc())


class Session(NamedTuple):
    """One case as one complete run measured it: what session-to-session variance is estimated from."""

    run: str
    started: float
    fingerprint: Fingerprint
    record: CaseRecord


def load(connection: Connection, run_id: str) -> Run:
    """The run with all its samples; NotFoundError."""
    row = connection.execute(select(RUNS).where(RUNS.c.id == run_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"no run '{run_id}' in the store")
    samples = _generations(connection, GENERATIONS.c.run_id == run_id, _requests(connection, run_id))
    notes = _notes(connection, NOTES.c.run_id == run_id)
    cases = _cases(connection, CASES.c.run_id == run_id)
    return _run(row, cases, samples, notes)


def recent(connection: Connection, limit: int) -> list[Run]:
    """The newest runs, newest first, with their cases but without samples."""
    newest = select(RUNS).order_by(*NEWEST).limit(max(limit, 0))
    ids = select(newest.subquery().c.id)
    notes = _notes(connection, NOTES.c.run_id.in_(ids))
    cases: dict[str, list[RowMapping]] = defaultdict(list)
    for row in _cases(connection, CASES.c.run_id.in_(ids)):
        cases[row["run_id"]].append(row)
    return [_run(row, cases[row["id"]], {}, notes) for row in connection.execute(newest).mappings()]


def sessions(connection: Connection, case_key: str, limit: int) -> list[Session]:
    """This case in complete runs, newest first."""
    query = (
        select(CASES, RUNS.c.started, RUNS.c.fingerprint)
        .join(RUNS, RUNS.c.id == CASES.c.run_id)
        .where(CASES.c.key == case_key, RUNS.c.state == "complete")
        .order_by(*NEWEST, CASES.c.number)
        .limit(max(limit, 0))
    )
    return [_session(connection, row) for row in connection.execute(query).mappings().all()]


def _session(connection: Connection, row: RowMapping) -> Session:
    owner: CaseId = (row["run_id"], row["number"])
    samples = _generations(connection, _of_case(GENERATIONS, owner))
    notes = _notes(connection, _of_case(NOTES, owner))
    record = codec.case(row, samples.get(owner, ()), notes.get(owner, ()))
    return Session(row["run_id"], row["started"], codec.fingerprint(row["fingerprint"]), record)


def _run(
    row: RowMapping,
    cases: Iterable[RowMapping],
    samples: dict[CaseId, list[Generation]],
    notes: dict[CaseId, list[Note]],
) -> Run:
    owners = [((case["run_id"], case["number"]), case) for case in cases]
    records = [codec.case(case, samples.get(owner, ()), notes.get(owner, ())) for owner, case in owners]
    return codec.run(row, records, notes.get((row["id"], None), ()))


def _cases(connection: Connection, which: ColumnElement[bool]) -> list[RowMapping]:
    query: Select[Any] = select(CASES).where(which).order_by(CASES.c.run_id, CASES.c.number)
    return list(connection.execute(query).mappings())


def _generations(
    connection: Connection, which: ColumnElement[bool], requests: Mapping[tuple[int, int], Mapping[int, bytes]] = NO_REQUESTS
) -> dict[CaseId, list[Generation]]:
    found: dict[CaseId, list[Generation]] = defaultdict(list)
    for row in connection.execute(select(GENERATIONS).where(which).order_by(GENERATIONS.c.number)).mappings():
        raw = requests.get((row["case_number"], row["number"]))
        found[row["run_id"], row["case_number"]].append(codec.generation(row, Requests.of(raw) if raw else None))
    return found


def _requests(connection: Connection, run_id: str) -> dict[tuple[int, int], dict[int, bytes]]:
    """(case, generation) → block → packed records, of one run; they are unpacked when somebody looks at them."""
    found: dict[tuple[int, int], dict[int, bytes]] = defaultdict(dict)
    for row in connection.execute(select(REQUESTS).where(REQUESTS.c.run_id == run_id)).mappings():
        found[row["case_number"], row["generation"]][row["block"]] = bytes(row["records"])
    return found


def _notes(connection: Connection, which: ColumnElement[bool]) -> dict[CaseId, list[Note]]:
    found: dict[CaseId, list[Note]] = defaultdict(list)
    for row in connection.execute(select(NOTES).where(which).order_by(NOTES.c.id)).mappings():
        found[row["run_id"], row["case_number"]].append(codec.note(row))
    return found


def _of_case(table: Table, owner: CaseId) -> ColumnElement[bool]:
    return and_(table.c.run_id == owner[0], table.c.case_number == owner[1])
