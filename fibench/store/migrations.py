"""Bringing an older store up to date: numbered steps, each lifting the tables to its own number.

To change the tables: edit `schema.py`, raise SCHEMA_VERSION, add its history line, and write the step here, e.g.

    def _2_add_host(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN host TEXT")

    UPGRADES = {2: _2_add_host}

A step speaks plain SQL and never imports the tables: `schema.py` describes today, the step describes its own day.
All steps run in one transaction under the write lock, so that a store is never half upgraded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, delete, insert, inspect, select, text

from fibench.errors import StoreError
from fibench.store.schema import META, METADATA, SCHEMA_VERSION


def _2_add_requests(connection: Connection) -> None:
    blob = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
    connection.exec_driver_sql("ALTER TABLE generations ADD COLUMN remarks TEXT NOT NULL DEFAULT '[]'")
    connection.exec_driver_sql(
        "CREATE TABLE requests (run_id TEXT NOT NULL, case_number INTEGER NOT NULL, generation INTEGER NOT NULL, "
        f"block INTEGER NOT NULL, records {blob} NOT NULL, PRIMARY KEY (run_id, case_number, generation, block), "
        "FOREIGN KEY (run_id, case_number, generation) "
        "REFERENCES generations (run_id, case_number, number) ON DELETE CASCADE)"
    )


UPGRADES: dict[int, Callable[[Connection], None]] = {2: _2_add_requests}
_ADVISORY_LOCK = 0x66696265  # "fibe": any number that other programs on the server do not use


def upgrade(
    connection: Connection,
    latest: int = SCHEMA_VERSION,
    steps: Mapping[int, Callable[[Connection], None]] = UPGRADES,
) -> None:
    """Create or lift the tables to `latest`; StoreError if the store is newer or belongs to another program."""
    if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE has already locked out everybody else
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK})
    found = version(connection)
    check(found, latest)
    if found == latest:
        return
    if found == 0:
        METADATA.create_all(connection)
    else:
        for number in range(found + 1, latest + 1):
            steps[number](connection)
    _describe(connection, latest)


def version(connection: Connection) -> int:
    """The version of the tables, 0 for an empty store; StoreError if the tables are somebody else's."""
    tables = set(inspect(connection).get_table_names())
    ours = tables & set(METADATA.tables)
    # A server's database may be shared with other programs, a file may not.
    if not ours and (not tables or connection.dialect.name != "sqlite"):
        return 0
    columns = {column["name"] for column in inspect(connection).get_columns("meta")} if "meta" in ours else set()
    value = None
    if columns == {"key", "value"}:
        value = connection.scalar(select(META.c.value).where(META.c.key == "schema"))
    if value is None or not value.isdecimal():
        raise StoreError("a database, but not a fibench store", hint="give another place with --store or FIBENCH_STORE")
    return int(value)


def check(found: int, latest: int = SCHEMA_VERSION) -> None:
    """StoreError if the store was written by a newer fibench."""
    if found > latest:
        raise StoreError(
            f"written by a newer fibench (schema {found}, this one knows {latest})",
            hint="update fibench, or give another place with --store or FIBENCH_STORE",
        )


def _describe(connection: Connection, number: int) -> None:
    """Write the version, and what every column holds, so that a file explains itself."""
    columns = [column for table in METADATA.sorted_tables for column in table.columns]
    connection.execute(delete(META))
    connection.execute(insert(META).values(key="schema", value=str(number)))
    connection.execute(insert(META), [{"key": str(column), "value": column.comment or ""} for column in columns])
