"""The answers of a page: every comparison in a line and in a sentence, the claims in one line, all of it in one line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from fibench import units
from fibench.model.document import Answer, CaseAnswer
from fibench.model.result import CaseResult, Comparison, RunResult
from fibench.report import ledger, pictures, words

LOAD = "generator"
"""The notes that say how the load went: they stand with the answers that rest on it."""
FEW = 3
"""More alternatives than so many are held against one baseline that is named once."""


def of_run(result: RunResult) -> tuple[CaseAnswer, ...]:
    """Every case with its answers, in the order in which the cases ran."""
    return tuple(_case(case, anchor(index)) for index, case in enumerate(result.cases))


def anchor(index: int) -> str:
    """Where the case's own section stands on a page."""
    return f"case-{index + 1}"


def _case(case: CaseResult, anchor: str) -> CaseAnswer:
    main = pictures.main(case)
    shared, subjects = _subjects(case.comparisons, many=len(main) > FEW)
    rows = tuple(_compared(case, one, said, one in main) for one, said in zip(case.comparisons, subjects, strict=True))
    rows = rows or tuple(_alone(case))
    load = tuple(note.text for note in case.notes if note.code == LOAD)
    return CaseAnswer(f"{case.case.title}{shared}", anchor, rows, words.label(case.case), tuple(_doubts(case, rows)), load)


def _subjects(rows: Sequence[Comparison], *, many: bool) -> tuple[str, list[str]]:
    """What every row is held against, if that can be said once for all, and what is left to call the rows."""
    runs = words.versus(rows)
    if runs:
        return f": {runs[0]} against {runs[1]}", [one.candidate.rpartition("/")[2] for one in rows]
    baselines = {one.baseline for one in rows}
    if many and len(baselines) == 1:
        return f" against {baselines.pop()}", [one.candidate for one in rows]
    return "", [f"{one.candidate} vs {one.baseline}" for one in rows]


def _compared(case: CaseResult, one: Comparison, subject: str, main: bool) -> Answer:
    look = words.look(one.verdict)
    control, tone = words.control(case, one)
    told = one.ratio and look.shape not in ("cross", "dash")
    return Answer(
        subject, one.metric, words.sentence(case.case, one), one.verdict, look.tone,
        look.shape, words.gain(one) if told else "", words.interval(one) if told else "",
        control, tone, words.why(one), main,
    )  # fmt: skip


def _alone(case: CaseResult) -> Iterator[Answer]:
    """A case without comparisons: one variant alone, or nothing that may be believed."""
    if case.state == "invalid" or not any(case.summaries.values()):
        yield Answer("no answer", "", "no answer", "INVALID", "warn", "cross", reason=case.reason or "nothing was measured")
        return
    asked = {*case.case.measure.metrics, *case.case.gate}
    requests = {metric.name for metric in (*case.case.metrics, *case.case.shown) if metric.column}
    for name, metrics in case.summaries.items():
        shown = {metric: one for metric, one in metrics.items() if metric in asked} or metrics
        for index, (metric, one) in enumerate(shown.items()):
            said = units.show(one.median, one.unit)
            sentence = f"{name}: median {metric} {said} over {words.count(one.n, 'request' if metric in requests else 'block')}"
            yield Answer(name, metric, sentence, "MEASURED", "muted", "dash", said, f"median of {one.n:,}", main=not index)


def _doubts(case: CaseResult, rows: Sequence[Answer]) -> Iterator[str]:
    """What concerns the whole case, and of that only what its answers do not say already."""
    rest = unsaid(case, (row.reason for row in rows))
    if case.state != "valid" and (rest or not case.reason):
        also = "also " if rest != (case.reason or "") else f"this case is {case.state}{': ' if rest else ''}"
        yield also + rest


def unsaid(case: CaseResult, reasons: Iterable[str]) -> str:
    """A case's reason without those of its parts that have been given."""
    rest = case.reason or ""
    for reason in sorted(set(reasons), key=len, reverse=True):
        if reason and rest in reason:
            return ""
        rest = rest.replace(reason, "") if reason else rest
    return rest if rest == case.reason else re.sub(r"(; )+", "; ", rest).removeprefix("; ").removesuffix("; ")


# --- one line -------------------------------------------------------------------------------------------------------


def rollup(result: RunResult) -> str:
    """ "21 of 24 claims refuted, 3 confirmed (by arithmetic)", or "" without claims."""
    return ledger.fared(result.claims)


def summary(result: RunResult, answers: Sequence[CaseAnswer]) -> str:
    """ "2 cases: 2 FASTER · 3 claims: 2 CONFIRMED, 1 REFUTED"."""
    found = [row.verdict for answer in answers for row in answer.rows if row.main]
    many = f", {words.count(len(found), 'comparison')}" if len(found) != len(answers) else ""
    counted = ", ".join(f"{number} {verdict}" for verdict, number in Counter(found).most_common())
    parts = (
        result.state.upper() if result.state != "complete" else "",
        f"{words.count(len(answers), 'case')}{many}: {counted}" if found else "no cases",
        ledger.counted(result.claims) if result.claims else "",
    )
    return " · ".join(part for part in parts if part)
