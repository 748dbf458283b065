"""Two stored runs: the spread within a run says nothing about another day, so history has to.

z = θ̂ / √(2τ² + s₁²/n₁ + s₂²/n₂), τ² = variance between sessions of this metric on this machine, estimated from
successive differences of the sessions' log medians (a drift or a step inflates it little). Without enough history
the verdict is capped at "suggests" (E0), and the τ at which the gap would be noise is named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fibench.compare import pair
from fibench.compare.verdict import INCONCLUSIVE, NOT_COMPARABLE, judge
from fibench.model.metric import Metric
from fibench.model.result import Comparison
from fibench.model.run import CaseRecord
from fibench.stats.sequential import Interval
from fibench.stats.student import critical

FEWEST_SESSIONS = 4
"""Sessions of one case from which the variance between sessions is worth estimating."""


@dataclass(frozen=True, slots=True)
class Side:
    """One stored measurement: log median, its squared standard error, and how it is called ("before/v2")."""

    name: str
    centre: float
    error: float
    units: int


def side(name: str, record: CaseRecord, metric: Metric, variant: str) -> Side | None:
    """A variant's log median in one run; None when it has no (positive) values."""
    values = pair.unit_values(record, metric.name, variant)
    if not len(values) or (values <= 0).any():
        return None
    logs = np.log(values)
    spread = 1.4826 * float(np.median(np.abs(logs - np.median(logs))))
    return Side(name, float(np.median(logs)), (1.2533 * spread) ** 2 / len(logs), len(logs))


def session_deviation(centres: Sequence[float]) -> float | None:
    """τ from the log medians of successive sessions, oldest first; None below four sessions."""
    if len(centres) < FEWEST_SESSIONS:
        return None
    steps = np.abs(np.diff(np.asarray(centres)))
    return float(1.4826 * np.median(steps) / math.sqrt(2))


def compare_sides(
    before: Side, after: Side, metric: Metric, margin: float, alpha: float, history: Sequence[float]
) -> Comparison:
    """The comparison of two runs of one variant, with the interval that the history between sessions allows."""
    sign = 1.0 if metric.direction == "lower" else -1.0
    gap = sign * (before.centre - after.centre)
    within = before.error + after.error
    tau = session_deviation(history)
    if tau is None:
        return _suggestion(before, after, metric, gap, within, margin, alpha)
    half = critical(alpha, len(history) - 1) * math.sqrt(2 * tau**2 + within)
    interval = Interval(gap, gap - half, gap + half, min(before.units, after.units))
    found = judge(interval, margin, metric)
    reason = f"{found.reason}; sessions of this case differ by τ = {math.expm1(tau):.1%} ({len(history)} sessions)"
    return _row(before, after, metric, interval, alpha, found.verdict, "E1", margin, reason)


def _suggestion(
    before: Side, after: Side, metric: Metric, gap: float, within: float, margin: float, alpha: float
) -> Comparison:
    """E0: no history, so no interval; what the gap suggests, and how noisy sessions would have to be to explain it."""
    explains = math.sqrt(max(0.0, (gap / 2.5758) ** 2 - within) / 2)
    beyond = abs(gap) > math.log1p(margin) and explains > 0
    word = metric.words[0 if gap > 0 else 1]
    verdict = f"SUGGESTS {word}" if beyond else INCONCLUSIVE
    reason = (
        f"two bare runs: the gap would be noise if sessions differ by τ ≥ {math.expm1(explains):.1%}"
        f"; {FEWEST_SESSIONS} stored sessions of this case would tell"
    )
    interval = Interval(gap, -math.inf, math.inf, min(before.units, after.units))
    return _row(before, after, metric, interval, alpha, verdict, "E0", margin, reason)


def not_comparable(before: str, after: str, metric: Metric, alpha: float, fields: Sequence[str]) -> Comparison:
    """The runs differ in what decides: the fields are named."""
    reason = "; ".join(fields)
    return Comparison(metric.name, before, after, None, None, None, 1 - alpha, NOT_COMPARABLE, "E0", 0, 0.0, reason=reason)


def _row(
    before: Side, after: Side, metric: Metric, interval: Interval, alpha: float,
    verdict: str, evidence: str, margin: float, reason: str,
) -> Comparison:  # fmt: skip
    low, high = (math.exp(bound) if math.isfinite(bound) else None for bound in (interval.low, interval.high))
    return Comparison(
        metric=metric.name, baseline=before.name, candidate=after.name, ratio=math.exp(interval.estimate),
        low=low, high=high, level=1 - alpha, verdict=verdict, evidence=evidence, units=interval.units,
        seconds=0.0, margin=margin, reason=reason,
    )  # fmt: skip
