"""Where a share crosses its limit as the rate rises: first which two rates it lies between, then where between them.

Each probe gives the share of requests that broke the goal at its rate, and the effective n behind it. The share cannot
fall as the rate rises, so the shares are pooled until they ascend (isotonic regression); the crossing lies between two
neighbours. Within them, and with the help of the probes close by, log-odds are a straight line in log-rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

NEAR = 0.3
"""Probes whose log-rate is further away from the crossing tell nothing about where it is."""
HEAVIEST = 400.0
"""Most that one probe may weigh: beyond it the straight line is wrong before the count is."""
STEEP = (20.0, 20.0)
"""Slope of the log-odds in log-rate, before anything is seen: mean and spread (M/D/1 near its capacity: 6 to 75)."""


@dataclass(frozen=True, slots=True)
class Point:
    """The share of requests that broke the goal at a rate."""

    rate: float
    share: float
    weight: float
    """Effective number of requests."""


def bracket(points: Sequence[Point], limit: float) -> tuple[float, float]:
    """(highest rate at which the pooled share is below the limit, lowest above that): 0 and inf where there is none."""
    blocks: list[list[Point]] = []
    for point in sorted(points, key=lambda point: point.rate):
        blocks.append([point])
        while len(blocks) > 1 and _share(blocks[-2]) >= _share(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    below = [point.rate for block in blocks if _share(block) < limit for point in block]
    above = [point.rate for block in blocks if _share(block) >= limit for point in block]
    return max(below, default=0.0), min(above, default=math.inf)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where the share reaches its limit: the rate, the standard error of its logarithm, the slope of the log-odds."""

    rate: float
    error: float = math.inf
    slope: float = STEEP[0]


def crossing(points: Sequence[Point], limit: float) -> Crossing:
    """Where the share reaches the limit; the nearer end, with an infinite error, where one side is open."""
    low, high = bracket(points, limit)
    if low == 0.0 or high == math.inf:
        return Crossing(high if low == 0.0 else low)
    middle = (math.log(low) + math.log(high)) / 2
    near = [point for point in points if abs(math.log(point.rate) - middle) <= NEAR + math.log(high / low) / 2]
    level, slope, error = _line(near, middle, odds(limit))
    found = middle + (odds(limit) - level) / slope
    room = math.log(high / low)  # the line may be a little wiser than the bracket, not much
    rate = math.exp(min(max(found, math.log(low) - room / 2), math.log(high) + room / 2))
    return Crossing(rate, error / slope, slope)


def odds(share: float) -> float:
    """Log-odds of a share within (0, 1)."""
    return math.log(share / (1 - share))


def _share(block: Sequence[Point]) -> float:
    weight = sum(point.weight for point in block)
    return sum(point.share * point.weight for point in block) / weight if weight else 1.0


def _line(points: Sequence[Point], middle: float, guess: float) -> tuple[float, float, float]:
    """Logistic regression by Newton's method: log-odds in the middle, their slope (held by its prior), the first's error."""
    level, slope, error = guess, STEEP[0], math.inf
    rows = [(math.log(p.rate) - middle, p.share, max(1.0, min(p.weight, HEAVIEST))) for p in points]
    for _ in range(30):
        g0 = g1 = h01 = 0.0
        h00, h11 = 1e-6, STEEP[1] ** -2
        g1 -= (slope - STEEP[0]) * h11
        for x, share, weight in rows:
            fitted = 1 / (1 + math.exp(-min(30.0, max(-30.0, level + slope * x))))
            rest = weight * (share - fitted)
            bend = weight * fitted * (1 - fitted) + 1e-9
            g0, g1, h00, h01, h11 = g0 + rest, g1 + rest * x, h00 + bend, h01 + bend * x, h11 + bend * x * x
        spread = h00 * h11 - h01 * h01
        up, tilt = (h11 * g0 - h01 * g1) / spread, (h00 * g1 - h01 * g0) / spread
        size = max(1.0, abs(up) / 2, abs(tilt) / 20)  # no leaps: far from the optimum the parabola is wrong
        level, slope = level + up / size, max(2.0, slope + tilt / size)
        error = math.sqrt(h11 / spread)
        if abs(up) + abs(tilt) < 1e-6:
            break
    return level, slope, error
