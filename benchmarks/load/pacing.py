"""The open loop: is every request sent, and how long after it was due?

Two answers, both judged. `loop` is how late the generator woke: its own doing. `dispatch` is from due to sent as the records
have it, and a server that pauses is in it too: once all connections wait for answers, what is due waits for one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.load.finding import Finding, Goal, Settings
from benchmarks.load.progress import Progress
from benchmarks.load.servers import GET, web
from benchmarks.load.table import Table
from benchmarks.load.windows import Window, fire, scratch
from fibench.traffic import record
from fibench.traffic.job import Job, Open
from fibench.traffic.latencies import column
from fibench.traffic.pacer import schedule
from fibench.traffic.window import quantiles

RATES, KINDS = (500, 1000, 2000, 5000, 10000), ("constant", "poisson")
CONNECTIONS = 64
OFF, LATE = 1e-3, 0.25e-3
"""Goals: share by which sent and due may differ; s of lateness at p99."""


@dataclass(frozen=True, slots=True)
class Paced:
    """One window; times in s."""

    kind: str
    rate: int
    achieved: float
    """Requests sent within the window, of those due."""
    p50: float
    p99: float
    loop: float
    cpu: float
    errors: float


def run(settings: Settings, progress: Progress) -> Finding:
    """The part."""
    seconds, repeats = settings.either(5.0, 1.0), settings.times(3, 1)
    cells = [(repeat, kind, rate) for repeat in range(repeats) for kind in KINDS for rate in RATES]
    progress.plan(len(cells) * (seconds + 0.3))
    found = []
    with scratch() as folder, web(settings, folder) as target:
        for repeat, kind, rate in cells:
            progress.doing(f"{rate} req/s {kind}, {repeat + 1}/{repeats}", seconds + 0.3)
            dues = schedule(kind, rate, seconds, settings.seed + repeat)
            job = Job(target.address, [GET], Open(dues), seconds, connections=CONNECTIONS, cpus=(settings.client_cpu,))
            found.append(paced(kind, rate, fire(job)))
    return conclude(found, target.name, seconds, repeats)


def paced(kind: str, rate: int, window: Window) -> Paced:
    """What a window says of its pacing."""
    sent = sent_in_time(window.records, window.shot.seconds)
    half, most = quantiles([column(window.records, "dispatch")], (0.5, 0.99))
    health = window.shot.health
    return Paced(kind, rate, sent / health.offered, half, most, health.late, window.share, window.numbers["errors"])


def sent_in_time(records: Any, seconds: float) -> int:
    """Requests that were sent before the window's end."""
    sent = records["due"] * 1e-6 + records["dispatch"]
    return int(((sent <= seconds) & (records["status"] != record.SHED)).sum())


def conclude(found: list[Paced], server: str, seconds: float, repeats: int) -> Finding:
    """Medians over the repeats; the worst cell decides about a goal."""
    rows, worst_off, worst_late, worst_loop = [], (0.0, ""), (0.0, ""), (0.0, "")
    for kind in KINDS:
        for rate in RATES:
            mine = [one for one in found if (one.kind, one.rate) == (kind, rate)]
            achieved, late = median(one.achieved for one in mine), median(one.p99 for one in mine)
            worst_off = max(worst_off, (abs(achieved - 1), f"{rate} {kind}"))
            loop = median(one.loop for one in mine)
            worst_loop = max(worst_loop, (loop, f"{rate} {kind}"))
            worst_late = max(worst_late, (late, f"{rate} {kind}"))
            rows.append((
                str(rate), kind, f"{achieved:.3%}", _us(median(one.p50 for one in mine)), _us(late),
                f"{min(one.p99 for one in mine) * 1e6:.0f}-{max(one.p99 for one in mine) * 1e6:.0f}",
                _us(loop), f"{median(one.cpu for one in mine):.0%}",
                f"{max(one.errors for one in mine):.2%}",
            ))  # fmt: skip
    columns = ("due/s", "arrivals", "sent/due", "dispatch p50, µs", "p99, µs", "range", "loop p99, µs", "CPU", "errors")
    notes = [f"{server}; {CONNECTIONS} connections, one client core, {seconds:g} s, median of {repeats} (range: over them)."]
    goals = [
        Goal("open loop: sent of due, worst case", f"100 % ± {OFF:.1%}", f"off by {worst_off[0]:.3%} ({worst_off[1]})",
             worst_off[0] <= OFF, "pacing"),
        _late_goal("open loop: loop's lateness p99, worst case", worst_loop),
        _late_goal("open loop: due to sent (dispatch) p99, worst case", worst_late),
    ]  # fmt: skip
    data = [{name: getattr(one, name) for name in Paced.__slots__} for one in found]
    return Finding([Table("Pacing of the open loop", columns, rows, notes)], goals, {"seconds": seconds, "windows": data})


def _late_goal(what: str, worst: tuple[float, str]) -> Goal:
    found = f"{worst[0] * 1e3:.3f} ms ({worst[1]})"
    return Goal(what, f"≤ {LATE * 1e3:g} ms", found, worst[0] <= LATE, "pacing")


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:.0f}"
