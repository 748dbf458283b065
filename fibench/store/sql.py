"""SqlStore: the protocol `ports.Store` and what history, `tag` and `--resume` need, in SQL."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Self

from sqlalchemy import Connection, Update, delete, insert, select, update

from fibench.errors import NotFoundError, StoreError
from fibench.model.note import Note
from fibench.model.run import CaseRecord, Generation, Run
from fibench.store import codec, finding, migrations, reading
from fibench.store.address import Address, parse
from fibench.store.border import Database
from fibench.store.engine import connect
from fibench.store.reading import Session
from fibench.store.schema import CASES, GENERATIONS, NOTES, REQUESTS, RUNS, SCHEMA_VERSION
from fibench.store.trouble import translate

PATIENCE = 30.0
"""How long to wait for another process's lock, in s."""


def open_store(place: str | os.PathLike[str] | None = None, *, read_only: bool = False, patience: float = PATIENCE) -> SqlStore:
    """Open the store at `place`: a file, `sqlite:///file` or `postgresql://…`; None means FIBENCH_STORE, else
    `results/fibench.db`. The file and its folder are created unless `read_only`.

    UsageError for an address that is none, NotFoundError if there is nothing to read, StoreError for all else;
    a store that cannot be written is refused here, before anything is measured.
    """
    address = parse(os.fspath(place) if place is not None else None, os.environ)
    _prepare(address, read_only)
    database = Database(connect(address, read_only=read_only, patience=patience), address, patience)
    try:
        if read_only:
            database.read(_readable)
        else:
            database.write(migrations.upgrade)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)


def _prepare(address: Address, read_only: bool) -> None:
    path = address.path
    if path is None:
        return
    try:
        if path.is_dir():
            raise StoreError("a folder, not a file", where=address.shown, hint=f"name a file in it: {path / 'fibench.db'}")
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.exists():
            raise NotFoundError("nothing is stored yet", where=address.shown, hint="measure first: fibench run SCENARIO")
    except OSError as error:
        raise translate(error, address) from error


def _readable(connection: Connection) -> None:
    found = migrations.version(connection)
    migrations.check(found)
    if found == 0:
        raise NotFoundError("nothing is stored yet", hint="measure first: fibench run SCENARIO")
    if found < SCHEMA_VERSION:
        raise StoreError(
            f"written by an older fibench (schema {found}, this one has {SCHEMA_VERSION})",
            hint="open it once for writing, which brings it up to date: fibench run SCENARIO",
        )


class SqlStore:
    """Where runs live. Every writing method is one transaction and is on the disk when it returns.

    All methods raise StoreError when the database fails; a run that is not there is a NotFoundError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def where(self) -> str:
        """The file or server, without secrets."""
        return self._database.address.shown

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, run: Run) -> None:
        """Store a new run as it stands, with the cases, generations and notes that it may already have."""
        row = codec.run_row(run) | {"label": finding.allowed(run.label)}

        def work(connection: Connection) -> None:
            connection.execute(insert(RUNS), row)
            _add_notes(connection, run.id, None, run.notes)
            for index, record in enumerate(run.cases):
                _add_case(connection, run.id, index, record)

        self._database.write(work)

    def add_case(self, run_id: str, index: int, record: CaseRecord) -> None:
        """Add case number `index` (from 0) with whatever is already measured of it."""
        self._database.write(lambda connection: _add_case(connection, run_id, index, record))

    def add_generation(self, run_id: str, case_index: int, generation: Generation) -> None:
        """Add a finished generation; from here on a `kill -9` cannot take it away."""
        self._database.write(lambda connection: _insert(connection, run_id, case_index, generation))

    def close_case(self, run_id: str, case_index: int, record: CaseRecord) -> None:
        """Store failures, notes, unit, done and seconds of a case; its generations are already there."""
        this = (CASES.c.run_id == run_id, CASES.c.number == case_index)
        change = update(CASES).where(*this).values(codec.case_progress(record))

        def work(connection: Connection) -> None:
            _change(connection, change, f"case {case_index} of run '{run_id}'")
            connection.execute(delete(NOTES).where(NOTES.c.run_id == run_id, NOTES.c.case_number == case_index))
            _add_notes(connection, run_id, case_index, record.notes)

        self._database.write(work)

    def finish(self, run_id: str, state: str, seconds: float, notes: Iterable[Note]) -> None:
        """End a run; `notes` that it does not have yet are added to it."""
        change = update(RUNS).where(RUNS.c.id == run_id).values(state=state, seconds=seconds)
        told = [codec.storable(note) for note in notes]

        def work(connection: Connection) -> None:
            _change(connection, change, f"run '{run_id}'")
            of_run = select(NOTES).where(NOTES.c.run_id == run_id, NOTES.c.case_number.is_(None))
            known = {codec.note(row) for row in connection.execute(of_run).mappings()}
            _add_notes(connection, run_id, None, [note for note in told if note not in known])

        self._database.write(work)

    def reopen(self, run_id: str, owner: str = "") -> None:
        """Let an interrupted run go on: its state is "running" again, and `owner` measures it."""
        self._change_run(run_id, state="running", owner=owner)

    def tag(self, run_id: str, label: str | None) -> None:
        """Give the run a label, or take it away; UsageError for a word that is taken."""
        self._change_run(run_id, label=finding.allowed(label))

    def remove(self, run_ids: Iterable[str]) -> int:
        """Remove runs with all their samples; returns how many there were."""
        ids = list(run_ids)

        def work(connection: Connection) -> int:
            return sum(connection.execute(delete(RUNS).where(RUNS.c.id == run_id)).rowcount for run_id in ids)

        return self._database.write(work)

    def load(self, run_id: str) -> Run:
        """The run with this id (see `find`), samples and all."""
        return self._database.read(lambda connection: reading.load(connection, run_id))

    def find(self, word: str) -> str:
        """The id meant by an id, "last", "latest", a label (its newest run), or the beginning of an id."""
        return self._database.read(lambda connection: finding.find(connection, word))

    def recent(self, limit: int) -> list[Run]:
        """The newest runs, newest first: their cases say what was measured, but hold no generations."""
        return self._database.read(lambda connection: reading.recent(connection, limit))

    def sessions(self, case_key: str, limit: int) -> list[Session]:
        """This case as the newest complete runs measured it, newest first."""
        return self._database.read(lambda connection: reading.sessions(connection, case_key, limit))

    def _change_run(self, run_id: str, **values: Any) -> None:
        change = update(RUNS).where(RUNS.c.id == run_id).values(values)
        self._database.write(lambda connection: _change(connection, change, f"run '{run_id}'"))


def _change(connection: Connection, change: Update, what: str) -> None:
    if connection.execute(change).rowcount == 0:
        raise NotFoundError(f"no {what} in the store")


def _insert(connection: Connection, run_id: str, index: int, generation: Generation) -> None:
    connection.execute(insert(GENERATIONS), codec.generation_row(run_id, index, generation))
    requests = codec.request_rows(run_id, index, generation)
    if requests:
        connection.execute(insert(REQUESTS), requests)


def _add_case(connection: Connection, run_id: str, index: int, record: CaseRecord) -> None:
    connection.execute(insert(CASES), codec.case_row(run_id, index, record))
    for generation in record.generations:
        _insert(connection, run_id, index, generation)
    _add_notes(connection, run_id, index, record.notes)


def _add_notes(connection: Connection, run_id: str, index: int | None, notes: Iterable[Note]) -> None:
    rows = codec.note_rows(run_id, index, notes)
    if rows:
        connection.execute(insert(NOTES), rows)
