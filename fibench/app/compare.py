"""`fibench compare V1 V2`: two variants of a run, two stored runs, or two files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fibench.app.foreign import read_document
from fibench.app.judging import judged_case
from fibench.errors import NotFoundError, UsageError
from fibench.judge.case import summaries
from fibench.judge.claims import judge_claims
from fibench.judge.comparable import differences, same_modules, same_work, source_of
from fibench.judge.unpaired import compare_sides, not_comparable, side
from fibench.model.case import Case
from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult, Comparison, RunResult, Summary
from fibench.model.run import CaseRecord, Run
from fibench.registry import did_you_mean
from fibench.store.sql import SqlStore, open_store

HISTORY = 30
"""Sessions looked at for the variance between sessions."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The result and the runs it came from (the same run twice for two variants; none for documents)."""

    result: RunResult
    before: Run | None
    after: Run | None


def compare(one: str, other: str, store: SqlStore | None, *, run: str | None = None, anyway: bool = False) -> Compared:
    """Resolve the two words and compare what they name."""
    if one.endswith(".json") or other.endswith(".json"):
        return Compared(read_document(one, other), None, None)
    files = [Path(word) for word in (one, other) if word.endswith((".db", ".sqlite"))]
    if files:
        return _files(one, other, anyway)
    if store is None:
        raise NotFoundError("nothing is stored yet", hint="measure first: fibench run SCENARIO")
    found = _variants(one, other, store, run)
    if found:
        return found
    before, after = (store.load(store.find(word)) for word in (one, other))
    return Compared(compare_runs(before, after, (one, other), store, anyway=anyway), before, after)


def compare_variants(run: Run, one: str, other: str) -> RunResult:
    """Two variants of one run, interleaved then: the stored blocks are judged as that pair."""
    records = [
        replace(record, case=_only(record.case, one, other))
        for record in run.cases
        if {one, other} <= {variant.name for variant in record.case.variants}
    ]
    cases = tuple(judged_case(record) for record in records)
    claims = judge_claims([record for record in run.cases if len(record.case.variants) == 2])
    notes = tuple(dict.fromkeys(note for result in cases for note in result.notes))
    return RunResult(run.id, run.label, run.state, cases, claims, notes)


def compare_runs(before: Run, after: Run, names: tuple[str, str], store: SqlStore, *, anyway: bool = False) -> RunResult:
    """Every variant of every case that both runs hold, before against after."""
    fields = [] if anyway else differences(before.fingerprint, after.fingerprint)
    cases, notes = [], [Note("compared-anyway", "the machines were not checked", "evidence is E0")] if anyway else []
    for record in after.cases:
        match = next((old for old in before.cases if old.case.title == record.case.title), None)
        if match is None:
            notes.append(Note("case-only-once", f"{record.case.title} is in {names[1]} only"))
            continue
        history = None if anyway else _history(store, record.case, after)
        cases.append(_case(match, record, names, fields, history))
    if not cases:
        raise UsageError("the two runs have no case in common", hint="fibench show RUN lists the cases of a run")
    return RunResult(f"{before.id}…{after.id}", None, after.state, tuple(cases), (), tuple(notes))


def _case(
    old: CaseRecord, new: CaseRecord, names: tuple[str, str], fields: Sequence[str], history: Sequence[CaseRecord] | None
) -> CaseResult:
    """One case of both runs; without a history (None) the runs are compared whatever they differ in."""
    forbidden = [*fields, *same_work(old.case, new.case), *([] if history is None else same_modules(old, new))]
    rows: list[Comparison] = []
    shown: dict[str, dict[str, Summary]] = {}
    for variant in new.case.variants:
        if variant.name not in {known.name for known in old.case.variants}:
            continue
        for name, record in zip(names, (old, new), strict=True):
            shown[f"{name}/{variant.name}"] = summaries(record).get(variant.name, {})
        rows += _rows(old, new, names, variant.name, forbidden, history or ())
    return CaseResult(new.case, "valid", None, shown, tuple(rows))


def _rows(
    old: CaseRecord, new: CaseRecord, names: tuple[str, str], variant: str,
    forbidden: Sequence[str], history: Sequence[CaseRecord],
) -> list[Comparison]:  # fmt: skip
    rows = []
    called = [f"{name}/{variant}" for name in names]
    measure = new.case.measure
    for metric in new.case.metrics:
        before, after = side(called[0], old, metric, variant), side(called[1], new, metric, variant)
        if forbidden or before is None or after is None:
            reasons = forbidden or ["one of the runs holds no values"]
            rows.append(not_comparable(called[0], called[1], metric, measure.alpha, reasons))
            continue
        margin = measure.margin_of(metric.name)
        rows.append(compare_sides(before, after, metric, margin, measure.alpha, _by_code(history, metric, variant)))
    return rows


def _by_code(history: Sequence[CaseRecord], metric: Metric, variant: str) -> list[list[float]]:
    """Log medians of earlier sessions, one list for each version of the code: an edit is no noise."""
    groups: dict[str, list[float]] = {}
    for record in history:
        found = side("", record, metric, variant)
        if found:
            groups.setdefault(source_of(record, variant), []).append(found.centre)
    return list(groups.values())


def _history(store: SqlStore, case: Case, after: Run) -> list[CaseRecord]:
    """Sessions of this case before the one that is judged, oldest first, on machines that match the newest.

    The judged run itself must not count as noise: a regression would excuse itself.
    """
    sessions = [one for one in store.sessions(case.key, HISTORY) if one.run != after.id and one.started < after.started]
    if not sessions:
        return []
    here = sessions[0].fingerprint
    return [found.record for found in reversed(sessions) if not differences(here, found.fingerprint)]


def _variants(one: str, other: str, store: SqlStore, word: str | None) -> Compared | None:
    """The last run (or `--run`), if both words are its variants."""
    recent = store.recent(1)
    if not recent and word is None:
        raise NotFoundError("nothing is stored yet", hint="measure first: fibench run SCENARIO")
    run_id = store.find(word) if word else recent[0].id
    run = store.load(run_id)
    known = {variant.name for record in run.cases for variant in record.case.variants}
    pairs = [{variant.name for variant in record.case.variants} for record in run.cases]
    if any({one, other} <= names for names in pairs) and one != other:
        return Compared(compare_variants(run, one, other), run, run)
    if word or ({one, other} & known):
        missing = next((name for name in (one, other) if name not in known), other)
        raise UsageError(f"run {run.id} has no case with both '{one}' and '{other}'", hint=did_you_mean(missing, known))
    return None


def _files(one: str, other: str, anyway: bool) -> Compared:
    """The newest run of each of two store files."""
    stores = [open_store(word, read_only=True) for word in (one, other)]
    try:
        before, after = (store.load(store.find("last")) for store in stores)
        names = Path(one).stem, Path(other).stem
        names = names if names[0] != names[1] else (one, other)
        return Compared(compare_runs(before, after, names, stores[1], anyway=anyway), before, after)
    finally:
        for store in stores:
            store.close()


def _only(case: Case, one: str, other: str) -> Case:
    return case.model_copy(update={"variants": (case.variant(one), case.variant(other)), "claims": ()})
