"""The search for capacity over real sockets, against servers of known capacity: how near, how long, how often?

Each search is the whole of it: probes with the native engine on loopback, their validity, their verdicts. The server is
one queue with a fixed time per request, so the truth is M/D/1's (`truth`), not a measurement.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from benchmarks.load import truth
from benchmarks.load.finding import Finding, Goal, Settings
from benchmarks.load.progress import Progress
from benchmarks.load.servers import GET, Target, python
from benchmarks.load.table import Table
from benchmarks.load.windows import Window, fire, scratch
from fibench.traffic.capacity import Probe, Search
from fibench.traffic.capacity_probe import Goal as Kept
from fibench.traffic.capacity_probe import limits, observation
from fibench.traffic.job import Job, Open
from fibench.traffic.pacer import schedule
from fibench.traffic.validity import breaches

CAPACITIES = (300, 700, 1500)
LIMIT = 0.05
"""s that p95 must stay below."""
NEAR, SHARE, LONGEST = 0.05, 0.9, 180.0
BUDGET = 120.0
"""s of load that a search may use: in virtual time 60 s were enough for nine of ten, even at 300/s."""
CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class Searched:
    """One search: rates in 1/s, `took` in s of wall time."""

    capacity: int
    truth: float
    rate: float
    low: float
    high: float
    took: float
    probes: int
    void: int
    """Probes that did not count, for the client was disturbed."""
    binding: str
    confirmed: bool
    seed: int
    excess: float = 0.0
    """Most by which, in a probe below the truth, the share above LIMIT exceeded what its very arrivals explain: the machine."""

    @property
    def off(self) -> float:
        """Found over true, −1."""
        return self.rate / self.truth - 1

    @property
    def good(self) -> bool:
        """Near and in time."""
        return abs(self.off) <= NEAR and self.took <= LONGEST


def run(settings: Settings, progress: Progress) -> Finding:
    """The part."""
    count, budget = settings.times(10, 2), settings.either(BUDGET, 20.0)
    progress.plan(count * budget)
    found = []
    for number in range(count):
        capacity = CAPACITIES[number % len(CAPACITIES)]
        words = ("--port", "{port}", "--rate", str(capacity))
        with scratch() as folder, python(settings, folder, "fibench.traffic.capacity_server", *words) as target:
            told = f"search {number + 1}/{count}"
            found.append(_search(capacity, settings.seed + number, budget, target, settings, progress, told))
    return conclude(found, budget)


def _search(
    capacity: int, seed: int, budget: float, target: Target, settings: Settings, progress: Progress, told: str
) -> Searched:
    goal, began, spent, excess = Kept(below=LIMIT), time.monotonic(), 0.0, 0.0
    true = truth.limit(capacity, LIMIT)
    search = Search(goal, seed=seed, budget=budget)
    while (probe := search.next()) is not None:
        progress.doing(f"{told}, {capacity}/s: {probe.kind} at {probe.rate:.0f}/s", probe.seconds)
        window = _probe(probe, target, settings)
        wrong = breaches(window.shot, window.records, window.numbers, limits(goal))
        search.tell(observation(window.records, window.shot, probe.rate, goal, invalid=wrong[0] if wrong else ""))
        spent += probe.seconds
        if probe.rate < true:
            excess = max(excess, unexplained(window, capacity))
    progress.doing(f"{told} is over", max(0.0, budget - spent))
    answer = search.answer()
    void = sum(bool(one.seen.invalid) for one in answer.probes)
    return Searched(
        capacity, true, answer.rate, answer.low, answer.high, time.monotonic() - began,
        len(answer.probes), void, answer.binding, answer.confirmed, seed, excess,
    )  # fmt: skip


def _probe(probe: Probe, target: Target, settings: Settings) -> Window:
    """Its end waits for all answers, so the next one meets an empty queue."""
    dues = schedule("poisson", probe.rate, probe.seconds, probe.seed)
    return fire(Job(target.address, [GET], Open(dues), probe.seconds, connections=CONNECTIONS, cpus=(settings.client_cpu,)))


def _yes(said: bool) -> str:
    return "yes" if said else "no"


def unexplained(window: Window, capacity: float) -> float:
    """Share of the requests above LIMIT, less the share that a server of that capacity gives with the same arrivals."""
    import numpy

    records = numpy.sort(window.records, order="due")
    ideal = truth.responses(records["due"] * 1e-6, capacity)
    met = records["dispatch"] + records["service"]
    return float((met >= LIMIT).mean() - (ideal >= LIMIT).mean())


def conclude(found: list[Searched], budget: float) -> Finding:
    """A row per search."""
    rows = [
        (
            str(one.capacity), f"{one.truth:.0f}", f"{one.rate:.0f}", f"{one.off:+.1%}", f"{one.low:.0f}-{one.high:.0f}",
            f"{one.took:.0f}", str(one.probes), str(one.void), f"{one.excess:.1%}", one.binding, _yes(one.confirmed),
        )
        for one in found
    ]  # fmt: skip
    columns = ("1/service", "truth", "found", "off", "proven", "s", "probes", "void", "excess", "binding", "confirmed")
    good = sum(one.good for one in found)
    longest = max(one.took for one in found)
    notes = [
        f"Goal of the searches: p95 below {LIMIT * 1e3:g} ms; at most {budget:g} s of load each; Poisson arrivals. "
        "truth: the rate at which p95 is exactly that in M/D/1; void: probes in which the client was disturbed; excess: most "
        "requests above the limit, in a probe below the truth, that its arrivals do not explain: this machine, not the search."
    ]
    found_text = f"{good} of {len(found)}; median off {median(abs(one.off) for one in found):.1%}; longest {longest:.0f} s"
    what = f"capacity within ± {NEAR:.0%} of the truth in ≤ {LONGEST / 60:g} min"
    met = good >= SHARE * len(found) if len(found) >= 10 else None
    data = [{name: getattr(one, name) for name in Searched.__slots__} for one in found]
    goal = Goal(what, "9 of 10", found_text, met, "capacity")
    return Finding([Table("The search for capacity", columns, rows, notes)], [goal], {"budget": budget, "searches": data})
