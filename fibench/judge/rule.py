"""When a case has been measured enough. Pure; asked after every generation."""

from __future__ import annotations

from fibench.judge.case import compare, control
from fibench.judge.claims import undecided
from fibench.judge.gate import gated
from fibench.judge.pair import units
from fibench.judge.verdict import INCONCLUSIVE
from fibench.model.run import CaseRecord

FEWEST_GENERATIONS = 2
DESCRIPTION = 10
"""Units after which a variant that has nothing to be compared with is described well enough."""


class UntilDecided:
    """Stop when all claims of the case are decided, or, without claims, all verdicts; gate metrics always count."""

    def decided(self, record: CaseRecord) -> bool:
        """True when more units could not change any answer that was asked for."""
        if len(record.generations) < FEWEST_GENERATIONS:
            return False
        claims = [claim for claim in record.case.claims if claim.tests]
        if any(undecided(claim, record) for claim in claims):
            return False
        if _gate_open(record, record.case.measure.alpha):
            return False
        return bool(claims) or not any(self._open(record, name) for name in record.case.measure.metrics)

    def _open(self, record: CaseRecord, name: str) -> bool:
        metric = record.case.metric(name)
        twin = control(record, metric)
        candidates = record.case.variants[1:]
        if not candidates or record.case.baseline.name in record.failures:
            return units(record) < DESCRIPTION
        return any(compare(record, metric, variant.name, twin).verdict == INCONCLUSIVE for variant in candidates)


class UntilGated:
    """Stop when every gated metric of the case may pass, or is red even among all rows of the suite.

    Holm asks each row for α / rows before it can turn red, so a gate must go on for longer than a verdict would.
    """

    def __init__(self, rows: int, alpha: float) -> None:
        self.level = alpha / max(1, rows)

    def decided(self, record: CaseRecord) -> bool:
        """True when the gate's answer on this case is known."""
        return len(record.generations) >= FEWEST_GENERATIONS and not _gate_open(record, self.level)


def _gate_open(record: CaseRecord, level: float) -> bool:
    return any(row.word == "undecided" and row.p > level for row in gated(record))
