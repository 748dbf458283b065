"""Fewer points, the same picture: the tails and the extremes always stay."""

from __future__ import annotations

import math
from collections.abc import Sequence

TAIL = 12


def finite(values: Sequence[float]) -> list[float]:
    """What can be drawn."""
    return [value for value in values if math.isfinite(value)]


def quantiles(values: Sequence[float], most: int) -> list[tuple[float, float]]:
    """(value, share at or below) of the sorted values: about `most` of them, all of both tails."""
    ordered, many = sorted(values), len(values)
    inner = (TAIL + (many - 2 * TAIL) * step // (most - 2 * TAIL) for step in range(most - 2 * TAIL))
    kept = range(many) if many <= most else sorted({*range(TAIL), *inner, *range(many - TAIL, many)})
    return [(ordered[index], (index + 1) / many) for index in kept]


def extremes(points: Sequence[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """The lowest, the highest and the first point of every bucket of neighbours."""
    if len(points) <= most:
        return list(points)
    size = math.ceil(len(points) * 3 / most)
    kept: list[tuple[int, float]] = []
    for start in range(0, len(points), size):
        bucket = points[start : start + size]
        ends = {bucket[0], min(bucket, key=_value), max(bucket, key=_value)}
        kept += sorted(ends)
    return kept


def _value(point: tuple[int, float]) -> float:
    return point[1]


def fences(groups: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The range worth its ink: every group's middle 98 % and three times its spread; the rest is counted at the edge."""
    bounds = [_fence(sorted(group)) for group in groups if group]
    return (min(low for low, _ in bounds), max(high for _, high in bounds)) if bounds else (0.0, 1.0)


def _fence(ordered: Sequence[float]) -> tuple[float, float]:
    last = len(ordered) - 1
    quarter, middle, three = (ordered[round(last * share)] for share in (0.25, 0.5, 0.75))
    reach = 6 * max(three - quarter, abs(middle) * 0.005)
    low, high = ordered[round(last * 0.01)], ordered[round(last * 0.99)]
    return max(ordered[0], min(low, middle - reach)), min(ordered[-1], max(high, middle + reach))
