"""When a case has been measured enough. Pure; asked after every generation."""

from __future__ import annotations

from fibench.compare.case import compare, control
from fibench.compare.claims import undecided
from fibench.compare.verdict import INCONCLUSIVE
from fibench.model.run import CaseRecord

FEWEST_GENERATIONS = 2


class UntilDecided:
    """Stop when all claims of the case are decided, or, without claims, all verdicts; gate metrics always count."""

    def decided(self, record: CaseRecord) -> bool:
        """True when more units could not change any answer that was asked for."""
        if record.case.measure.max_units and _units(record) >= record.case.measure.max_units:
            return True
        if len(record.generations) < FEWEST_GENERATIONS:
            return False
        claims = [claim for claim in record.case.claims if claim.tests]
        if any(undecided(claim, record) for claim in claims):
            return False
        metrics = set(record.case.gate) if claims else {*record.case.gate, *record.case.measure.metrics}
        return not any(self._open(record, name) for name in metrics)

    def _open(self, record: CaseRecord, name: str) -> bool:
        metric = record.case.metric(name)
        twin = control(record, metric)
        candidates = record.case.variants[1:]
        if not candidates or record.case.baseline.name in record.failures:
            return _units(record) < 10  # nothing to compare: a description needs no more
        return any(compare(record, metric, variant.name, twin).verdict == INCONCLUSIVE for variant in candidates)


def _units(record: CaseRecord) -> int:
    if record.unit == "generation":
        return len(record.generations)
    return sum(max(generation.rounds) + 1 for generation in record.generations if generation.rounds)
