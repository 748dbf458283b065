"""Kind `event-loop`: asyncio against uvloop, on timers, callbacks, tasks and loopback TCP."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.model.scenario import Bytes, Seconds, Strict
from fibench.workloads.closed import ClosedKind, facts, median, missing

BUSY = 0.85
"""Share of a block above which the client counts as (one of) what was measured."""


class Params(Strict):
    """`tasks` and `sleep` (seconds) belong to the timers and tasks, `messages`, `size` (bytes) and `connections` to TCP;
    call-soon and task-switch make `messages` callbacks and switches."""

    loop: Literal["asyncio", "uvloop"] = "asyncio"
    workload: Literal[
        "gather-sleep", "run-sleep", "call-soon", "task-switch", "task-churn", "tcp-echo", "tcp-streams"
    ] = "gather-sleep"  # fmt: skip
    tasks: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    sleep: Annotated[Seconds, Field(ge=0, le=60)] = 0.001
    messages: Annotated[int, Field(ge=1, le=10_000_000)] = 2000
    size: Annotated[Bytes, Field(ge=1, le=65536)] = 1000.0
    connections: Annotated[int, Field(ge=1, le=500)] = 50


class EventLoopKind(ClosedKind):
    """The parent half; one call of each workload is described in `fibench.operations.event_loop`."""

    name = "event-loop"
    about = "asyncio against uvloop: sleeping tasks, callbacks, task switches, loopback TCP echo"
    Params = Params
    metrics: Mapping[str, Metric] = {
        "wall": Metric("wall", about="wall time of one call: a gather, a run, or a sweep of all messages"),
        "cpu": Metric("cpu", about="CPU time of the worker process during one call (with TCP: of the client)"),
        "throughput": Metric("throughput", "1/s", "higher", about="TCP: messages echoed per second"),
        "server_cpu": Metric("server_cpu", about="TCP: CPU time of the server's loop per message"),
        "client_busy": Metric("client_busy", "%", about="TCP: CPU time of the client in its wall time"),
    }
    operation = "fibench.operations.event_loop:open"
    packages: tuple[str, ...] = ("uvloop",)
    ways = frozenset({"loop"})

    def unavailable(self, params: Mapping[str, Any]) -> str:
        """uvloop may be missing; the echo client is built on epoll."""
        if params.get("loop") == "uvloop" and (reason := missing("uvloop")):
            return reason
        if str(params.get("workload")).startswith("tcp-") and sys.platform != "linux":
            return "the TCP workloads need Linux (epoll, and a CPU for the server)"
        return ""

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """What stands in for what, and who the bottleneck was."""
        found = list(facts(record))
        workloads = {str(params.get("workload")) for _, params, _ in found}
        if workloads & {"gather-sleep", "run-sleep"}:
            yield Note(
                "timers-only",
                "asyncio.sleep stands in for I/O: no socket and no file is touched; a real HDF5 read blocks the loop",
                "workload: tcp-echo or tcp-streams measures sockets",
            )
        if "run-sleep" in workloads:
            yield Note("loop-creation-inside", "each call creates and closes its event loop, as asyncio.run does")
        if any(fact.get("shared_cpu") for _, _, fact in found):
            yield Note("shared-cpu", "client and server share the only CPU, so wall holds both costs", "see server_cpu")
        yield from _bottlenecks(record)


def _bottlenecks(record: CaseRecord) -> Iterator[Note]:
    for variant in record.case.variants:
        busy = median(record, variant.name, "client_busy")
        cpu, rate = (median(record, variant.name, metric) for metric in ("server_cpu", "throughput"))
        if busy is not None and busy > BUSY and cpu is not None and rate is not None:
            yield Note(
                "client-busy",
                f"{variant.name}: the client is busy {busy:.0%} of the time (the server {min(1.0, cpu * rate):.0%}): "
                "this throughput is a lower bound of what the server can do",
                "server_cpu, CPU time per message, does not depend on the client",
                record.case.title,
            )


KIND = EventLoopKind()
