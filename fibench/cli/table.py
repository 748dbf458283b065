"""A plain table on stdout, readable at 80 columns and without colour: no name, path or word is ever broken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from textwrap import wrap

from rich.cells import cell_len
from rich.text import Text

from fibench.cli.console import out

GAP = 2
Cell = str | Text


def print_table(header: Sequence[str], rows: Iterable[Sequence[Cell]], below: Collection[str] = ()) -> None:
    """One line a row, without columns that are empty everywhere. Where that is wider than the terminal, the columns in
    `below` stand under their row, wrapped between words, and then the last columns too, one after another."""
    texts = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    width = out().width
    columns = list(zip(*texts, strict=True))
    widths = [max(cell_len(name), *(text.cell_len for text in columns[index])) for index, name in enumerate(header)]
    across = [index for index in range(len(header)) if any(text.plain for text in columns[index])]
    for index in [*(i for i in across if header[i] in below), *across[:0:-1]]:
        if _needed(widths, across) <= width:
            break
        across = [kept for kept in across if kept != index]
    _line([Text(header[index], "bold") for index in across], [widths[index] for index in across])
    for row in texts:
        _line([row[index] for index in across], [widths[index] for index in across])
        for index in (index for index in range(len(header)) if index not in across and row[index].plain):
            told = row[index].plain if header[index] in below else f"{header[index]} {row[index].plain}"
            for line in wrap(told, max(20, width - 2 * GAP), break_long_words=False, break_on_hyphens=False):
                _print(Text(" " * 2 * GAP + line, "dim"))


def _needed(widths: Sequence[int], across: Sequence[int]) -> int:
    return sum(widths[index] + GAP for index in across) - GAP


def _line(cells: Sequence[Text], widths: Sequence[int]) -> None:
    line = Text()
    for cell, width in zip(cells, widths, strict=True):
        line += cell + Text(" " * (width - cell.cell_len + GAP))
    line.rstrip()
    _print(line)


def _print(line: Text) -> None:
    out().print(line, soft_wrap=True, highlight=False)
