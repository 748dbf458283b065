"""The server stands still for 1 s of 6 s at 500 requests per second: who tells, and who leaves it out?

The truth follows from the plan and the stall alone: a request that was due t s before the stall's end waits t s. fibench
is compared with its own plan and the stall as it was; Locust and wrk, which have no plan, with what even arrivals at that
rate would have met. Locust's users ask 500 times a second as long as they are answered; wrk as fast as it can.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.load import wrk
from benchmarks.load.finding import Finding, Goal, Settings
from benchmarks.load.progress import Progress
from benchmarks.load.servers import GET, ROOT, Target, web
from benchmarks.load.table import Table
from benchmarks.load.windows import children, fire, scratch, seen
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Job, Open
from fibench.traffic.latencies import column
from fibench.traffic.locust_engine import LocustJob, run_locust
from fibench.traffic.pacer import constant
from fibench.traffic.window import quantiles

RATE, SECONDS, STALL, AFTER = 500, 6.0, 1.0, 2.0
QS = (0.9, 0.95, 0.99)
OFF = 0.05
USERS, SETTLE = 100, 1.0
SCRIPT = f"""import random
import gevent
from locust import FastHttpUser, constant_throughput, task

class Even(FastHttpUser):
    wait_time = constant_throughput({RATE / USERS})

    def on_start(self):
        gevent.sleep(random.random() * {USERS / RATE})

    @task
    def ask(self):
        self.client.get("/")
"""


@dataclass(frozen=True, slots=True)
class Met:
    """What one client made of one stall: quantiles `QS` of its latency in s, and the truth."""

    client: str
    said: tuple[float, ...]
    truth: tuple[float, ...]
    requests: int
    errors: float
    stalled: float
    """s for which the server stood still."""
    extra: dict[str, float] = field(default_factory=dict)


class Stopper:
    """The moments of the stall, once it is over."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def moments(self) -> tuple[float, float]:
        """(stopped, gone on) as time.time(); EngineError if it never came to that."""
        out, err = self.process.communicate(timeout=30)
        if self.process.returncode:
            raise EngineError(f"the stall did not happen: {err.strip()[-200:] or self.process.returncode}")
        stopped, on = json.loads(out)
        return stopped, on


def run(settings: Settings, progress: Progress) -> Finding:
    """The part."""
    repeats = settings.times(3, 1)
    clients = [("fibench", _fibench, 6.5), ("locust", _locust, 13.0), *([("wrk", _wrk, 6.5)] if wrk.command() else [])]
    progress.plan(repeats * sum(takes for _, _, takes in clients))
    met = []
    with scratch() as folder, web(settings, folder) as target:
        for repeat in range(repeats):
            for name, stalled, takes in clients:
                progress.doing(f"{name}, {repeat + 1}/{repeats}", takes)
                met.append(stalled(target, settings))
    return conclude(met, target.name, repeats)


@contextmanager
def _stalling(target: Target, after: float) -> Iterator[Stopper]:
    """The server stands still `after` s from its first connection; it runs again in any case."""
    words = ["-m", "benchmarks.load.stopper", str(target.pid), str(target.port), str(after), str(STALL)]
    command, pipe = [sys.executable, *words], subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=ROOT) as process:
        try:
            yield Stopper(process)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            target.thaw()


def truth_of(dues: Any, stopped: float, on: float) -> Any:
    """s that each request due then (s, any clock) waits for the stall's end, shape (n,)."""
    import numpy

    dues = numpy.asarray(dues, float)
    return numpy.where((dues >= stopped) & (dues < on), on - dues, 0.0)


def _ideal(stalled: float) -> tuple[float, ...]:
    """The truth for even arrivals at RATE over the window, wherever in it the stall lies."""
    import numpy

    dues = numpy.arange(int(RATE * SECONDS)) / RATE
    return tuple(quantiles([truth_of(dues, AFTER, AFTER + stalled)], QS))


def _fibench(target: Target, settings: Settings) -> Met:
    plan = constant(RATE, SECONDS)
    job = Job(target.address, [GET], Open(plan), SECONDS, cpus=(settings.client_cpu,))
    with _stalling(target, AFTER) as stopper:
        window = fire(job)
        stopped, on = stopper.moments()
    began = window.shot.started
    truth = truth_of([due * 1e-9 for due in plan], stopped - began, on - began)
    said = quantiles([column(window.records, "response")], QS)
    late = {"loop_late_p99": window.shot.health.late}
    return Met(
        "fibench", tuple(said), tuple(quantiles([truth], QS)), len(window.records), window.numbers["errors"], on - stopped, late
    )


def _locust(target: Target, settings: Settings) -> Met:
    job = LocustJob(
        target.url.rstrip("/"), USERS, float(USERS), SECONDS, script=SCRIPT, settle=SETTLE, cpus=(settings.client_cpu,)
    )
    with _stalling(target, SETTLE + AFTER) as stopper, scratch() as folder:
        before = children()
        window = seen(run_locust(job, folder), children() - before)
        stopped, on = stopper.moments()
    began = window.shot.started
    if not began < stopped < on < began + SECONDS:
        raise EngineError("the stall missed Locust's window: the machine is too busy, run this part again")
    said = quantiles([column(window.records, "service")], QS)
    return Met("locust", tuple(said), _ideal(on - stopped), len(window.records), window.numbers["errors"], on - stopped)


def _wrk(target: Target, settings: Settings) -> Met:
    with _stalling(target, AFTER) as stopper, scratch() as folder:
        said = wrk.run(target.url, SECONDS, settings.client_cpu, script_folder=folder)
        stopped, on = stopper.moments()
    return Met("wrk", said.quantiles, _ideal(on - stopped), said.requests, said.errors / said.requests, on - stopped)


def conclude(met: list[Met], server: str, repeats: int) -> Finding:
    """Medians over the repeats; an error is taken against the stall of its own window."""
    names = {"fibench": "fibench, response", "locust": f"Locust, {USERS} × {RATE // USERS}/s", "wrk": "wrk -t1 -c64"}
    rows = []
    for client, name in names.items():
        mine = [one for one in met if one.client == client]
        if not mine:
            continue
        cells = [f"{median(one.said[place] for one in mine) * 1e3:.1f}" for place in range(len(QS))]
        truth = [f"{median(one.truth[place] for one in mine) * 1e3:.0f}" for place in range(len(QS))]
        asked = f"{median(one.requests for one in mine):.0f}"
        errors = f"{max(one.errors for one in mine):.1%}"
        rows.append((name, *cells, " / ".join(truth), f"{_error(mine):.1%}", asked, errors))
    columns = ("client", "p90, ms", "p95, ms", "p99, ms", "truth, ms", "off by", "requests", "errors")
    notes = [
        f"{server}, stopped for {STALL:g} of {SECONDS:g} s; {RATE}/s are {int(RATE * SECONDS)} requests; median of {repeats}.",
        "off by: the worst of the three quantiles. wrk is a closed loop without a rate: what it shows is its own throttling.",
    ]
    notes += [] if wrk.command() else [wrk.MISSING]
    off = _error([one for one in met if one.client == "fibench"])
    goal = Goal("stall of 1 s: p90, p95, p99 off the truth", f"≤ {OFF:.0%}", f"{off:.1%}", off <= OFF, "stall")
    data = [{name: getattr(one, name) for name in Met.__slots__} for one in met]
    return Finding(
        [Table(f"A server that stands still, {RATE} requests per second", columns, rows, notes)], [goal], {"windows": data}
    )


def _error(mine: list[Met]) -> float:
    """The worst quantile's error, each one the median over the repeats."""
    return max(median(abs(one.said[place] / one.truth[place] - 1) for one in mine) for place in range(len(QS)))
