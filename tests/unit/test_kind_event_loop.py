"""The event-loop kind: loops are what they say, servers are in processes of their own and end with the worker."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import psutil
import pytest

from fibench.measure.block import timer
from fibench.model.case import Case, Variant
from fibench.model.run import CaseRecord, Generation
from fibench.model.scenario import Measure
from fibench.operations import echo_client, event_loop
from fibench.step import Step
from fibench.workloads.event_loop import KIND, Params

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="epoll")


def opened(**given: Any) -> Step:
    return event_loop.open(Params.model_validate(given).model_dump())


@pytest.mark.parametrize(("loop", "module"), [("asyncio", "asyncio."), ("uvloop", "uvloop.")])
@pytest.mark.parametrize("workload", ["gather-sleep", "run-sleep", "tcp-echo", "tcp-streams"])
def test_the_work_really_runs_on_the_loop_that_was_asked_for(loop: str, module: str, workload: str) -> None:
    step = opened(loop=loop, workload=workload, tasks=5, messages=10)
    assert step.facts()["loop"].startswith(module)
    step.close()


def test_no_policy_is_left_behind() -> None:
    before = type(asyncio.get_event_loop_policy())
    step = opened(loop="uvloop", workload="gather-sleep", tasks=5)
    step.outcome()
    step.close()
    assert type(asyncio.get_event_loop_policy()) is before


def test_both_loops_live_in_one_process() -> None:
    steps = [opened(loop=loop, tasks=10) for loop in ("asyncio", "uvloop", "asyncio")]
    assert [step.outcome() for step in steps] == [10, 10, 10]
    for step in steps:
        step.close()


def test_creation_of_the_loop_is_inside_the_timing_only_where_it_is_said() -> None:
    gather, run = opened(workload="gather-sleep"), opened(workload="run-sleep")
    assert gather.runner is not None
    assert run.runner is None
    gather.close()


def test_the_server_has_a_process_and_where_there_are_two_a_cpu_of_its_own() -> None:
    step = opened(workload="tcp-echo", loop="uvloop", messages=40, connections=4)
    server = psutil.Process(step.facts()["server_pid"])
    assert server.pid != os.getpid()
    if (os.cpu_count() or 1) > 1:
        assert server.cpu_affinity() == [step.facts()["server_cpu_number"]]
        assert step.facts()["server_cpu_number"] not in step.facts()["client_cpus"]
    step.close()
    assert not psutil.pid_exists(server.pid)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", step.facts()["port"]), 1)


def test_a_block_reports_the_server_and_leaves_the_affinity_alone() -> None:
    step = opened(workload="tcp-echo", loop="asyncio", messages=200, connections=10)
    before = os.sched_getaffinity(0)
    found = timer(step)(1)
    step.close()
    assert os.sched_getaffinity(0) == before
    assert found["throughput"] == pytest.approx(200 / found["wall"], rel=0.2)
    assert 0 < found["server_cpu"] < found["wall"]
    assert 0 < found["client_busy"] <= 1.1  # the clocks are read one after the other


@pytest.mark.parametrize(("connections", "messages"), [(1, 1), (1, 7), (3, 7), (50, 7)])
@pytest.mark.parametrize("size", ["1 B", "5 kB", "64 KiB"])
def test_every_message_comes_back_whole(connections: int, messages: int, size: str) -> None:
    step = opened(workload="tcp-streams", connections=connections, messages=messages, size=size)
    found: Any = step.outcome()
    step.close()
    assert found["whole"] == found["of"] == min(connections, messages)
    assert found["messages"] == messages


def test_the_server_ends_when_the_worker_is_killed() -> None:
    code = (
        "import time\nfrom fibench.operations.echo_client import Server\n"
        "print(Server('asyncio', 'tcp-echo', -1).process.pid, flush=True)\ntime.sleep(60)"
    )
    worker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert worker.stdout
    server = int(worker.stdout.readline())
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    end = time.monotonic() + 5
    while _alive(server) and time.monotonic() < end:
        time.sleep(0.01)
    assert not _alive(server)
    worker.stdout.close()


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE  # nobody may be there to reap an orphan
    except psutil.NoSuchProcess:
        return False


def test_a_server_that_dies_is_an_error_not_a_hang() -> None:
    step = opened(workload="tcp-echo", messages=50, connections=5)
    os.kill(step.facts()["server_pid"], signal.SIGKILL)
    psutil.Process(step.facts()["server_pid"]).wait(5)
    with pytest.raises(OSError, match=r"closed|reset|[Bb]roken"):
        step.call(*step.args)
    step.close()


def test_a_worker_pinned_to_one_cpu_sends_its_server_to_another() -> None:
    if (os.cpu_count() or 1) < 2:
        pytest.skip("one CPU")
    before = os.sched_getaffinity(0)
    try:
        for cpu in sorted(before)[:2]:
            os.sched_setaffinity(0, {cpu})
            mine, its = echo_client.split_cpus()
            assert mine == {cpu}
            assert its is not None
            assert its != cpu
            assert os.sched_getaffinity(0) == {cpu}
    finally:
        os.sched_setaffinity(0, before)


def test_a_busy_client_is_named_as_the_bottleneck() -> None:
    metrics = {"wall": (0.01,), "client_busy": (0.97,), "server_cpu": (5e-6,), "throughput": (150_000.0,)}
    notes = list(KIND.notes(record({"workload": "tcp-echo"}, metrics), None))  # type: ignore[arg-type]
    assert [note.code for note in notes] == ["client-busy"]
    assert "97%" in notes[0].text
    assert "75%" in notes[0].text  # 5 µs × 150,000/s


def test_timers_are_said_to_be_timers() -> None:
    notes = list(KIND.notes(record({"workload": "run-sleep"}, {"wall": (0.01,)}), None))  # type: ignore[arg-type]
    assert [note.code for note in notes] == ["timers-only", "loop-creation-inside"]


def record(given: dict[str, Any], metrics: dict[str, tuple[float, ...]]) -> CaseRecord:
    params = Params.model_validate(given).model_dump()
    case = Case(
        scenario="s", kind="event-loop", point={}, variants=(Variant(name="v1", params=params),),
        metrics=tuple(KIND.metrics.values()), measure=Measure(), key="0" * 16,
    )  # fmt: skip
    generation = Generation(0, 0, (0,), ("v1",), metrics, facts={"variants": {"v1": {"loop": "x"}}})
    return CaseRecord(case, (generation,))
