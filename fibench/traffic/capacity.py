"""The search for capacity: the highest arrival rate that keeps a goal such as "p95 below 20 ms, errors below 1 %".

Pure: `next()` says what to send, `tell()` takes what was seen; the caller runs the probes, lets the server cool down in
between, and owns the clock. V1 and V2 with the same seed get the same arrivals as long as they get the same rates.

    base      a low rate: how long an answer takes when nobody waits
    climb     ×1.5, from a quarter of one worker's throughput upward, until a rate breaks the goal: always from below, for
              a server that was driven too far may take long to recover
    narrow    bisection in log-rate until the rate lies within ±3 %; then, while it is in doubt, again where it seems to be
    confirm   three times as long, with a fresh seed, just below; a notch further down if it does not hold

Two things are told apart. `rate` is the best estimate of where the goal begins to break. `low` is a rate that was proven
to keep it with 97.5 % confidence, `high` one that was proven to break it. Near the boundary no probe of finite length can
prove either: "undecided" counts as broken for `low`, and is told in `probes`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Generator
from dataclasses import dataclass, replace

from fibench.traffic.capacity_estimate import NEAR, Crossing, Point, bracket, crossing, odds
from fibench.traffic.capacity_probe import Goal, Observation, failing, fewest, merged, provable, seems_kept, verdict

STEP = 1.5
NOTCH = 1.03
CLOSE = 1.06
"""Ratio of the bracket's ends at which the bisection ends: ±3 %."""
DOUBT = 0.012
"""Standard error of the log-rate from which further probes are not worth their time."""
SHORTEST, LONG = 1.0, 8.0
"""s: no probe is shorter; one that narrows is not, unless the budget says so."""
FURTHEST = 0.2
"""How far below the estimate, in log-rate, something is still worth proving."""
ENOUGH = 4000
"""Requests after which a probe that narrows may end."""
ALONE = 0.1
"""Requests in flight on average below which a response is hardly any waiting."""
BASE = (20.0, 3.0)
"""Requests per second and s of the first probe, when no start is given."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What to send: `rate` Poisson arrivals per second for `seconds`, drawn with `seed`; `kind` is the stage."""

    rate: float
    seconds: float
    seed: int
    kind: str


@dataclass(frozen=True, slots=True)
class Told:
    """A probe, what it saw, and what was concluded."""

    probe: Probe
    seen: Observation
    kept: bool | None
    """True: keeps the goal; False: breaks it; None: undecided, or the probe did not count."""
    why: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """The answer, in requests per second."""

    rate: float
    """Best estimate of the highest rate that keeps the goal, within [low, high]; 0 if none does."""
    low: float
    """Highest rate that was proven to keep it; 0 without any."""
    high: float
    """Lowest rate above that was proven to break it; inf without any."""
    binding: str
    """What breaks first: p95, errors, saturation, "highest rate asked for", "budget", or why the client could not."""
    probes: tuple[Told, ...]
    confirmed: bool
    """Whether `low` was kept by a long probe with a seed of its own."""


Asking = Generator[Probe, Observation, Observation | None]
Stage = Generator[Probe, Observation, None]


class Search:
    """Ask `next()`, send that, `tell()` what was seen, until it is None; then, or at any time, `answer()`."""

    def __init__(
        self, goal: Goal, *, start: float | None = None, seed: int = 0, budget: float = 180.0, highest: float = math.inf
    ) -> None:
        """`start`: a rate in 1/s that surely holds; `budget`: most s of load in all; `highest`: no rate above is tried."""
        if not (goal.below > 0 and 0 < goal.quantile < 1 and 0 <= goal.errors < 1):
            raise ValueError("a goal needs a limit above 0 s, a quantile within (0, 1) and errors within [0, 1)")
        if budget < 10 * SHORTEST or highest <= 0 or (start is not None and not 0 < start <= highest):
            raise ValueError(f"a search needs at least {10 * SHORTEST:g} s, a highest rate above 0 and a start not above it")
        self.goal, self.start, self.seed, self.left, self.highest = goal, start, seed, budget, highest
        self.told: list[Told] = []
        self.seen: dict[float, Observation] = {}
        self.ceiling, self.client = math.inf, ""
        self.proven = 0.0
        self._stages = self._run()
        self._pending: Probe | None = next(self._stages, None)

    def next(self) -> Probe | None:
        """The probe to run now; None when the search is over. Asking twice changes nothing."""
        return self._pending

    def tell(self, seen: Observation) -> None:
        """What the probe of `next()` saw."""
        if self._pending is None:
            raise ValueError("the search is over: there is no probe to tell of")
        try:
            self._pending = self._stages.send(seen)
        except StopIteration:
            self._pending = None

    def answer(self) -> Capacity:
        """What is known by now."""
        kept = [rate for rate, seen in self.seen.items() if verdict(seen, self.goal)[0] and rate < self.ceiling]
        low = self.proven or max(kept, default=0.0)
        broken = [rate for rate, seen in self.seen.items() if verdict(seen, self.goal)[0] is False and rate > low]
        high = min([*broken, *([self.ceiling] if self.ceiling > low else [])], default=math.inf)
        below, above = self._bracket()
        if above == math.inf:
            binding = "highest rate asked for" if low >= self.highest else "budget"
            return Capacity(low, low, high, binding, tuple(self.told), self.proven > 0)
        rate, binding = self._crossing()[0].rate if below else 0.0, self._crossing()[1]
        return Capacity(min(max(rate, low), high), low, high, binding, tuple(self.told), self.proven > 0)

    def _run(self) -> Stage:
        rate = yield from self._base()
        if rate:
            yield from self._climb(rate)
            length = self._length()
            yield from self._narrow(length, 6 * length)
            yield from self._confirm(length)
            yield from self._narrow(length, length)

    def _base(self) -> Generator[Probe, Observation, float | None]:
        """A rate so low that nobody waits; returns the rate with which to begin the climb, None if there is no point."""
        rate, seconds = min(BASE[0], self.highest) if self.start is None else self.start, BASE[1]
        while seen := (yield from self._ask(rate, min(max(seconds, 60 / rate), self.left / 6), "base")):
            if seen.invalid:
                return None
            if verdict(seen, self.goal)[0] is not False:
                alone = 0.25 / seen.median if self.start is None and 0 < seen.median < math.inf else 0.0
                return max(rate * STEP, alone)
            if rate * seen.median < ALONE:  # nobody waited, and still
                return None
            rate /= 4
        return None

    def _climb(self, rate: float) -> Stage:
        """Up by half until something breaks; short probes, for this only finds the neighbourhood."""
        enough = 2 * fewest(replace(self.goal, errors=0.0))  # errors show, or are left to the longer probes
        while self._bracket()[1] == math.inf and max(self.seen, default=0.0) < self.highest:
            rate = min(rate, self.highest)
            seconds = min(max(1.5, enough / rate), self.left / 6)
            if (yield from self._ask(rate, seconds, "climb")) is None:
                return
            rate *= STEP

    def _length(self) -> float:
        """s of a probe that narrows: long enough, and so that those and the confirmation fit into what is left."""
        low, high = self._bracket()
        halvings = 1.0 if high == math.inf else max(1.0, math.log2(math.log(high / low) / math.log(CLOSE)))
        return min(max(LONG, max(ENOUGH, 3 * fewest(self.goal)) / low), self.left / (math.ceil(halvings) + 7))

    def _narrow(self, length: float, spare: float) -> Stage:
        """Bisection; then more of the same where the limit seems to be, while that is in doubt and `spare` s are left."""
        while self.left >= spare:
            low, high = self._bracket()
            found, _ = self._crossing()
            close = low > 0 and high / low <= CLOSE
            sure = close and found.error <= DOUBT and not self._hasty(low, high, length)
            if sure or low >= self.highest:
                return
            rate = self._hasty(low, high, length) or (found.rate if close else self._between(low, high))
            if (yield from self._ask(min(rate, self.highest), length, "narrow")) is None:
                return

    def _hasty(self, low: float, high: float, length: float) -> float | None:
        """An end of the bracket that rests on a short probe which decided nothing: the search must not build on it."""
        for rate in (high, low):
            seen = self.seen.get(rate)
            if seen and seen.seconds < length / 2 and verdict(seen, self.goal)[0] is None:
                return rate
        return None

    @staticmethod
    def _between(low: float, high: float) -> float:
        """The middle in log-rate; a step beyond, where later probes have taken one end of the bracket away."""
        if high == math.inf:
            return low * math.sqrt(STEP)
        return math.sqrt(low * high) if low else high / math.sqrt(STEP)

    def _confirm(self, length: float) -> Stage:
        """A long probe with a fresh seed, as far below the estimate as it takes to prove something in that time."""
        rate = math.inf
        while self.left >= max(SHORTEST, length):
            seconds = 3 * length if self.left >= 4 * length else self.left
            rate = min(rate / NOTCH, self._provable(seconds))
            seen = yield from self._ask(rate, seconds, "confirm")
            if seen and not seen.invalid and verdict(seen, self.goal)[0]:
                self.proven = rate
                return

    def _provable(self, seconds: float) -> float:
        """The highest rate at which a probe of that length would very likely prove that the goal is kept."""
        low, high = self._bracket()
        if high == math.inf:
            return low
        found, _ = self._crossing()
        limit = 1 - self.goal.quantile
        far = 2 * min(abs(math.log(rate / found.rate)) for rate in self.seen)
        near = [s.effective / s.seconds for s in self.seen.values() if abs(math.log(s.rate / found.rate)) <= max(NEAR, far)]
        effective = max(1.0, min(near) * seconds)
        margin = odds(limit) - odds(provable(int(effective), limit))
        margin = margin / found.slope + min(found.error, 0.05)
        return found.rate * math.exp(-min(FURTHEST, max(math.log(NOTCH) / 2, margin)))

    def _ask(self, rate: float, seconds: float, kind: str) -> Asking:
        """One probe, repeated once if the client's own trouble may have broken the goal; None if the budget is used up.

        Such trouble only makes responses longer: what was kept in spite of it counts, what was broken does not.
        """
        for _ in range(2):
            seconds = min(seconds, self.left)
            if seconds < SHORTEST:
                return None
            probe = Probe(rate, seconds, random.Random(f"{self.seed}/{len(self.told)}").getrandbits(48), kind)
            seen = yield probe
            self.left -= seconds
            void = bool(seen.invalid) and not seems_kept(seen, self.goal)
            self.told.append(Told(probe, seen, None, seen.invalid) if void else Told(probe, seen, *verdict(seen, self.goal)))
            if not void:
                seen = replace(seen, invalid="")
                self.seen[rate] = merged(self.seen.get(rate), seen)
                return seen
        self.ceiling, self.client = min(self.ceiling, rate), seen.invalid
        return seen

    def _criteria(self) -> list[tuple[str, list[Point], float]]:
        """Each criterion's name, its share at every rate, and the limit of that."""
        goal, rows = self.goal, list(self.seen.values())
        over = [Point(seen.rate, 1.0 if seen.saturated else seen.over, max(1.0, seen.effective)) for seen in rows]
        wrong = [Point(seen.rate, failing(seen, goal), max(1.0, seen.failed_effective)) for seen in rows]
        client = [Point(self.ceiling, 1.0, 100.0)] if self.ceiling < math.inf else []
        good = [Point(seen.rate, 0.0, 100.0) for seen in rows if seen.rate < self.ceiling]
        return [
            (f"p{goal.quantile * 100:g}", over, 1 - goal.quantile),
            ("errors", wrong, goal.errors or 0.5),
            *([(self.client, good + client, 0.5)] if client else []),
        ]

    def _bracket(self) -> tuple[float, float]:
        """(highest rate that seems to keep every criterion, lowest that seems to break one); 0 and inf if open."""
        ends = [bracket(points, limit) for _, points, limit in self._criteria()]
        return min(low for low, _ in ends), min(high for _, high in ends)

    def _crossing(self) -> tuple[Crossing, str]:
        """Where the first criterion breaks, and which one that is; saturation if only the queue's growth shows it."""
        closed = [
            (crossing(points, limit), name) for name, points, limit in self._criteria() if bracket(points, limit)[1] < math.inf
        ]
        if not closed:
            return Crossing(self._bracket()[0]), ""
        found, name = min(closed, key=lambda pair: pair[0].rate)
        broken = [seen for seen in self.seen.values() if seen.rate >= found.rate and seen.saturated]
        first = min(broken, key=lambda seen: seen.rate, default=None)
        queue = name == self._criteria()[0][0] and first is not None and first.over < 1 - self.goal.quantile
        return found, "saturation" if queue else name
