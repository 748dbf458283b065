"""A table as plain text, at most 100 columns wide: numbers to the right, long words wrapped, notes below."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, GAP = 100, 2
_NUMBER = re.compile(r"[-+−±]?[\d.,]+\S*( [^\W\d]+)?( \(.*\))?")
NARROWEST = 8
"""Columns that no column of text is squeezed below."""


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` are texts, as many as `columns`."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def text(self) -> str:
        """The table, with an empty line before it."""
        widths = fitted([self.columns, *self.rows])
        right = [numeric([row[place] for row in self.rows]) for place in range(len(self.columns))]
        lines = ["", self.title, "=" * min(WIDTH, len(self.title))]
        lines += laid_out(self.columns, widths, right)
        lines.append((" " * GAP).join("-" * width for width in widths))
        for row in self.rows:
            lines += laid_out(row, widths, right)
        for note in self.notes:
            lines += textwrap.wrap(note, WIDTH, subsequent_indent="  ")
        return "\n".join(lines)


def fitted(rows: Sequence[Sequence[str]]) -> list[int]:
    """Widths of the columns: what they need, the widest one squeezed until all fit."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    while sum(widths) + GAP * (len(widths) - 1) > WIDTH and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def laid_out(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """A row, in as many lines as its longest cell takes."""
    cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, cells))):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        placed = [
            part.rjust(width) if to_right else part.ljust(width)
            for part, width, to_right in zip(parts, widths, right, strict=True)
        ]
        lines.append((" " * GAP).join(placed).rstrip())
    return lines


def numeric(cells: Sequence[str]) -> bool:
    """Whether a column is one of numbers, perhaps with a unit and a range in brackets; empty cells do not matter."""
    return any(cells) and all(_NUMBER.fullmatch(cell) for cell in cells if cell)
