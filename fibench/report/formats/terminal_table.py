"""A table for a terminal: keys and verdicts are never cut; what has no room stands below its row or below the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fibench.model.document import Cell, Column, Table, Tone
from fibench.report.formats.terminal_lines import GAP, row, wrapped
from fibench.report.words import glyph

Styles = Mapping[Tone, str]
SHORT = 4
"""Room for "#123"."""


def lines(table: Table, console: Console, styles: Styles, *, brief: bool = False) -> Iterator[Text]:
    """The heading, then every row with its long texts below it; `brief` leaves the details out."""
    columns = table.columns
    texts = [[_said(cell, column) for cell, column in zip(cells, columns, strict=True)] for cells in table.rows]
    shown = [index for index, column in enumerate(columns) if not (brief and column.role == "detail")]
    across = _across(columns, texts, shown, console.width)
    told = _numbered(columns, texts, across, console.width)
    while len(across) > 1 and _needed(columns, texts, across) > console.width:
        across.pop()
    widths = [_width(columns, texts, index) for index in across]
    rights = [columns[index].align == "right" for index in across]
    yield from wrapped(row([(columns[index].title, "dim") for index in across], widths, rights), console)
    below = [index for index in shown if index not in across]
    for cells, said in zip(table.rows, texts, strict=True):
        pieces = [(said[index], _style(cells[index], columns[index], styles)) for index in across]
        yield from wrapped(row(pieces, widths, rights), console, hang=2 * GAP)
        yield from _below(cells, said, columns, below, console, styles, brief=brief)
    if told:
        yield from wrapped(Text(told, "dim"), console, hang=GAP)


def _across(columns: Sequence[Column], texts: Sequence[Sequence[str]], shown: Sequence[int], width: int) -> list[int]:
    """Which columns may stand in the row: sentences only as the first one, and only where it is short."""
    across = [index for index in shown if not columns[index].long]
    if columns[0].long and _width(columns, texts, 0) <= width // 2:
        across.insert(0, 0)
    return across


def _width(columns: Sequence[Column], texts: Sequence[Sequence[str]], index: int) -> int:
    return max(cell_len(columns[index].title), *(cell_len(said[index]) for said in texts))


def _needed(columns: Sequence[Column], texts: Sequence[Sequence[str]], across: Sequence[int]) -> int:
    return sum(_width(columns, texts, index) + GAP for index in across) - GAP


def _numbered(columns: Sequence[Column], texts: Sequence[list[str]], across: Sequence[int], width: int) -> str:
    """Where the row is too long, references become numbers; the line that says what they stand for."""
    refs = [index for index in across if columns[index].role == "ref"]
    needed = _needed(columns, texts, across)
    if not refs or needed <= width:
        return ""
    index = refs[0]
    if needed - _width(columns, texts, index) + max(len(columns[index].title), SHORT) > width:
        return ""  # that would not help either
    known = {word: f"#{number}" for number, word in enumerate(dict.fromkeys(said[index] for said in texts if said[index]), 1)}
    for said in texts:
        said[index] = known.get(said[index], "")
    return f"{columns[index].title}s: " + " · ".join(f"{number}={word}" for word, number in known.items())


def _said(cell: Cell, column: Column) -> str:
    if column.role == "verdict":
        return f"{glyph(cell.text)} {cell.text}"
    return " " * GAP * cell.level + (cell.short or cell.text)


def _style(cell: Cell, column: Column, styles: Styles) -> str:
    return f"bold {styles[cell.tone]}".strip() if column.role == "verdict" else styles[cell.tone]


def _below(
    cells: Sequence[Cell], said: Sequence[str], columns: Sequence[Column], below: Sequence[int], console: Console,
    styles: Styles, *, brief: bool,
) -> Iterator[Text]:  # fmt: skip
    """ "generations 24 · took 11.2 s", then the long texts, each on a line of its own; in brief, parts stand for the whole."""
    short = [index for index in below if not columns[index].long and cells[index].text not in ("", "–")]
    if short:
        line = " · ".join(f"{columns[index].title} {said[index].strip()}" for index in short)
        yield from wrapped(Text(line, "dim"), console, 2 * GAP)
    for index in (index for index in below if columns[index].long):
        if cells[index].text and not (brief and cells[index].more):
            yield from wrapped(Text(cells[index].text, styles[cells[index].tone]), console, 2 * GAP)
        for part in cells[index].more:
            yield from wrapped(Text(f"– {part}", "dim"), console, 2 * GAP, hang=GAP)
