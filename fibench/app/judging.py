"""A stored run → comparisons, claims and notes; the same whether it has just been measured or is years old."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from fibench.app.kinds import kind
from fibench.errors import FibenchError
from fibench.judge.case import judge_case
from fibench.judge.claims import judge_claims
from fibench.judge.comparable import differences, same_code
from fibench.judge.verdict import EQUIVALENT, NEGLIGIBLE
from fibench.model.fingerprint import Fingerprint
from fibench.model.note import Note
from fibench.model.result import CaseResult, ClaimResult, RunResult
from fibench.model.run import CaseRecord, Run

OPPOSITE = {"FASTER": "SLOWER", "SLOWER": "FASTER", "BETTER": "WORSE", "WORSE": "BETTER"}
DECIDED = {*OPPOSITE, EQUIVALENT, NEGLIGIBLE}
"""Verdicts that another session can repeat."""

Earlier = Callable[[str], Sequence[tuple[str, Fingerprint, CaseRecord]]]
"""case key → (run id, fingerprint, record) of other sessions of the same case, newest first."""


def judge(run: Run, earlier: Earlier | None = None) -> RunResult:
    """Judge every case and claim of a run; with other sessions at hand, agreement raises the evidence to E3."""
    cases = tuple(judged_case(record) for record in run.cases)
    if earlier:
        cases = tuple(_with_evidence(result, run, earlier) for result in cases)
    claims = tuple(replace(claim, run=run.id) for claim in judge_claims(run.cases))
    claims = tuple(_evidence_of(claim, cases) for claim in claims)
    notes = (*run.notes, *(note for result in cases for note in result.notes))
    return RunResult(run.id, run.label, run.state, cases, claims, _distinct(notes))


def judged_case(record: CaseRecord) -> CaseResult:
    """A case judged, with what its kind has to say about it."""
    result = judge_case(record)
    try:
        extra = tuple(kind(record.case.kind).notes(record, result))
    except FibenchError:  # a plug-in that has gone: its runs stay readable
        return result
    return replace(result, notes=(*result.notes, *extra))


def _with_evidence(result: CaseResult, run: Run, earlier: Earlier) -> CaseResult:
    """E3 where a session before this one, on a comparable machine, gave the same verdict."""
    record = next(record for record in run.cases if record.case.title == result.case.title)
    others = [
        judge_case(other)
        for run_id, fingerprint, other in earlier(result.case.key)
        if run_id != run.id and not differences(run.fingerprint, fingerprint) and same_code(record, other)
    ]
    said = {(found.metric, found.candidate): found.verdict for other in others for found in other.comparisons}
    repeated = tuple(
        replace(found, evidence="E3")
        if found.verdict in DECIDED and said.get((found.metric, found.candidate)) == found.verdict
        else found
        for found in result.comparisons
    )
    opposed = [found for found in repeated if OPPOSITE.get(found.verdict) == said.get((found.metric, found.candidate), "")]
    notes = [
        Note("sessions-disagree", f"{found.candidate}: another session said {OPPOSITE[found.verdict]} on {found.metric}",
             "something that differs between sessions decides: layout, neighbours, temperature", result.case.title)
        for found in opposed
    ]  # fmt: skip
    return replace(result, comparisons=repeated, notes=(*result.notes, *notes))


def _evidence_of(claim: ClaimResult, cases: Sequence[CaseResult]) -> ClaimResult:
    """A measured claim has the evidence of the comparisons of its case."""
    levels = {c.evidence for result in cases if result.case.title == claim.case for c in result.comparisons if c.units}
    return replace(claim, evidence=min(levels)) if claim.evidence and levels else claim


def _distinct(notes: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(dict.fromkeys(notes))
