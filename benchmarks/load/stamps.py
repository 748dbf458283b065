"""A client that reads late: is the server charged for it?

The server writes the moment of its sending into the body; on one host that is the truth, up to the few µs until the
kernel has it. The client's reads are a busy millisecond late, every third of them. What the engine records rests on the
kernel's stamps; beside it what the same client's own clock says after the read, as other tools have it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.load.finding import Finding, Goal, Settings
from benchmarks.load.late_client import FIELDS, LateReads
from benchmarks.load.progress import Progress
from benchmarks.load.servers import GET, Target, python
from benchmarks.load.table import Table
from benchmarks.load.windows import fire, scratch
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Job, Open
from fibench.traffic.pacer import constant

RATE, CONNECTIONS = 500, 16
MOST = 20e-6
QS = (0.5, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Errors:
    """Quantiles `QS` of |latency − truth| in s: by the kernel's stamps, and by the client's clock."""

    kernel: tuple[float, ...]
    user: tuple[float, ...]
    answers: int
    stamped: int


def run(settings: Settings, progress: Progress) -> Finding:
    """The part."""
    seconds, repeats = settings.either(5.0, 2.0), settings.times(5, 2)
    progress.plan(repeats * (seconds + 0.5))
    found = []
    with scratch() as folder, python(settings, folder, "benchmarks.load.stamping_server", "{port}") as target:
        for repeat in range(repeats):
            progress.doing(f"{repeat + 1}/{repeats}", seconds + 0.5)
            found.append(_late(target, seconds, settings, os.path.join(folder, f"rows-{repeat}")))
    return conclude(found, seconds)


def _late(target: Target, seconds: float, settings: Settings, path: str) -> Errors:
    import numpy

    plan = Open(constant(RATE, seconds))
    job = Job(target.address, [GET], plan, seconds, connections=CONNECTIONS, cpus=(settings.client_cpu,))
    with LateReads(path):
        window = fire(job)
    return errors(window.records, numpy.fromfile(path, FIELDS), window.shot.health.stamped)


def errors(records: Any, rows: Any, stamped: int) -> Errors:
    """Compare, request by request: both in the order of their due times, which are all different."""
    import numpy

    if len(records) != len(rows) or not len(rows):
        raise EngineError(f"{len(records)} records for {len(rows)} answers: some failed, run this part again")
    records, rows = numpy.sort(numpy.array(records), order="due"), numpy.sort(rows, order="due")
    truth = (rows["truth"] - rows["sent"]) * 1e-9
    kernel = numpy.abs(records["service"] - truth)
    user = numpy.abs((rows["read"] - rows["sent"]) * 1e-9 - truth)
    tails = [tuple(float(value) for value in numpy.quantile(values, QS)) for values in (kernel, user)]
    return Errors(tails[0], tails[1], len(rows), stamped)


def conclude(found: list[Errors], seconds: float) -> Finding:
    """Medians over the repeats."""
    rows = []
    for name, each in (("kernel's stamp (fibench)", "kernel"), ("client's clock after the read", "user")):
        values: list[tuple[float, ...]] = [getattr(one, each) for one in found]
        cells = [f"{median(value[place] for value in values) * 1e6:.1f}" for place in range(len(QS))]
        tails = [value[-1] * 1e6 for value in values]
        rows.append((name, *cells, f"{min(tails):.1f}-{max(tails):.1f}"))
    answers, stamped = sum(one.answers for one in found), sum(one.stamped for one in found)
    notes = [
        f"{len(found)} windows of {seconds:g} s, {RATE}/s over {CONNECTIONS} connections; {stamped} of {answers} answers were "
        "stamped by the kernel. The truth is the server's clock just before it sends: what the kernel takes is in the error.",
    ]
    columns = ("latency ends with the", "error p50, µs", "p90, µs", "p99, µs", "p99, range")
    tail, user = (median(getattr(one, each)[-1] for one in found) for each in ("kernel", "user"))
    found_text = f"{tail * 1e6:.1f} µs (client's clock: {user * 1e6:.0f} µs)"
    goal = Goal("late reads: p99 error of the latency", f"≤ {MOST * 1e6:.0f} µs", found_text, tail <= MOST, "stamps")
    data = [{name: getattr(one, name) for name in Errors.__slots__} for one in found]
    return Finding(
        [Table("A client that is 1 ms late on a third of its reads", columns, rows, notes)], [goal], {"windows": data}
    )
