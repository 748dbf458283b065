"""Two stored runs: the spread within a run says nothing about another day, so history has to.

z = θ̂ / √(2τ² + s₁²/n₁ + s₂²/n₂), τ² = variance between sessions of this metric on this machine, estimated from
the log medians of sessions that ran the same code. Without enough history the verdict is capped at "suggests" (E0),
and the τ at which the gap would be noise is named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fibench.judge import pair
from fibench.judge.verdict import INCONCLUSIVE, NOT_COMPARABLE, judge
from fibench.model.metric import Metric
from fibench.model.result import Comparison
from fibench.model.run import CaseRecord
from fibench.stats.sequential import Interval
from fibench.stats.student import critical, two_tails

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


def session_deviation(groups: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """τ and its degrees of freedom from log medians of sessions, oldest first, one group for each version of the code.

    The larger of what successive sessions and what all sessions of a group differ by: successive steps alone would
    miss the slow drift that separates a run of today from one of last month. None below four sessions in a group.
    """
    enough = [np.asarray(group) for group in groups if len(group) >= FEWEST_SESSIONS]
    if not enough:
        return None
    steps = np.concatenate([np.abs(np.diff(group)) for group in enough])
    spread = np.concatenate([group - group.mean() for group in enough])
    freedom = len(spread) - len(enough)
    overall = math.sqrt(float(np.sum(spread**2)) / freedom)
    return max(1.4826 * float(np.median(steps)) / math.sqrt(2), overall), freedom


def compare_sides(
    before: Side, after: Side, metric: Metric, margin: float, alpha: float, history: Sequence[Sequence[float]]
) -> Comparison:
    """The comparison of two runs of one variant, with the interval that the history between sessions allows."""
    sign = 1.0 if metric.direction == "lower" else -1.0
    gap = sign * (before.centre - after.centre)
    within = before.error + after.error
    known = session_deviation(history)
    if known is None:
        return _suggestion(before, after, metric, gap, within, margin, alpha)
    tau, freedom = known
    error = max(math.sqrt(2 * tau**2 + within), 1e-12)
    half = critical(alpha, freedom) * error
    interval = Interval(gap, gap - half, gap + half, min(before.units, after.units))
    found = judge(interval, margin, metric, alpha)
    reason = f"{found.reason}; runs of this case differ by {math.expm1(tau):.1%} from session to session"
    worse = (-math.log1p(margin) - gap) / error
    p_worse = two_tails(worse, freedom) / 2 if worse > 0 else 1.0
    return _row(before, after, metric, interval, alpha, found.verdict, "E1", margin, reason, p_worse)


def _suggestion(
    before: Side, after: Side, metric: Metric, gap: float, within: float, margin: float, alpha: float
) -> Comparison:
    """E0: no history, so no interval; what the gap suggests, and how noisy sessions would have to be to explain it."""
    explains = math.sqrt(max(0.0, (gap / 2.5758) ** 2 - within) / 2)
    beyond = abs(gap) > math.log1p(margin) and explains > 0
    verdict = f"SUGGESTS {metric.words[0 if gap > 0 else 1]}" if beyond else INCONCLUSIVE
    reason = "only one run on each side, so how much runs differ from session to session is unknown"
    if beyond:
        reason += f" (noise, if by {math.expm1(explains):.1%} or more)"
    reason += f"; {FEWEST_SESSIONS} stored runs of the same code would tell; both measured side by side decide at once"
    interval = Interval(gap, -math.inf, math.inf, min(before.units, after.units))
    return _row(before, after, metric, interval, alpha, verdict, "E0", margin, reason, 1.0)


def not_comparable(before: str, after: str, metric: Metric, alpha: float, fields: Sequence[str]) -> Comparison:
    """The runs differ in what decides: the fields are named."""
    reason = "; ".join(fields)
    return Comparison(metric.name, before, after, None, None, None, 1 - alpha, NOT_COMPARABLE, "E0", 0, 0.0, reason=reason)


def _row(
    before: Side, after: Side, metric: Metric, interval: Interval, alpha: float,
    verdict: str, evidence: str, margin: float, reason: str, p_worse: float,
) -> Comparison:  # fmt: skip
    low, high = (math.exp(bound) if math.isfinite(bound) else None for bound in (interval.low, interval.high))
    return Comparison(
        metric=metric.name, baseline=before.name, candidate=after.name, ratio=math.exp(interval.estimate),
        low=low, high=high, level=1 - alpha, verdict=verdict, evidence=evidence, units=interval.units,
        seconds=0.0, margin=margin, reason=reason, p_worse=p_worse,
    )  # fmt: skip
