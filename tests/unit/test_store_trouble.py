"""What can go wrong with a file: one line what and where, one line what to do, never SQLAlchemy's words."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from fibench.errors import StoreError
from fibench.model.case import Case, Variant
from fibench.model.fingerprint import Fingerprint
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord, Generation, Run
from fibench.model.scenario import Measure
from fibench.store import engine, open_store


def a_run(run_id="a"):
    return Run(id=run_id, started=1.0, state="complete", fingerprint=Fingerprint())


def complaint(attempt):
    """The message of the StoreError: two lines, the second a hint."""
    with pytest.raises(StoreError) as caught:
        attempt()
    message = str(caught.value)
    assert len(message.splitlines()) == 2
    assert message.splitlines()[1].startswith("  hint: ")
    assert "sqlalche" not in message
    return message


@pytest.fixture
def folder():
    """A folder that another user can get at (pytest's own are private)."""
    place = Path(tempfile.mkdtemp(prefix="fibench-store-"))
    place.chmod(0o755)
    yield place
    place.chmod(0o755)
    shutil.rmtree(place)


OPEN = """
import os, sys
import sqlalchemy
from fibench.errors import FibenchError
from fibench.store import open_store

if os.geteuid() == 0:  # permissions do not bind root; dropped only now, for nobody may not even read this Python
    sqlalchemy.create_engine("sqlite://").connect().close()
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
try:
    with open_store(sys.argv[1], read_only=sys.argv[2] == "ro") as store:
        print(store.find("last"))
        if sys.argv[2] == "rw":
            store.tag("a", "b")
except FibenchError as error:
    print(type(error).__name__, error)
"""


def without_root(path, mode):
    """Open a store as a user whom permissions bind; what that prints."""
    command = [sys.executable, "-c", OPEN, str(path), mode]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_store_in_a_folder_without_write_permission_is_refused_at_once(folder):
    folder.chmod(0o555)
    said = without_root(folder / "new.db", "rw")
    assert said.startswith(f"StoreError {folder / 'new.db'}: cannot be opened\n  hint: ")
    said = without_root(folder / "sub" / "new.db", "rw")
    assert said.startswith(f"StoreError {folder / 'sub' / 'new.db'}: cannot be written\n  hint: ")


def test_a_finished_store_in_a_read_only_folder_can_be_read_but_not_written(folder):
    with open_store(folder / "store.db") as store:
        store.begin(a_run())
    (folder / "store.db").chmod(0o444)
    folder.chmod(0o555)
    assert without_root(folder / "store.db", "ro") == "a"
    assert without_root(folder / "store.db", "rw").startswith("StoreError ")
    assert sorted(file.name for file in folder.iterdir()) == ["store.db"]


def test_a_file_without_read_permission_is_said_so(folder):
    with open_store(folder / "store.db") as store:
        store.begin(a_run())
    (folder / "store.db").chmod(0)
    assert "cannot be opened" in without_root(folder / "store.db", "ro")


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_database_is_left_alone(tmp_path, read_only):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 100)
    assert "not an SQLite database" in complaint(lambda: open_store(path, read_only=read_only))
    assert path.read_text() == "dear diary, " * 100


def test_a_folder_in_place_of_the_file_is_said_so(tmp_path):
    assert f"{tmp_path}: a folder, not a file" in complaint(lambda: open_store(tmp_path))


def test_a_file_in_place_of_the_folder_is_said_so(tmp_path):
    (tmp_path / "results").write_text("")
    assert "cannot be opened" in complaint(lambda: open_store(tmp_path / "results" / "fibench.db"))


def test_a_lock_is_waited_for_and_then_reported(tmp_path):
    path = tmp_path / "store.db"
    with open_store(path, patience=0.3) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert "locked by another process" in complaint(lambda: store.begin(a_run()))
        assert 0.25 < time.monotonic() - began < 3
        assert "locked by another process" in complaint(lambda: open_store(path, patience=0.1))
        assert store.recent(1) == []  # readers do not wait
        other.close()


def test_a_lock_that_goes_away_is_not_noticed(tmp_path):
    path = tmp_path / "store.db"
    with open_store(path) as store:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.7, other.close).start()  # longer than one slice of SQLite's own waiting
        store.begin(a_run())
        assert store.find("last") == "a"


def test_an_exclusive_lock_keeps_even_the_opening_out(tmp_path):
    path = tmp_path / "store.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert "locked by another process" in complaint(lambda: open_store(path, patience=0.1))
    other.close()


def test_a_full_disk_is_said_so_and_what_was_finished_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "_PRAGMAS", (*engine._PRAGMAS, "max_page_count = 40"))  # 160 KiB
    variants, metrics = (Variant(name="v1", params={}),), (Metric("wall"),)
    case = Case(scenario="s", kind="k", point={}, variants=variants, metrics=metrics, measure=Measure(), key="k")
    values = tuple(i / 7 for i in range(500))
    stored = []

    def fill():
        for index in range(100):
            store.add_generation("a", 0, Generation(index, 0, (0,) * 500, ("v1",) * 500, {"wall": values}))
            stored.append(index)

    with open_store(tmp_path / "store.db") as store:
        store.begin(a_run())
        store.add_case("a", 0, CaseRecord(case=case))
        assert "the disk is full" in complaint(fill)
        generations = store.load("a").cases[0].generations
    assert [generation.index for generation in generations] == stored
    assert len(stored) > 1


def test_no_space_for_the_folder_is_a_full_disk(tmp_path, monkeypatch):
    def mkdir(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert "the disk is full" in complaint(lambda: open_store(tmp_path / "new" / "store.db"))


def test_a_damaged_store_is_said_so(tmp_path):
    path = tmp_path / "store.db"
    with open_store(path) as store:
        for number in range(200):
            store.begin(a_run(f"run-{number}"))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)  # all pages but the first, which names the tables
    path.write_bytes(content)
    assert "damaged" in complaint(lambda: open_store(path))


def test_an_error_nobody_foresaw_is_still_one_of_ours(tmp_path):
    path = tmp_path / "store.db"
    with open_store(path) as store:
        other = sqlite3.connect(path)
        other.execute("DROP TABLE notes")
        other.close()
        store.begin(a_run())
        assert "the database says: no such table: notes" in complaint(lambda: store.load("a"))
        with pytest.raises(StoreError) as caught:
            store.load("a")
        assert isinstance(caught.value.__cause__, SQLAlchemyError)  # kept for --debug, not shown
