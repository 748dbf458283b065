"""One probe of the capacity search: does a rate keep the goal? Decided by order statistics, never by a point estimate.

The upper 97.5 % bound of the p-quantile is the order statistic x₍u₎ with u = binom.ppf(0.975, n, p) + 1. It lies below X
exactly when the share of requests above X is so small that a binomial with 1 − p gives it in less than 2.5 % of all
cases; so counting the requests above X decides, and failed ones (+inf) need no special case.

Consecutive responses are alike, so n is replaced by an effective n: the smaller of n·(1 − ρ₁)/(1 + ρ₁), ρ₁ the lag-1
autocorrelation of "above the sample quantile", and what the spread of the means of 25 batches says.

Beyond capacity there is no steady state and no quantile: a probe fails there because its queue grows (Theil-Sen slope of
the requests in flight, Mann-Kendall p < 1 %, latency rising) or because too little of what was due was answered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from fibench.traffic import record
from fibench.traffic.job import Shot
from fibench.traffic.validity import Limits
from fibench.traffic.window import right

WARM = 0.1
"""Share of a probe that fills the queue and counts for nothing but the slope."""
SURE = 0.025
"""One-sided risk of each verdict."""
ANSWERED = 0.98
"""Least share of the due requests that must be answered at the end of the probe, or `below` later."""
GROWTH = 0.01
"""Share of the rate by which the queue may grow without counting as growing; and at least by LEAST requests in all."""
LEAST = 5
BATCHES = 25
BINS = 20


@dataclass(frozen=True, slots=True)
class Goal:
    """What the highest rate must keep: the `quantile` of `response` below `below` s, failed share below `errors`."""

    below: float
    quantile: float = 0.95
    errors: float = 0.01
    """0: not one request may fail."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a probe saw; all that the search keeps of it."""

    rate: float
    seconds: float
    requests: int
    """Requests after the warm-up."""
    response: float
    """The goal's quantile in s (+inf among failures) …"""
    low: float
    high: float
    """… and its one-sided 97.5 % bounds; inf where there are too few requests for one."""
    median: float
    over: float
    """Share of the requests above the goal's limit, failed ones included …"""
    effective: float
    """… and the effective number of requests behind it."""
    failed: float
    failed_effective: float
    saturated: bool
    growing: bool
    invalid: str = ""
    """Why the probe says nothing about the server (`validity.breaches`): the load was not what was asked for."""


def limits(goal: Goal) -> Limits:
    """What makes a probe void (for `validity.breaches`): only the client's own faults, by the measure of the goal.

    Overload, errors and unsent requests are no breaches here: they are what the search is after.
    """
    return Limits(achieved=0.0, late=max(1e-3, goal.below / 10), little=math.inf, errors=1.0)


def observation(
    records: Any, shot: Shot, rate: float, goal: Goal, statuses: frozenset[int] = frozenset(), invalid: str = ""
) -> Observation:
    """What the records of a window at `rate` requests per second say; `invalid` is the first breach, if it must not count."""
    failed = ~right(records, statuses)
    failed |= records["status"] == record.SHED
    responses = records["dispatch"] + records["service"]
    return observe(records["due"] * 1e-6, responses, failed, rate, shot.seconds, goal, invalid=invalid)


def observe(
    dues: Any, responses: Any, failed: Any, rate: float, seconds: float, goal: Goal, *, invalid: str = ""
) -> Observation:
    """The same from columns, in any order: s from the window's start, s, and which of them failed."""
    import numpy

    order = numpy.argsort(dues, kind="stable")
    dues, responses, failed = (numpy.asarray(column)[order] for column in (dues, responses, failed))
    ends = dues + responses
    kept = dues >= WARM * seconds
    values = numpy.where(failed, numpy.inf, responses)[kept].astype(float)
    n = len(values)
    if not n:
        return Observation(rate, seconds, 0, math.nan, 0, math.inf, math.nan, 0, 0, 0, 0, False, False, invalid)
    point, low, high, effective = bounds(values, goal.quantile)
    growing = _growing(dues, ends, rate, seconds)
    third = n // 3
    rising = third > 0 and float(numpy.median(values[-third:])) > 1.2 * float(numpy.median(values[:third]))
    answered = float(((ends <= seconds + goal.below) | failed)[kept].mean())
    wrong = failed[kept]
    return Observation(
        rate, seconds, n, point, low, high, float(numpy.median(values)),
        over=float((values >= goal.below).mean()), effective=effective,
        failed=float(wrong.mean()), failed_effective=n / inflation(wrong),
        saturated=answered < ANSWERED or (growing and rising), growing=growing, invalid=invalid,
    )  # fmt: skip


def merged(one: Observation | None, two: Observation) -> Observation:
    """Two probes of the same rate as one: shares are weighted by their effective n, a verdict of saturation stands."""
    if one is None or not one.requests:
        return two
    wiser = one if one.effective > two.effective else two  # the quantile and its bounds of the one that knows more
    return replace(
        wiser,
        seconds=one.seconds + two.seconds,
        requests=one.requests + two.requests,
        over=_mean(one.over, two.over, one.effective, two.effective),
        effective=one.effective + two.effective,
        failed=_mean(one.failed, two.failed, one.failed_effective, two.failed_effective),
        failed_effective=one.failed_effective + two.failed_effective,
        saturated=one.saturated or two.saturated,
        growing=one.growing and two.growing,
    )


def verdict(seen: Observation, goal: Goal) -> tuple[bool | None, str]:
    """(True: keeps the goal, False: does not, None: undecided; what decided or is open)."""
    quantile = f"p{goal.quantile * 100:g}"
    if seen.saturated:
        return False, "saturation"
    if _above(seen.over, seen.effective, 1 - goal.quantile):
        return False, quantile
    if seen.failed and (not goal.errors or _above(seen.failed, seen.failed_effective, goal.errors)):
        return False, "errors"
    if not _under(seen.over, seen.effective, 1 - goal.quantile):
        return None, quantile
    if goal.errors and not _under(seen.failed, seen.failed_effective, goal.errors):
        return None, "errors"
    return (None, "saturation") if seen.growing else (True, "")


def seems_kept(seen: Observation, goal: Goal) -> bool:
    """Whether the goal was kept by the point estimates, proven or not."""
    errors = failing(seen, goal) < goal.errors or not seen.failed
    return seen.requests > 0 and not seen.saturated and seen.over < 1 - goal.quantile and errors


def fewest(goal: Goal) -> int:
    """The independent requests without which no probe can keep the goal, whatever they say."""
    tails = [1 - goal.quantile] + ([goal.errors] if goal.errors else [])
    return math.ceil(math.log(SURE) / math.log1p(-min(tails)))


def failing(seen: Observation, goal: Goal) -> float:
    """The share that failed, drawn to half the limit where it rests on few: one failure of 50 is no 2 %."""
    if not goal.errors:
        return float(seen.failed > 0)
    few = math.log(SURE) / math.log1p(-goal.errors)
    return (seen.failed * seen.failed_effective + few * goal.errors / 2) / (seen.failed_effective + few)


def provable(effective: int, limit: float) -> float:
    """The highest share that nine of ten probes of that many requests would prove to be below the limit."""
    most = ppf(SURE, effective, limit) - 1
    low, high = 0.0, limit
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if cdf(most, effective, middle) >= 0.9 else (low, middle)
    return max(low, limit / 100)


def bounds(values: Any, q: float) -> tuple[float, float, float, float]:
    """(q-quantile, its lower and upper one-sided 97.5 % bounds, effective n) of consecutive values."""
    import numpy

    ordered = numpy.sort(values)
    n = len(ordered)
    point = float(ordered[min(n - 1, math.ceil(q * n) - 1)])
    effective = n / inflation(values > point if point < math.inf else numpy.isinf(values))
    few = max(1, round(effective))
    low, high = ppf(SURE, few, q), ppf(1 - SURE, few, q) + 1
    lower = float(ordered[max(0, math.ceil(low / few * n) - 1)]) if low >= 1 else 0.0
    upper = float(ordered[min(n - 1, math.ceil(high / few * n) - 1)]) if high <= few else math.inf
    return point, lower, upper, effective


def inflation(flags: Any) -> float:
    """By how much correlation multiplies the variance of the mean of consecutive flags; at least 1."""
    import numpy

    flags = numpy.asarray(flags, float)
    variance, n = float(flags.var()), len(flags)
    if variance == 0.0 or n < 2 * BATCHES:
        return 1.0
    centred = flags - flags.mean()
    lag = min(0.999, max(0.0, float((centred[1:] * centred[:-1]).mean()) / variance))
    size = n // BATCHES
    means = flags[: size * BATCHES].reshape(BATCHES, size).mean(axis=1)
    return max(1.0, (1 + lag) / (1 - lag), float(means.var(ddof=1)) * size / variance)


def cdf(k: int, n: int, p: float) -> float:
    """P(at most k of n), each with probability p, exact to 1e-12."""
    if k < 0:
        return 0.0
    if k >= n or p <= 0.0:
        return 1.0
    reach, mean = int(40 * math.sqrt(n * p * (1 - p)) + 60), int(n * p)  # further from the mean there is nothing
    if k >= mean + reach:
        return 1.0
    terms = (_pmf(i, n, p) for i in range(max(0, min(k, mean) - reach), k + 1))
    return min(1.0, math.fsum(terms))


def ppf(share: float, n: int, p: float) -> int:
    """The smallest k with P(at most k of n) ≥ share."""
    low, high = -1, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if cdf(middle, n, p) >= share else (middle, high)
    return high


def _pmf(i: int, n: int, p: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
    return math.exp(ways + i * math.log(p) + (n - i) * math.log1p(-p))


def _under(share: float, effective: float, limit: float) -> bool:
    """Whether a share is below its limit with 97.5 % confidence."""
    n = int(effective)
    return cdf(math.ceil(share * n - 1e-9), n, limit) < SURE


def _above(share: float, effective: float, limit: float) -> bool:
    n = max(1, int(effective))
    return 1 - cdf(math.floor(share * n + 1e-9) - 1, n, limit) < SURE


def _growing(dues: Any, ends: Any, rate: float, seconds: float) -> bool:
    """Whether the requests in flight become more and more, and not only because more arrived than the rate says.

    A random surplus of arrivals makes a queue grow for a while, too; then as much as `rate` is answered all the same.
    """
    import numpy

    moments = numpy.linspace(WARM * seconds, seconds, BINS)
    level = numpy.searchsorted(dues, moments, "right") - numpy.searchsorted(numpy.sort(ends), moments, "right")
    first, second = numpy.triu_indices(BINS, 1)
    rises = (level[second] - level[first]).astype(float)
    slope = float(numpy.median(rises / (moments[second] - moments[first])))
    score = float(numpy.sign(rises).sum())
    z = (score - 1) / math.sqrt(BINS * (BINS - 1) * (2 * BINS + 5) / 18)
    span = (1 - WARM) * seconds
    answered = int(((ends > WARM * seconds) & (ends <= seconds)).sum())
    return z > 2.326 and slope * seconds > LEAST and min(slope * span, rate * span - answered) > GROWTH * rate * span


def _mean(a: float, b: float, one: float, two: float) -> float:
    return (a * one + b * two) / (one + two) if one + two else b
