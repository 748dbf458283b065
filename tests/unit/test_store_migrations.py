"""Older stores are lifted, newer and foreign ones refused."""

from __future__ import annotations

import sqlite3

import pytest

from fibench.errors import StoreError
from fibench.model.case import Case, Variant
from fibench.model.fingerprint import Fingerprint
from fibench.model.metric import Metric
from fibench.model.requests import Requests
from fibench.model.run import CaseRecord, Generation, Run
from fibench.model.scenario import Measure
from fibench.store import migrations, open_store, schema, sql
from fibench.traffic.packing import pack
from fibench.traffic.record import PACK


@pytest.fixture
def path(tmp_path):
    """A store of today's version with one run in it."""
    place = tmp_path / "store.db"
    with open_store(place) as store:
        store.begin(Run(id="a", started=1.0, state="complete", fingerprint=Fingerprint(host="h")))
    return place


def rows(path, query):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def change(path, statement):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def latest_is(monkeypatch, version, steps):
    """Pretend that this fibench is `version` and came there by `steps`."""
    upgrade = migrations.upgrade
    monkeypatch.setattr(migrations, "upgrade", lambda connection: upgrade(connection, version, steps))
    monkeypatch.setattr(sql, "SCHEMA_VERSION", version)


def add_host(connection):
    connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN host TEXT")


def fill_host(connection):
    connection.exec_driver_sql("UPDATE runs SET host = json_extract(fingerprint, '$.host')")


def test_a_fresh_store_has_the_latest_version_and_explains_its_columns(path):
    meta = dict(rows(path, "SELECT key, value FROM meta"))
    assert meta["schema"] == str(schema.SCHEMA_VERSION)
    assert meta["generations.metrics"] == "JSON object: metric → array, value of block i in base units"
    columns = [column for table in schema.METADATA.tables.values() for column in table.columns]
    assert all(column.comment for column in columns)
    assert len(meta) == len(columns) + 1


def test_every_version_up_to_today_has_its_step():
    assert list(migrations.UPGRADES) == list(range(2, schema.SCHEMA_VERSION + 1))


def test_an_older_store_is_lifted_step_by_step_and_keeps_its_runs(path, monkeypatch):
    latest_is(
        monkeypatch,
        schema.SCHEMA_VERSION + 2,
        {schema.SCHEMA_VERSION + 1: add_host, schema.SCHEMA_VERSION + 2: fill_host},
    )
    with open_store(path) as store:
        assert store.find("last") == "a"
    assert rows(path, "SELECT id, host FROM runs") == [("a", "h")]
    assert rows(path, "SELECT value FROM meta WHERE key = 'schema'") == [(str(schema.SCHEMA_VERSION + 2),)]
    with open_store(path) as store:  # a second time there is nothing to do: ALTER TABLE would fail
        assert store.find("last") == "a"


def test_a_step_that_fails_leaves_the_old_store_as_it_was(path, monkeypatch):
    def broken(connection):
        connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN host TEXT")
        connection.exec_driver_sql("UPDATE nowhere SET x = 1")

    with monkeypatch.context() as later:
        latest_is(later, schema.SCHEMA_VERSION + 1, {schema.SCHEMA_VERSION + 1: broken})
        with pytest.raises(StoreError, match="no such table: nowhere"):
            open_store(path)
    with open_store(path) as store:
        assert store.find("last") == "a"
    assert "host" not in [row[1] for row in rows(path, "PRAGMA table_info(runs)")]


def test_an_older_store_opened_for_reading_is_not_changed_but_explained(path, monkeypatch):
    monkeypatch.setattr(sql, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    with pytest.raises(StoreError, match=r"older fibench.*\n.*open it once for writing"):
        open_store(path, read_only=True)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_store_is_refused_untouched(path, read_only):
    change(path, "UPDATE meta SET value = '99' WHERE key = 'schema'")
    with pytest.raises(StoreError) as caught:
        open_store(path, read_only=read_only)
    assert str(caught.value) == (
        f"{path}: written by a newer fibench (schema 99, this one knows {schema.SCHEMA_VERSION})\n"
        "  hint: update fibench, or give another place with --store or FIBENCH_STORE"
    )
    assert rows(path, "SELECT value FROM meta WHERE key = 'schema'") == [("99",)]


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE places (url TEXT)", "CREATE TABLE runs (x TEXT)", "CREATE TABLE meta (version INTEGER)"],
)
@pytest.mark.parametrize("read_only", [False, True])
def test_the_database_of_another_program_is_refused_untouched(tmp_path, statement, read_only):
    path = tmp_path / "places.sqlite"
    change(path, statement)
    with pytest.raises(StoreError, match="a database, but not a fibench store"):
        open_store(path, read_only=read_only)
    assert len(rows(path, "SELECT * FROM sqlite_master")) == 1


def test_a_store_of_version_1_is_lifted_and_takes_raw_requests(path):
    change(path, "DROP TABLE requests")
    change(path, "ALTER TABLE generations DROP COLUMN remarks")
    change(path, "UPDATE meta SET value = '1' WHERE key = 'schema'")
    with open_store(path) as store:
        store.add_case("a", 0, CaseRecord(CASE))
        store.add_generation("a", 0, GENERATION)
        (found,) = store.load("a").cases[0].generations
        assert found.remarks == ({"invalid": []},)
        assert found.requests.records(0)["status"].tolist() == [201]
        assert store.remove(["a"]) == 1
    assert rows(path, "SELECT count(*) FROM requests") == [(0,)]


CASE = Case(
    scenario="s", kind="http", point={}, variants=(Variant(name="v1", params={}),), metrics=(Metric("response"),),
    measure=Measure(), key="k",
)  # fmt: skip
REQUEST = pack(PACK.pack(1, 0.0, 0.1, 0.1, 0.0, 201, 5))
GENERATION = Generation(
    0, 0, (0,), ("v1",), {"response": (0.1,)}, remarks=({"invalid": []},), requests=Requests.of({0: REQUEST})
)  # fmt: skip
