"""Ten million requests: the most memory that any process had, the file they fill, and a p99.99 that is exact.

The window runs in a fresh process, for the memory of this one is the benchmark's. VmHWM counts what is shared and what is
mapped from files as well: it is the most that can be held against a process. The p99.99 is checked by a full sort here.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load.finding import Finding, Goal, Settings
from benchmarks.load.progress import Progress
from benchmarks.load.servers import GET, ROOT, Target, web
from benchmarks.load.table import Table
from benchmarks.load.ten_million import peak, status
from benchmarks.load.windows import fire, scratch
from fibench.traffic import record
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Closed, Job

REQUESTS, USERS = 10_000_000, 64
MOST, LARGEST = 150.0, 250.0
"""MB of memory, of each process; MB on the disk per ten million."""
ATTEMPTS, SPARE = 2, 1.15
"""The machine may be slower in the long run than in the trial."""
LOOK = 0.1


@dataclass(slots=True)
class Peaks:
    """The most seen so far, MB (10⁶ bytes)."""

    parent: float = 0.0
    client: float = 0.0
    client_own: float = 0.0
    """Of the client's, what is neither shared code nor a file: RssAnon."""

    def look(self, pid: int) -> None:
        """At a process and its children; peaks of the kernel's own keeping, so that no moment is missed but the last."""
        self.parent = max(self.parent, peak(pid))
        for child in children_of(pid):
            self.client = max(self.client, peak(child))
            self.client_own = max(self.client_own, status(child, "RssAnon"))


def children_of(pid: int) -> list[int]:
    """The children of a process's main thread; none once it has ended."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def run(settings: Settings, progress: Progress) -> Finding:
    """The part."""
    wanted = settings.times(REQUESTS, REQUESTS // 50)
    with scratch() as folder, web(settings, folder) as target:
        progress.plan(wanted / 50_000)
        progress.doing("how fast is it here?", 2.5)
        trial = Job(target.address, [GET], Closed(USERS), 2.0, cpus=(settings.client_cpu,))
        rate = fire(trial).numbers["throughput"]
        for _ in range(ATTEMPTS):
            if not rate:
                raise EngineError("nothing was answered: is the machine overloaded?")
            seconds = max(2.0, math.ceil(SPARE * wanted / rate))
            progress.plan(seconds + wanted * 2e-6)
            progress.doing(f"{wanted:,} requests at {rate:.0f}/s", seconds)
            told, peaks = _long(target, seconds, folder, settings)
            if told["requests"] >= wanted:
                break
            rate = told["throughput"]  # it was slower than the trial: once more, longer
        exact = _exactly(told)
        size = sum(Path(path).stat().st_size for path in told["files"]) * 1e-6
    return conclude(told, peaks, exact, size)


def _long(target: Target, seconds: float, folder: str, settings: Settings) -> tuple[dict[str, Any], Peaks]:
    """What the child found, and what was seen of it meanwhile."""
    for old in Path(folder).glob("*.records"):
        old.unlink()
    task = {
        "address": ["127.0.0.1", target.port, int(target.address.family)], "message": GET.decode(), "users": USERS,
        "seconds": seconds, "cpu": settings.client_cpu, "folder": folder,
    }  # fmt: skip
    peaks, pipe = Peaks(), subprocess.PIPE
    command = [sys.executable, "-m", "benchmarks.load.ten_million"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        try:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps(task))
            process.stdin.close()
            while process.poll() is None:
                peaks.look(process.pid)
                time.sleep(LOOK)
            out = process.stdout.read()
        finally:  # its client dies with it
            process.kill()
            process.wait()
    if process.returncode:
        raise EngineError(f"the long window ended with {process.returncode}")
    told: dict[str, Any] = json.loads(out)
    peaks.parent = max(peaks.parent, told["parent"])
    return told, peaks


def _exactly(told: dict[str, Any]) -> bool:
    """Whether the p99.99 that was told lies where a full sort of all records has it (failed ones last)."""
    import numpy

    columns = [numpy.array(record.read(path)["service"]) for path in told["files"]]
    values = numpy.sort(numpy.concatenate(columns))
    place = 0.9999 * (len(values) - 1)
    low, high = float(values[math.floor(place)]), float(values[math.ceil(place)])
    return told["errors"] == 0 and math.isclose(told["p9999"], low + (high - low) * (place % 1), rel_tol=1e-6)


def conclude(told: dict[str, Any], peaks: Peaks, exact: bool, size: float) -> Finding:
    """The table and the goals."""
    per = size / told["requests"] * 1e7
    enough, count = told["requests"] >= REQUESTS, f"{told['requests']:,} requests"
    rows = [
        (
            "requests",
            f"{told['requests']:,}",
            f"{told['lasted']:.0f} s at {told['throughput']:,.0f}/s; errors {told['errors']:.2%}",
        ),
        ("client process, peak", f"{peaks.client:.0f} MB", f"VmHWM; {peaks.client_own:.0f} MB of it its own (RssAnon)"),
        ("parent, peak while sending", f"{told['sending']:.0f} MB", "VmHWM"),
        ("parent, peak with evaluation", f"{peaks.parent:.0f} MB", f"VmHWM; {told['evaluation']:.1f} s for all metrics"),
        ("record files", f"{size:.0f} MB", f"{size * 1e6 / told['requests']:.0f} bytes a request; deleted"),
        (
            "p99.99 of service",
            f"{told['p9999'] * 1e3:.3f} ms",
            "equal to a full sort's" if exact else "NOT what a full sort says",
        ),
    ]
    goals = [
        _peak_goal("client's peak memory", peaks.client, count, enough),
        _peak_goal("parent's peak memory", peaks.parent, count, enough),
        Goal("record files, per 10 million requests", f"≤ {LARGEST:.0f} MB", f"{per:.0f} MB", per <= LARGEST, "memory"),
        Goal("p99.99 of all records, against a full sort", "equal", f"{told['p9999'] * 1e3:.3f} ms", exact, "memory"),
    ]  # fmt: skip
    return Finding(
        [Table(f"Memory of {count}", ("what", "found", "of which"), rows)], goals, {**told, **_plain(peaks), "MB": size}
    )


def _peak_goal(what: str, most: float, count: str, enough: bool) -> Goal:
    """A breach counts however few requests there were; keeping it only with all of them."""
    met = False if most > MOST else True if enough and most else None
    return Goal(what, f"≤ {MOST:.0f} MB", f"{most:.0f} MB ({count})", met, "memory")


def _plain(peaks: Peaks) -> dict[str, float]:
    return {f"peak_{name}": getattr(peaks, name) for name in Peaks.__slots__}
