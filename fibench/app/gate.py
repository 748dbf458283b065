"""`fibench gate`: run, judge the gate metrics over the whole suite, and re-measure what is flagged before going red."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fibench.app.compare import compare_runs
from fibench.app.observer import Observer
from fibench.app.planning import Planned
from fibench.app.run import Request, begin, carry_out
from fibench.errors import ScenarioError
from fibench.judge.gate import Gated, gated, gated_row, holm
from fibench.judge.rule import UntilGated
from fibench.model.case import Case, Variant
from fibench.model.note import Note
from fibench.model.result import RunResult
from fibench.scenario.expand import key_of
from fibench.store.sql import SqlStore

BASE, HEAD = "base", "head"


@dataclass(frozen=True, slots=True)
class Against:
    """What the head is held against: nothing (V2 against V1), a git revision, or a stored run's label."""

    revision: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class GateResult:
    """The rows of the gate, the run they came from, and the suite's answer."""

    rows: tuple[Gated, ...]
    result: RunResult
    twice: bool = False
    """True when what is red was measured a second time."""

    @property
    def word(self) -> str:
        """The suite's answer: worse beats invalid beats undecided beats pass."""
        words = {row.word for row in self.rows}
        return next((word for word in ("worse", "invalid", "undecided") if word in words), "pass")


def gate(planned: Sequence[Planned], request: Request, against: Against, store: SqlStore, observer: Observer) -> GateResult:
    """Measure and judge; flagged cases are measured once more with fresh rounds, and only what is red twice is red."""
    if against.label:
        return _against_stored(planned, request, against.label, store, observer)
    first = _measure(planned, request, store, observer)
    flagged = {row.case for row in first.rows if row.word == "worse"}
    if not flagged or first.result.state == "interrupted":
        return first
    again = [replace(one, case=_with_time(one.case)) for one in planned if one.case.title in flagged]
    observer.noted(Note("measured-again", f"worse: {', '.join(sorted(flagged))}; measured once more before the gate turns red"))
    second = _measure(again, replace(request, label=None), store, observer)
    confirmed = {_name(row): row for row in second.rows}
    rows = tuple(_confirmed(row, confirmed.get(_name(row))) for row in first.rows)
    return GateResult(rows, first.result, twice=True)


def _measure(planned: Sequence[Planned], request: Request, store: SqlStore, observer: Observer) -> GateResult:
    new = begin(planned, request)
    store.begin(new)
    rows = sum(len(one.case.gate) * (len(one.case.variants) - 1) for one in planned)
    rule = UntilGated(rows, _alpha(planned))
    measured = carry_out(new, planned, store, observer, rule=rule, show_output=request.show_output)
    judged = holm([row for record in measured.run.cases for row in gated(record)], _alpha(planned))
    return GateResult(tuple(judged), measured.result, twice=True)


def _with_time(case: Case) -> Case:
    """The second look gets twice the budget: want of time must not acquit what was red."""
    return case.model_copy(update={"measure": case.measure.model_copy(update={"budget": 2 * case.measure.budget})})


def _alpha(planned: Sequence[Planned]) -> float:
    return min(one.case.measure.alpha for one in planned)


def _confirmed(row: Gated, again: Gated | None) -> Gated:
    if row.word != "worse" or again is None or again.word == "worse":
        return row
    return replace(row, word="undecided", reason=f"was worse, but not when measured again ({again.reason})")


def _name(row: Gated) -> tuple[str, str, str]:
    return row.case, row.comparison.metric, row.comparison.candidate


def _against_stored(
    planned: Sequence[Planned], request: Request, label: str, store: SqlStore, observer: Observer
) -> GateResult:
    baseline = store.load(store.find(label))
    new = begin(planned, request)
    store.begin(new)
    measured = carry_out(new, planned, store, observer, show_output=request.show_output)
    compared = compare_runs(baseline, measured.run, (label, "now"), store)
    rows = [
        gated_row(case.case.title, found)
        for case in compared.cases
        for found in case.comparisons
        if found.metric in case.case.gate
    ]
    return GateResult(tuple(holm(rows, _alpha(planned))), replace(measured.result, cases=compared.cases))


def gated_cases(planned: Sequence[Planned], against: Against) -> list[Planned]:
    """The cases that declare a gate; ScenarioError if there is none, or nothing to hold one against."""
    found = [one for one in planned if one.case.gate]
    if not found:
        hint = "name the metrics that may fail a build, e.g. gate: [wall]"
        raise ScenarioError("no scenario here declares a gate", hint=hint)
    if against.revision:
        return [replace(one, case=_against_revision(one.case, against.revision)) for one in found]
    alone = next((one.case for one in found if len(one.case.variants) < 2 and not against.label), None)
    if alone:
        hint = "add a second variant, or use --against REVISION or --baseline LABEL"
        raise ScenarioError(f"'{alone.title}' has one variant only, so there is nothing to compare", hint=hint)
    return found


def _against_revision(case: Case, revision: str) -> Case:
    """Base and head of the last variant: the same work from two work trees, interleaved in this very job."""
    if case.kind not in ("python", "command"):
        raise ScenarioError(f"--against needs code of your own: kind '{case.kind}' has no revisions")
    last = case.variants[-1]
    base = last.model_copy(update={"name": BASE, "revision": revision})
    variants: tuple[Variant, ...] = (base, last.model_copy(update={"name": HEAD}))
    changed = case.model_copy(update={"variants": variants, "claims": ()})
    return changed.model_copy(update={"key": key_of(changed)})
