"""May this change go in? Only metrics declared `gate:` can say no, and tiny real changes do not.

The null is non-inferiority: "not worse by more than the margin". Holm over p = 1/sup E keeps the chance of any false
red in the whole suite at α, whenever the runs stopped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fibench.compare import pair
from fibench.compare.case import compare, control, effective_margin, interval_of
from fibench.compare.verdict import INVALID
from fibench.model.result import Comparison
from fibench.model.run import CaseRecord
from fibench.stats.sequential import sup_e_value

Word = Literal["pass", "worse", "undecided", "invalid"]


@dataclass(frozen=True, slots=True)
class Gated:
    """One gated metric of one case and candidate: `p` tests "worse by more than the margin"."""

    case: str
    comparison: Comparison
    word: Word
    p: float
    reason: str


def gated(record: CaseRecord) -> list[Gated]:
    """Every gate metric of a case, before the whole suite is considered."""
    found = []
    for name in record.case.gate:
        metric = record.case.metric(name)
        twin = control(record, metric)
        for variant in record.case.variants[1:]:
            comparison = compare(record, metric, variant.name, twin)
            if comparison.verdict == INVALID or not comparison.units:
                found.append(Gated(record.case.title, comparison, "invalid", 1.0, comparison.reason))
                continue
            differences = pair.gains(record, metric, comparison.baseline, comparison.candidate)
            margin = math.log1p(effective_margin(record.case.measure.margin_of(name), twin))
            interval = interval_of(record, metric, differences)
            if metric.counted and interval.low == interval.high:
                p = 0.0 if interval.high < -margin else 1.0  # counted, not sampled: there is no chance in it
            else:
                p = 1 / sup_e_value(differences, -margin, side=-1)
            safe = interval.low > -margin
            found.append(Gated(record.case.title, comparison, "pass" if safe else "undecided", p, _reason(comparison, safe)))
    return found


def holm(rows: Sequence[Gated], alpha: float) -> list[Gated]:
    """The rows with "worse" where the suite-wide test says so (Holm 1979, step-down)."""
    order = sorted(range(len(rows)), key=lambda index: rows[index].p)
    worse: set[int] = set()
    for step, index in enumerate(order):
        if rows[index].p * (len(rows) - step) > alpha:
            break
        worse.add(index)
    return [
        replace(row, word="worse", reason=f"worse by more than the margin (p ≤ {row.p:.2g}, Holm over {len(rows)})")
        if index in worse
        else row
        for index, row in enumerate(rows)
    ]


def from_stored(case: str, comparison: Comparison, margin: float) -> Gated:
    """A comparison against a stored run: decided by its interval, and only with session history (E1)."""
    delta = 1 / (1 + margin)
    if comparison.ratio is None:
        return Gated(case, comparison, "invalid", 1.0, comparison.reason)
    if comparison.evidence == "E0" or comparison.low is None or comparison.high is None:
        return Gated(case, comparison, "undecided", 1.0, comparison.reason)
    if comparison.high < delta:
        return Gated(case, comparison, "worse", 1 - comparison.level, comparison.reason)
    return Gated(case, comparison, "pass" if comparison.low > delta else "undecided", 1.0, comparison.reason)


def _reason(comparison: Comparison, safe: bool) -> str:
    return f"not worse by more than {comparison.margin:.3g}" if safe else comparison.reason
