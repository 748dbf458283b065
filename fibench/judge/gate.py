"""May this change go in? Only metrics declared `gate:` can say no, and tiny real changes do not.

The null is non-inferiority: "not worse by more than the margin". Holm over p = 1/sup E keeps the chance of any false
red in the whole suite at α, whenever the runs stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from fibench import units
from fibench.judge.case import compare, control
from fibench.judge.verdict import INVALID, NOT_COMPARABLE
from fibench.model.result import Comparison
from fibench.model.run import CaseRecord

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
        found += [gated_row(record.case.title, compare(record, metric, one.name, twin)) for one in record.case.variants[1:]]
    return found


def gated_row(case: str, comparison: Comparison) -> Gated:
    """A comparison, interleaved or of two stored runs, as a row of the gate."""
    if comparison.verdict in (INVALID, NOT_COMPARABLE) or comparison.ratio is None:
        return Gated(case, comparison, "invalid", 1.0, comparison.reason)
    safe = comparison.low is not None and comparison.low > 1 / (1 + comparison.margin)
    reason = f"not worse by more than {units.show(comparison.margin, '%')}" if safe else comparison.reason
    return Gated(case, comparison, "pass" if safe else "undecided", comparison.p_worse, reason)


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
