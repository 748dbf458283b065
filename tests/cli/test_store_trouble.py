"""A store that is read-only, locked, full, newer, garbage, or shared by two runs."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

PAIR = {"v1": {"target": "mod:a"}, "v2": {"target": "mod:b"}}


@pytest.fixture
def scenario(project: Any) -> str:
    project.write("mod.py", "def a(): return sum(range(300))\ndef b(): return sum(range(300))\n")
    name: str = project.scenario("x", PAIR)
    return name


def two_lines(found: Any, code: int, *words: str) -> None:
    assert found.code == code, found.err
    complaint = [line for line in found.err.splitlines() if not line.startswith(("run ", "["))]
    assert 1 <= len(complaint) <= 2, complaint
    assert complaint[0].startswith("error: ")
    assert all(word in found.err for word in words), found.err
    assert "Traceback" not in found.err + found.out


def test_the_store_is_where_the_option_says_else_the_variable_else_the_default(
    project: Any, scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIBENCH_STORE", str(project.folder / "by-variable.db"))
    assert project.run("run", scenario).code == 0
    assert project.run("run", scenario, "--store", "by-option.db").code == 0
    assert project.run("run", scenario, "--store", f"sqlite:///{project.folder}/by-url.db").code == 0
    monkeypatch.delenv("FIBENCH_STORE")
    assert project.run("run", scenario).code == 0
    for path in ("by-variable.db", "by-option.db", "by-url.db", "results/fibench.db"):
        assert len(project.run("runs", "--json", "--store", path).doc) == 1


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_measured(project: Any, scenario: str) -> None:
    start = time.monotonic()
    found = project.run("run", scenario, "--store", "/proc/fibench-test.db")  # not even root may write there
    two_lines(found, 4, "/proc/fibench-test.db", "cannot be opened", "rights")
    assert time.monotonic() - start < 2
    assert "run " not in found.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(project: Any, scenario: str) -> None:
    (project.folder / "results").mkdir(mode=0o500)
    two_lines(project.run("run", scenario), 4, "results/fibench.db", "cannot be")


def test_a_store_that_stays_locked_is_an_error_and_not_a_hang(
    project: Any, scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.run("run", scenario).code == 0
    monkeypatch.setattr("fibench.store.sql.open_store.__kwdefaults__", {"read_only": False, "patience": 0.3})
    lock = sqlite3.connect(project.store, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    two_lines(project.run("run", scenario), 4, "locked by another process", "fibench.db")
    lock.execute("ROLLBACK")
    lock.close()


def test_a_store_locked_in_mid_run_ends_it_with_4_and_keeps_what_was_finished(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("mod.py", "def a(): return sum(range(300))\ndef b(): return sum(range(300))\n")
    scenario = project.scenario("x", PAIR, measure={"max_units": 100, "budget": "30 s", "margin": 0})
    monkeypatch.setattr("fibench.store.sql.open_store.__kwdefaults__", {"read_only": False, "patience": 0.3})

    def lock_later() -> None:
        project.wait_for_generations(2)
        lock = sqlite3.connect(project.store, isolation_level=None, timeout=10)
        lock.execute("BEGIN IMMEDIATE")
        time.sleep(2.5)
        lock.execute("ROLLBACK")
        lock.close()

    thread = threading.Thread(target=lock_later)
    thread.start()
    found = project.run("run", scenario)
    thread.join()
    two_lines(found, 4, "locked by another process")
    assert project.generations() >= 2
    assert project.run("show", "--json").doc["cases"][0]["comparisons"][0]["units"] >= 2


def test_a_lock_that_goes_away_is_waited_for(project: Any, scenario: str) -> None:
    assert project.run("run", scenario).code == 0
    lock = sqlite3.connect(project.store, isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    threading.Timer(0.5, lambda: (lock.execute("ROLLBACK"), lock.close())).start()
    assert project.run("run", scenario).code == 0


def test_a_disk_that_is_full_in_mid_run_ends_it_with_4_and_keeps_what_was_finished(project: Any) -> None:
    project.write("mod.py", "def a(): return sum(range(300))\ndef b(): return sum(range(300))\n")
    scenario = project.scenario("x", PAIR, measure={"max_units": 60, "budget": "30 s", "margin": 0})
    assert project.run("list", "--kinds").code == 0

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (160_000, 160_000))

    found = project.call("run", scenario, preexec_fn=limit)
    two_lines(found, 4, "disk", "fibench.db")
    kept = project.generations()
    assert kept >= 1
    assert project.run("show", "--json").doc["cases"][0]["comparisons"][0]["units"] == kept


def test_a_newer_store_is_refused_by_every_command(project: Any, scenario: str) -> None:
    assert project.run("run", scenario).code == 0
    with sqlite3.connect(project.store) as connection:
        connection.execute("UPDATE meta SET value = '999' WHERE key = 'schema'")
    connection.close()
    for words in (["run", scenario], ["show"], ["runs"], ["claims"], ["tag", "last", "x"], ["compare", "v1", "v2"]):
        two_lines(project.run(*words), 4, "newer fibench (schema 999", "update fibench")


@pytest.mark.parametrize("content", [b"garbage " * 1000, b"\0" * 5000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_store_is_refused_and_left_alone(project: Any, scenario: str, content: bytes) -> None:
    path = Path(project.folder / "other.db")
    path.write_bytes(content)
    for words in (["run", scenario], ["show"]):
        two_lines(project.run(*words, "--store", "other.db"), 4, "other.db")
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_left_alone(project: Any, scenario: str) -> None:
    with sqlite3.connect(project.folder / "other.db") as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    connection.close()
    two_lines(project.run("run", scenario, "--store", "other.db"), 4, "not a fibench store")


def test_a_folder_is_no_store(project: Any, scenario: str) -> None:
    two_lines(project.run("run", scenario, "--store", "."), 4, "a folder, not a file")


def test_two_runs_at_once_share_a_store(project: Any) -> None:
    project.write("mod.py", "def a(): return sum(range(300))\ndef b(): return sum(range(300))\n")
    for name in ("x", "y"):
        project.scenario(name, PAIR, measure={"max_units": 4})
    processes = [project.start("run", f"{name}.yaml", "--json", "--label", name) for name in ("x", "y")]
    found = [project.finish(process) for process in processes]
    assert [(one.code, one.doc["state"]) for one in found] == [(0, "complete")] * 2
    assert {run["label"] for run in project.run("runs", "--json").doc} == {"x", "y"}
    assert project.generations() == 8
