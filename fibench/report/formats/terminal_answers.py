"""The answers on a terminal: a block per case, a line per comparison, and a reason only where something is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fibench.model.document import Answer, CaseAnswer, Tone
from fibench.report.formats.terminal_lines import GAP, Piece, row, wrapped
from fibench.report.words import GLYPHS

TITLES = ("metric", "compared", "gain", "interval", "verdict", "A/A control")
RIGHTS = (False, False, True, True, False, False)
VERDICT, CONTROL = 4, 5
INDENT = 2


def lines(answers: Sequence[CaseAnswer], console: Console, styles: Mapping[Tone, str]) -> Iterator[Text]:
    """All cases in the same columns, so that they can be read downwards."""
    cells = [[_cells(answer, styles) for answer in case.rows] for case in answers]
    every = [pieces for rows in cells for pieces in rows]
    kept = [index for index in range(len(TITLES)) if any(pieces[index][0] for pieces in every)]
    if len({answer.metric for case in answers for answer in case.rows} - {"wall", ""}) == 0:
        kept = [index for index in kept if index]
    compared = CONTROL in kept
    widths = _widths(every, heading=compared)
    for last in (CONTROL, VERDICT):  # what has no room stands below
        if INDENT + sum(widths[index] + GAP for index in kept) - GAP > console.width:
            kept = [index for index in kept if index != last]
    if compared:
        heads = [(TITLES[index], "dim") for index in kept]
        yield Text(" " * INDENT) + row(heads, [widths[index] for index in kept], [RIGHTS[index] for index in kept])
    loose = any(len(case.rows) > 1 or case.label or case.doubts or case.load for case in answers)
    for number, (case, rows) in enumerate(zip(answers, cells, strict=True)):
        if number and loose:
            yield Text("")
        yield from wrapped(Text(case.title, "bold"), console, hang=INDENT)
        if case.label:
            yield from wrapped(Text(case.label, "bold yellow"), console, INDENT)
        yield from _block(case, rows, kept, widths, console, styles)


def _widths(every: Sequence[Sequence[Piece]], *, heading: bool) -> list[int]:
    said = [TITLES if heading else ("",) * len(TITLES), *([piece[0] for piece in pieces] for pieces in every)]
    return [max(cell_len(texts[index]) for texts in said) for index in range(len(TITLES))]


def _cells(answer: Answer, styles: Mapping[Tone, str]) -> list[Piece]:
    strong = f"bold {styles[answer.tone]}".strip()
    return [
        (answer.metric, ""), (answer.subject, ""), (answer.figure, "bold"), (answer.interval, ""),
        (f"{GLYPHS[answer.shape]} {answer.verdict}", strong), (answer.control, styles[answer.control_tone]),
    ]  # fmt: skip


def _block(
    case: CaseAnswer, rows: Sequence[Sequence[Piece]], kept: Sequence[int], widths: Sequence[int], console: Console,
    styles: Mapping[Tone, str],
) -> Iterator[Text]:  # fmt: skip
    seen: set[tuple[str, str]] = set()
    for index, (answer, pieces) in enumerate(zip(case.rows, rows, strict=True)):
        said = [("", "") if place == CONTROL and (answer.metric, pieces[place][0]) in seen else pieces[place] for place in kept]
        seen.add((answer.metric, answer.control))
        line = row(said, [widths[place] for place in kept], [RIGHTS[place] for place in kept])
        yield from wrapped(line, console, INDENT, hang=GAP)
        if VERDICT not in kept:
            yield from wrapped(Text(*pieces[VERDICT]), console, 2 * INDENT)
        again = index + 1 < len(case.rows) and case.rows[index + 1].reason == answer.reason
        if answer.reason and not again:
            yield from wrapped(Text(answer.reason, "dim"), console, 2 * INDENT)
    for doubt in case.doubts:
        yield from wrapped(Text(doubt, "yellow"), console, INDENT)
    for load in case.load:
        yield from wrapped(Text(f"load {load}", "dim"), console, INDENT, hang=GAP)
    if CONTROL not in kept:
        yield from _controls(case, console, styles)


def _controls(case: CaseAnswer, console: Console, styles: Mapping[Tone, str]) -> Iterator[Text]:
    """Where the column has no room: what identical code differed by, once per metric."""
    found = dict.fromkeys((answer.metric, answer.control, answer.control_tone) for answer in case.rows if answer.control)
    same = len({said for _, said, _ in found}) == 1
    parts = [Text(said if same else f"{metric} {said}", styles[tone]) for metric, said, tone in found][: 1 if same else None]
    if parts:
        yield from wrapped(Text("A/A control: ", "dim") + Text(" · ").join(parts), console, 2 * INDENT)
