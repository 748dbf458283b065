"""Ctrl-C, SIGTERM, SIGHUP and `kill -9`: what was measured is kept, nothing is left behind, and `--resume` goes on."""

from __future__ import annotations

import random
import signal
import time
from typing import Any

import pytest

PAIR = {"v1": {"target": "mod:a"}, "v2": {"target": "mod:b"}}
MODULE = "def a(): return sum(range(300))\ndef b(): return sum(range(300)) and sum(range(300))\n"
LONG = {"max_units": 1000, "budget": "60 s", "margin": 0}


@pytest.fixture
def scenario(project: Any) -> str:
    project.write("mod.py", MODULE)
    name: str = project.scenario("x", {"v1": {"target": "mod:a"}, "v2": {"target": "mod:a"}}, measure=LONG)
    return name


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_with_130_and_the_results_so_far(project: Any, scenario: str, number: signal.Signals) -> None:
    process = project.start("run", scenario)
    project.wait_for_generations(2)
    process.send_signal(number)
    found = project.finish(process, 10)
    assert found.code == 130
    assert "v2" in found.out
    assert "Traceback" not in found.err
    assert project.left_behind() == []
    assert project.run("runs", "--json").doc[0]["state"] == "interrupted"


def test_what_was_not_measured_is_one_line_and_how_to_go_on_comes_last(project: Any) -> None:
    project.write("mod.py", "def a(n): return sum(range(n))\n")
    variants = {name: {"target": "mod:a"} for name in ("v1", "v2")}
    claims = [{"id": "late", "text": "t", "where": {"n": 400}, "speedup": {"at_least": 2}}]
    scenario = project.scenario("x", variants, matrix={"n": [100, 200, 300, 400]}, measure=LONG, claims=claims)
    process = project.start("run", scenario)
    project.wait_for_generations(2)
    process.send_signal(signal.SIGTERM)
    found = project.finish(process, 10)
    assert found.out.splitlines()[-1] == "not measured: n=200, n=300, n=400"
    assert "n=300" not in "".join(found.out.splitlines()[:-1])
    assert "late" not in found.out
    assert found.err.splitlines()[-2:] == [
        "interrupted in case 1 of 4; everything measured is kept.", "Go on: fibench run --resume",
    ]  # fmt: skip
    assert project.run("show").out.splitlines()[-1] == "not measured: n=200, n=300, n=400"


def test_an_echo_of_the_signal_does_not_disturb_the_tidying_up(project: Any, scenario: str) -> None:
    process = project.start("run", scenario, "--json")
    project.wait_for_generations(1)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    found = project.finish(process, 10)
    assert (found.code, found.doc["state"]) == (130, "interrupted")


def test_a_second_ctrl_c_ends_a_run_that_cannot_finish_tidying_up(project: Any, scenario: str) -> None:
    import sqlite3

    process = project.start("run", scenario)
    project.wait_for_generations(1)
    lock = sqlite3.connect(project.store, isolation_level=None, timeout=10)
    lock.execute("BEGIN IMMEDIATE")
    process.send_signal(signal.SIGINT)
    time.sleep(1.3)
    assert process.poll() is None, "it waits for the store's lock"
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130
    process.communicate()
    lock.execute("ROLLBACK")
    lock.close()
    assert project.left_behind() == []


def test_a_signal_during_a_hanging_target_is_heard_at_once(project: Any) -> None:
    project.write("mod.py", "import time\ndef a(): time.sleep(100)\n")
    process = project.start("run", project.scenario("x", {"v1": {"target": "mod:a"}}))
    end = time.monotonic() + 10
    while len(project.processes()) < 1 and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.2)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert project.finish(process).code == 130
    assert time.monotonic() - start < 3


def test_kill_9_at_any_moment_loses_at_most_the_generation_in_flight_and_resume_gives_the_verdict(project: Any) -> None:
    project.write("mod.py", MODULE)
    scenario = project.scenario("x", PAIR, measure={"max_units": 14, "budget": "30 s", "seed": 7, "margin": 0})
    chance = random.Random(2)
    for moment in range(9):
        before = project.generations()
        early = moment in (0, 3, 6)  # while it still starts; the others once it measures
        process = project.start("run", *(["--resume"] if before else [scenario]))
        if not early:
            assert "1 case" in process.stderr.readline()
        time.sleep(chance.uniform(0.05, 0.4) if early else chance.uniform(0, 0.3))
        process.kill()
        process.communicate()
        assert project.left_behind() == [], f"after kill {moment}"
        assert project.generations() >= before, "no finished generation is lost"
        if before:
            assert project.run("show", "--json").doc["state"] == "interrupted"
    resumed = project.run("run", "--resume", "--json").doc
    assert resumed["state"] == "complete"
    row = resumed["cases"][0]["comparisons"][0]
    whole = project.run("run", scenario, "--json").doc["cases"][0]["comparisons"][0]
    assert (row["units"], row["verdict"]) == (whole["units"], whole["verdict"])
    assert row["verdict"] == "SLOWER"


def test_kill_9_leaves_no_server_and_no_port_behind(project: Any) -> None:
    params = {"workload": "tcp-echo", "connections": 5, "messages": 200, "size": "1 kB"}
    variants = {"v1": {"loop": "asyncio"}, "v2": {"loop": "uvloop"}}
    measure = {"metrics": ["throughput"], "max_units": 500, "budget": "60 s", "margin": 0}
    scenario = project.scenario("x", variants, kind="event-loop", params=params, measure=measure)
    process = project.start("run", scenario)
    project.wait_for_generations(1)
    ports = listening(project.processes())
    process.kill()
    process.communicate()
    assert project.left_behind() == []
    assert ports & listening(None) == set()


def listening(pids: list[int] | None) -> set[int]:
    """TCP ports on which any of these processes (or anybody) listens."""
    import psutil

    found = psutil.net_connections("tcp")
    return {one.laddr.port for one in found if one.status == "LISTEN" and (pids is None or one.pid in pids)}


def test_a_resumed_run_has_the_numbering_and_the_schedule_of_an_unbroken_one(project: Any) -> None:
    from fibench.store.sql import open_store

    project.write("mod.py", MODULE)
    scenario = project.scenario("x", PAIR, measure={"max_units": 4, "seed": 11, "budget": "30 s"})
    process = project.start("run", scenario)
    project.wait_for_generations(2)
    process.kill()
    process.communicate()
    assert project.run("run", "--resume").code == 0
    assert project.run("run", scenario).code == 0
    with open_store() as store:
        resumed, whole = (store.load(run.id).cases[0].generations for run in reversed(store.recent(2)))
    assert [one.index for one in resumed] == [one.index for one in whole] == [0, 1, 2, 3]
    for one, other in zip(resumed, whole, strict=True):
        length = min(len(one.variants), len(other.variants))  # how many rounds there are follows from the speed measured
        assert one.variants[:length] == other.variants[:length]


def test_a_run_of_two_cases_resumes_the_second_without_touching_the_first(project: Any) -> None:
    project.write("mod.py", "def a(n): return sum(range(n))\ndef b(n): return sum(range(n))\n")
    scenario = project.scenario("x", PAIR, matrix={"n": [100, 200]}, measure={"max_units": 4})
    process = project.start("run", scenario)
    project.wait_for_generations(5)
    process.kill()
    process.communicate()
    before = project.generations()
    found = project.run("run", scenario, "--resume", "--json")
    assert (found.code, found.doc["state"]) == (0, "complete")
    assert [case["comparisons"][0]["units"] for case in found.doc["cases"]] == [4, 4]
    assert project.generations() == 8 >= before


def test_resume_after_a_signal_goes_on_where_it_stopped(project: Any) -> None:
    project.write("mod.py", MODULE)
    scenario = project.scenario("x", PAIR, measure={"max_units": 6, "budget": "30 s"})
    process = project.start("run", scenario)
    project.wait_for_generations(2)
    process.send_signal(signal.SIGTERM)
    interrupted = project.finish(process)
    found = project.run("run", "--resume", "--json")
    assert (interrupted.code, found.code, found.doc["state"]) == (130, 0, "complete")
    assert found.doc["cases"][0]["comparisons"][0]["units"] == 6
    assert project.run("run", "--resume").code == 2, "nothing is left to resume"


def test_resume_does_not_take_a_run_that_another_process_is_measuring(project: Any, scenario: str) -> None:
    process = project.start("run", scenario)
    project.wait_for_generations(1)
    found = project.run("run", "--resume")
    assert (found.code, "no interrupted run" in found.err) == (2, True)
    process.kill()
    process.communicate()
