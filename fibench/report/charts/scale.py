"""Numbers → pixels, linear or logarithmic, with ticks that people would have chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """A monotone map of [low, high] onto [start, end]; what lies outside is drawn at the edge."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        value = min(max(value, self.low), self.high)
        share = (self._lift(value) - self._lift(self.low)) / (self._lift(self.high) - self._lift(self.low))
        return self.start + share * (self.end - self.start)

    def _lift(self, value: float) -> float:
        return math.log(value) if self.log else value

    def ticks(self, most: int) -> tuple[float, ...]:
        """At most about `most` round numbers inside the range."""
        if self.log and self.high / self.low >= 6:
            return _decades(self.low, self.high, most)
        return _even(self.low, self.high, most)


def fit(values: Sequence[float], start: float, end: float, *, log: bool = False, room: float = 0.04) -> Scale:
    """A scale that holds all `values` with a little room; equal values get a range around them."""
    low, high = (min(values), max(values)) if values else (1.0, 1.0)
    if log:
        low, high = max(low, 1e-300), max(high, 1e-300)
        factor = (high / low) ** room if high / low > 1 + 1e-9 else 1.05
        return Scale(low / factor, high * factor, start, end, log=True)
    space = (high - low) * room if high - low > 1e-12 * abs(high) else abs(high) * 0.05 or 1.0
    return Scale(low - space, high + space, start, end)


def _even(low: float, high: float, most: int) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten; the range is halved into fewer until they fit."""
    raw = (high - low) / max(1, most)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    found = (round(step * (first + index), 12 - math.floor(math.log10(step))) for index in range(most + 2))
    return tuple(tick for tick in found if low <= tick <= high)


def _decades(low: float, high: float, most: int) -> tuple[float, ...]:
    """1, 2, 5, 10 … while they fit, else 1, 10, 100 …, else every n-th power."""
    span = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = tuple(tick for power in span for digit in digits if low <= (tick := digit * 10.0**power) <= high)
        if len(found) <= most:
            return found
    return found[:: math.ceil(len(found) / max(1, most))]
