"""Address → SQLAlchemy engine: how each database is opened, and how its transactions begin."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from fibench.errors import MissingExtraError
from fibench.store.address import Address

WRITES = "fibench_writes"
"""Execution option of the engine whose transactions write."""

_SLICE = 0.5  # s; SQLite sleeps inside C, where Ctrl-C is not heard: wait in slices, `border` repeats them
_CONNECT = 10  # s; a server that does not answer at all

# WAL: readers never wait for the writer. FULL: a commit is on the disk when it returns, at 0.4 ms more per generation,
# and nothing is left for the kernel to write back in the middle of a later block.
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")


def connect(address: Address, *, read_only: bool, patience: float) -> Engine:
    """An engine for the address; nothing is opened yet. `patience` is how long to wait for a lock, in s."""
    if address.path is not None:
        return _sqlite(address.path, read_only, patience)
    return _postgresql(address, read_only, patience)


def _sqlite(path: Path, read_only: bool, patience: float) -> Engine:
    def opened() -> sqlite3.Connection:
        # isolation_level=None: Python's driver would begin transactions late and deferred; `begin` below does it.
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?{_mode(path) if read_only else 'mode=rwc'}",
            uri=True, timeout=min(_SLICE, patience), isolation_level=None, check_same_thread=False,
        )  # fmt: skip
        try:
            for pragma in _PRAGMAS if not read_only else ():
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=opened, poolclass=QueuePool, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE takes the write lock now, when waiting is still possible; upgrading a read lock later is not.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")

    return engine


def _mode(path: Path) -> str:
    """How to open a file for reading only.

    A reader of a WAL file must create its shared-memory file beside it. Where it may not, a file without a log is
    complete as it stands and nobody can be writing it: `immutable` reads it without locks.
    """
    log = path.with_name(path.name + "-wal")
    return "immutable=1" if not os.access(path.parent, os.W_OK) and not log.exists() else "mode=ro"


def _postgresql(address: Address, read_only: bool, patience: float) -> Engine:
    assert address.url is not None, "an address is a file or a server"
    defaults = {"connect_timeout": _CONNECT, "application_name": "fibench"}
    arguments = {name: value for name, value in defaults.items() if name not in address.url.query}
    try:
        # pre-ping: a connection may have died during the minutes between two generations
        engine = create_engine(address.url, connect_args=arguments, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"a PostgreSQL store needs the package '{error.name}'", hint="pip install 'fibench[postgresql]'"
        ) from error

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, round(patience * 1000))}")

    return engine.execution_options(postgresql_readonly=True) if read_only else engine
