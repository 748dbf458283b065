"""Sentences that somebody stated → CONFIRMED, REFUTED, UNPROVEN or NOT TESTABLE, by how much and why."""

from __future__ import annotations

from collections.abc import Sequence

from fibench import units
from fibench.judge.findings import CONFIRMED, NOT_TESTABLE, REFUTED, UNPROVEN, Finding, examine
from fibench.judge.formula import evaluate
from fibench.model.result import ClaimResult
from fibench.model.run import CaseRecord
from fibench.model.scenario import Claim

_WORST_FIRST = (REFUTED, NOT_TESTABLE, UNPROVEN, CONFIRMED)


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
    simulated = next((record.case.simulated for record in records if record.case.simulated), "")
    if claim.not_testable:
        return _result(claim, [Finding(NOT_TESTABLE, claim.not_testable)], simulated)
    if claim.formula:
        working = evaluate(claim.formula)
        verdict = CONFIRMED if working.holds else REFUTED
        return _result(claim, [Finding(verdict, f"by arithmetic: {working.text}", working.measured, unit="1")], "")
    findings = []
    for test in claim.tests:
        spoken_of = [record for record in records if record.case.matches({**claim.where, **test.where})]
        findings += [examine(test, record) for record in spoken_of]
    return _result(claim, findings or [Finding(UNPROVEN, "its case was not run")], simulated)


def undecided(claim: Claim, record: CaseRecord) -> bool:
    """True while more units of this case could still decide the claim; one refuted part refutes it all."""
    tests = [test for test in claim.tests if record.case.matches({**claim.where, **test.where})]
    findings = [examine(test, record) for test in tests]
    if any(found.verdict == REFUTED for found in findings):
        return False
    return any(found.verdict == UNPROVEN and not found.final for found in findings)


def _result(claim: Claim, findings: Sequence[Finding], simulated: str) -> ClaimResult:
    """The worst finding decides; the others are named in the reason."""
    worst = min(findings, key=lambda found: _WORST_FIRST.index(found.verdict))
    reason = worst.reason
    if len(findings) > 1:
        reason += f" ({worst.metric} in {worst.case})"
    if claim.note:
        reason += f" [{claim.note}]"
    measured = not (claim.formula or claim.not_testable)
    return ClaimResult(
        id=claim.id, verdict=worst.verdict, measured=worst.measured, low=worst.low, high=worst.high, reason=reason,
        text=claim.text, source=claim.source or "", unit=worst.unit, evidence="E2" if measured else "", case=worst.case,
        required=claim.required, form="all_of" if claim.all_of else claim.form, simulated=simulated,
        parts=tuple(_part(found) for found in findings) if len(findings) > 1 else (), bounds=_bounds(claim),
    )  # fmt: skip


def _part(found: Finding) -> str:
    """ "size 1.51× exact: CONFIRMED in hdf5 op=write, the whole interval is at least 1×"."""
    value = units.ratio(found.measured) if found.unit == "×" else units.show(found.measured, found.unit)
    return f"{found.metric} {value}: {found.verdict} in {found.case}, {found.reason}"


def _bounds(claim: Claim) -> tuple[float, ...]:
    """The numbers that the claim's ratios are held against."""
    forms = [form for test in claim.tests for form in (test.speedup, test.ratio) if form]
    return tuple(bound for form in forms for bound in (form.at_least, form.at_most, *(form.between or ())) if bound is not None)
