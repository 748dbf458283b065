"""A table for a terminal: keys and verdicts are never cut; what has no room stands below its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.padding import Padding
from rich.text import Text

from fibench.model.document import Cell, Column, Table, Tone
from fibench.report.words import glyph

GAP = 2
Styles = Mapping[Tone, str]


def lines(table: Table, width: int, styles: Styles) -> Iterator[Text | Padding]:
    """The heading, then every row with its long texts below it."""
    widths = [_width(table, index) for index in range(len(table.columns))]
    across, below = _split(table.columns, widths, width)
    if across:
        yield _line([(table.columns[index].title, "dim") for index in across], table.columns, across, widths)
    for row in table.rows:
        cells = [
            (_said(row[index], table.columns[index]), _style(row[index], table.columns[index], styles)) for index in across
        ]
        yield _line(cells, table.columns, across, widths)
        extra = _below(row, table.columns, below, styles)
        if extra:
            yield Padding(extra, (0, 0, 0, 2 * GAP), expand=False)


def _split(columns: Sequence[Column], widths: Sequence[int], width: int) -> tuple[list[int], list[int]]:
    """Which columns stand in the row and which below it: prose always, and the last ones until the rest fits."""
    across = [index for index, column in enumerate(columns) if column.role != "prose"]
    if columns[0].role == "prose" and widths[0] <= width // 2:
        across.insert(0, 0)
    while len(across) > 1 and sum(widths[index] + GAP for index in across) - GAP > width:
        across.pop()
    return across, [index for index in range(len(columns)) if index not in across]


def _width(table: Table, index: int) -> int:
    said = (_said(row[index], table.columns[index]) for row in table.rows)
    return max(cell_len(table.columns[index].title), *(cell_len(text) for text in said))


def _said(cell: Cell, column: Column) -> str:
    return f"{glyph(cell.text)} {cell.text}" if column.role == "verdict" else cell.text


def _style(cell: Cell, column: Column, styles: Styles) -> str:
    return f"bold {styles[cell.tone]}".strip() if column.role == "verdict" else styles[cell.tone]


def _line(cells: Sequence[tuple[str, str]], columns: Sequence[Column], across: Sequence[int], widths: Sequence[int]) -> Text:
    text = Text(overflow="fold")
    for place, ((said, style), index) in enumerate(zip(cells, across, strict=True)):
        space = " " * (widths[index] - cell_len(said))
        text.append(" " * GAP if place else "")
        right = columns[index].align == "right"
        text.append(space if right else "")
        text.append(said, style)
        text.append("" if right or place == len(across) - 1 else space)
    return text


def _below(row: Sequence[Cell], columns: Sequence[Column], below: Sequence[int], styles: Styles) -> Text:
    """ "units 24 · took 11.2 s", then the long texts, each on a line of its own."""
    short = [index for index in below if columns[index].role != "prose" and row[index].text not in ("", "–")]
    long = [index for index in below if columns[index].role == "prose" and row[index].text]
    text = Text(" · ".join(f"{columns[index].title} {_said(row[index], columns[index])}" for index in short), "dim")
    parts = [text] if short else []
    parts += [Text(row[index].text, styles[row[index].tone]) for index in long]
    return Text("\n").join(parts)
