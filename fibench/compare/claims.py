"""Sentences that somebody stated → CONFIRMED, REFUTED, UNPROVEN or NOT TESTABLE, by how much and why.

Each claim is tested at its own bound: confirmed when the whole interval satisfies it, refuted when none of it does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fibench import units
from fibench.compare import pair
from fibench.compare.case import UNAVAILABLE, interval_of, plain
from fibench.compare.formula import evaluate
from fibench.model.metric import Metric
from fibench.model.result import ClaimResult
from fibench.model.run import CaseRecord
from fibench.model.scenario import Bound, Claim, Test, ValueOf
from fibench.stats.sequential import Interval, confidence_sequence

CONFIRMED, REFUTED, UNPROVEN, NOT_TESTABLE = "CONFIRMED", "REFUTED", "UNPROVEN", "NOT TESTABLE"
_WORST_FIRST = (REFUTED, NOT_TESTABLE, UNPROVEN, CONFIRMED)
_DIMENSION = {"s": "duration", "B": "size", "1/s": "rate"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One test on one case."""

    verdict: str
    reason: str
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = "×"
    case: str = ""
    metric: str = ""


def judge_claims(records: Sequence[CaseRecord]) -> tuple[ClaimResult, ...]:
    """Every claim of the records' scenarios, once, in the order in which the scenarios state them."""
    claims: dict[tuple[str, str], Claim] = {}
    for record in records:
        for claim in record.case.claims:
            claims.setdefault((record.case.scenario, claim.id), claim)
    return tuple(
        judge_claim(claim, [record for record in records if record.case.scenario == scenario])
        for (scenario, _), claim in claims.items()
    )


def judge_claim(claim: Claim, records: Sequence[CaseRecord]) -> ClaimResult:
    """One claim over the cases that it speaks of: it holds when it holds in all of them."""
    if claim.not_testable:
        return _result(claim, [Finding(NOT_TESTABLE, claim.not_testable)], records)
    if claim.formula:
        working = evaluate(claim.formula)
        verdict = CONFIRMED if working.holds else REFUTED
        return _result(claim, [Finding(verdict, f"by arithmetic: {working.text}", working.measured, unit="1")], records)
    findings = []
    for test in claim.tests:
        spoken_of = [record for record in records if record.case.matches({**claim.where, **test.where})]
        findings += [replace(judge_test(test, record), metric=test.metric) for record in spoken_of]
    return _result(claim, findings or [Finding(UNPROVEN, "its case was not run")], records)


def undecided(claim: Claim, record: CaseRecord) -> bool:
    """True while more units of this case could still decide the claim; one refuted part refutes it all."""
    tests = [test for test in claim.tests if record.case.matches({**claim.where, **test.where})]
    verdicts = {judge_test(test, record).verdict for test in tests}
    return UNPROVEN in verdicts and REFUTED not in verdicts


def judge_test(test: Test, record: CaseRecord) -> Finding:
    """One test on one case's record."""
    problem = _problem(test, record)
    if problem:
        return problem
    try:
        return _FORMS[test.form](test, record)
    except pair.NotPositiveError as error:
        return Finding(UNPROVEN, str(error), case=record.case.title)


def _problem(test: Test, record: CaseRecord) -> Finding | None:
    title = record.case.title
    for name in variants_of(test, record):
        reason = record.failures.get(name)
        if reason and reason.startswith(UNAVAILABLE):
            return Finding(NOT_TESTABLE, f"{name}: {reason}", case=title)
        if reason:
            return Finding(UNPROVEN, f"INVALID: {name}: {reason}", case=title)
    if not record.generations:
        return Finding(UNPROVEN, "nothing was measured", case=title)
    return None


def variants_of(test: Test, record: CaseRecord) -> tuple[str, ...]:
    """The variants that a test speaks of, defaults filled in."""
    names = [variant.name for variant in record.case.variants]
    if test.speedup:
        return test.speedup.baseline or names[0], test.speedup.candidate or names[min(1, len(names) - 1)]
    if test.ratio:
        return test.ratio.of, test.ratio.to
    return ((test.share or test.value).variant,)  # type: ignore[union-attr]  # a test has exactly one form


def _speedup(test: Test, record: CaseRecord) -> Finding:
    assert test.speedup is not None
    metric = record.case.metric(test.metric)
    baseline, candidate = variants_of(test, record)
    interval = interval_of(record, metric, pair.gains(record, metric, baseline, candidate))
    return _bounded(interval, test.speedup, plain, "×", record)


def _ratio(test: Test, record: CaseRecord) -> Finding:
    assert test.ratio is not None
    metric = record.case.metric(test.metric)
    interval = interval_of(record, metric, pair.log_ratios(record, metric.name, test.ratio.of, test.ratio.to))
    return _bounded(interval, test.ratio, plain, "×", record)


def _share(test: Test, record: CaseRecord) -> Finding:
    assert test.share is not None
    shares = pair.unit_shares(record, test.metric, test.share.of, test.share.variant)
    interval = confidence_sequence(shares, record.case.measure.alpha)
    return _bounded(interval, test.share, lambda value: value, "%", record)


def _value(test: Test, record: CaseRecord) -> Finding:
    assert test.value is not None
    metric = record.case.metric(test.metric)
    values = pair.unit_values(record, metric.name, test.value.variant, test.value.quantile)
    bound = absolute_bound(test.value, metric)
    if metric.counted and len(values) >= 2 and values.min() == values.max():
        exact = float(values[0])
        return _bounded(Interval(exact, exact, exact, len(values)), bound, lambda value: value, metric.unit, record)
    # one-sided: a bound on one side may spend all of α there; the two-sided sequence at 2α does
    interval = confidence_sequence(values, min(0.5, 2 * record.case.measure.alpha))
    return _bounded(interval, bound, lambda value: value, metric.unit, record)


_FORMS: dict[str, Callable[[Test, CaseRecord], Finding]] = {
    "speedup": _speedup, "ratio": _ratio, "share": _share, "value": _value,
}  # fmt: skip


def absolute_bound(value: ValueOf, metric: Metric) -> Bound:
    """ "800 ms" → at_most 0.8; a plain number is taken in the metric's base unit."""

    def parsed(text: str | float | None) -> float | None:
        if text is None or isinstance(text, (int, float)):
            return text
        return units.parse(text, _DIMENSION[metric.unit]) if metric.unit in _DIMENSION else float(text)

    return Bound(at_least=parsed(value.at_least), at_most=parsed(value.at_most))


def _bounded(
    interval: Interval, bound: Bound, scale: Callable[[float], float], unit: str, record: CaseRecord
) -> Finding:
    """Compare an interval with the bound; `scale` takes it out of the log world."""
    title = record.case.title
    if not interval.units:
        return Finding(UNPROVEN, "nothing was measured", unit=unit, case=title)
    measured = scale(interval.estimate)
    low = scale(interval.low) if math.isfinite(interval.low) else None
    high = scale(interval.high) if math.isfinite(interval.high) else None
    verdict, reason = _decide(bound, low, high, lambda value: f"{value:g}×" if unit == "×" else units.show(value, unit))
    return Finding(verdict, reason, measured, low, high, unit, title)


def _decide(bound: Bound, low: float | None, high: float | None, show: Callable[[float], str]) -> tuple[str, str]:
    """At least: the low end; at most: the high end; between: the lower bound counts, and beyond it is said."""
    if bound.at_most is not None:
        if high is not None and high <= bound.at_most:
            return CONFIRMED, f"the whole interval is at most {show(bound.at_most)}"
        if low is not None and low > bound.at_most:
            return REFUTED, f"the whole interval is above {show(bound.at_most)}"
        return UNPROVEN, f"whether at most {show(bound.at_most)} is open"
    floor, ceiling = bound.between or (bound.at_least, None)
    assert floor is not None
    if low is not None and low >= floor:
        beyond = f", even above {show(ceiling)}" if ceiling is not None and low > ceiling else ""
        return CONFIRMED, f"the whole interval is at least {show(floor)}{beyond}"
    if high is not None and high < floor:
        return REFUTED, f"the whole interval is below {show(floor)}"
    return UNPROVEN, f"whether at least {show(floor)} is open"


def _result(claim: Claim, findings: Sequence[Finding], records: Sequence[CaseRecord]) -> ClaimResult:
    """The worst finding decides; the others are named in the reason."""
    worst = min(findings, key=lambda found: _WORST_FIRST.index(found.verdict))
    others = [found for found in findings if found is not worst]
    reason = worst.reason
    if others and worst.case:
        reason += f" ({worst.metric} in {worst.case}; {_tally(others)})"
    if claim.note:
        reason += f" [{claim.note}]"
    measured = not (claim.formula or claim.not_testable)
    return ClaimResult(
        id=claim.id, verdict=worst.verdict, measured=worst.measured, low=worst.low, high=worst.high, reason=reason,
        text=claim.text, source=claim.source or "", unit=worst.unit, evidence="E2" if measured else "", case=worst.case,
        required=claim.required, form="all_of" if claim.all_of else claim.form,
    )  # fmt: skip


def _tally(findings: Sequence[Finding]) -> str:
    parts = [f"{found.metric} {found.verdict.lower()} in {found.case}" for found in findings]
    return ", ".join(parts) if len(parts) <= 2 else ", ".join(
        f"{sum(found.verdict == verdict for found in findings)} {verdict.lower()}"
        for verdict in _WORST_FIRST
        if any(found.verdict == verdict for found in findings)
    )
