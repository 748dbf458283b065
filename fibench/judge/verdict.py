"""An interval and a margin become a word. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fibench import units
from fibench.model.metric import Metric
from fibench.stats.sequential import Interval, fewest_units

EQUIVALENT, NEGLIGIBLE, INCONCLUSIVE = "EQUIVALENT", "CHANGED, NEGLIGIBLE", "INCONCLUSIVE"
NOT_COMPARABLE, INVALID = "NOT COMPARABLE", "INVALID"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The word, why, and about how many more units an undecided one needs (0: decided, None: unknown)."""

    verdict: str
    reason: str
    more: int | None = 0


def judge(interval: Interval, margin: float, metric: Metric, alpha: float = 0.01, unit: str = "unit") -> Judgement:
    """Judge a gain (log scale, above 0 better) against ±margin (a fraction, 0.02 = 2 %); `unit` is its unit's name."""
    delta = math.log1p(margin)
    gain, loss = metric.words
    if not interval.bounded:
        needed = fewest_units(alpha)
        return Judgement(
            INCONCLUSIVE, f"{interval.units} of the {needed} {unit}s that it takes", max(1, needed - interval.units)
        )
    if interval.low > delta:
        return Judgement(gain, "the whole interval lies beyond the margin")
    if interval.high < -delta:
        return Judgement(loss, "the whole interval lies beyond the margin")
    if -delta < interval.low and interval.high < delta:
        if interval.low <= 0 <= interval.high:
            return Judgement(EQUIVALENT, f"the whole interval lies inside ±{units.show(margin, '%')}")
        return Judgement(NEGLIGIBLE, f"a real difference, but inside ±{units.show(margin, '%')}")
    return Judgement(INCONCLUSIVE, _open_question(interval, gain, loss), units_needed(interval, (delta, -delta)))


def units_needed(interval: Interval, bounds: tuple[float, ...]) -> int | None:
    """About how many more units move the interval clear of the nearest bound: its width shrinks with √n."""
    distances = [abs(interval.estimate - bound) for bound in bounds]
    nearest = min(distances)
    if nearest <= 0 or not interval.bounded:
        return None
    wider = max(interval.high - interval.estimate, interval.estimate - interval.low)
    needed = interval.units * (wider / nearest) ** 2
    return max(1, math.ceil(needed - interval.units)) if needed < 1e6 else None


def _open_question(interval: Interval, gain: str, loss: str) -> str:
    if interval.low > 0:
        return f"{gain.lower()} for sure, but perhaps by less than the margin"
    if interval.high < 0:
        return f"{loss.lower()} for sure, but perhaps by less than the margin"
    return "the interval holds both a difference and none"
