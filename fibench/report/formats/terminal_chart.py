"""Gains with their intervals in text: one line per comparison on a common logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from rich.cells import cell_len
from rich.text import Text

from fibench import units
from fibench.model.document import Interval, RatioChart, Tone
from fibench.report.formats.terminal_lines import GAP
from fibench.report.words import GLYPHS

LEAST = 24
"""Columns that a picture needs."""
MOST = 16
"""More rows are no overview."""


def lines(chart: RatioChart, width: int, styles: Mapping[Tone, str]) -> Iterator[Text]:
    """A line per row, label and bar; nothing where both do not fit."""
    rows = [row for row in chart.rows if row.value and math.isfinite(row.value) and row.value > 0]
    if not rows:
        return
    names = [" · ".join(part for part in (row.label, row.detail) if part) for row in rows]
    longest = max(cell_len(name) for name in names)
    room = min(64, width - longest - GAP)
    if room < LEAST:
        return
    low, high = _range(rows)
    for name, row in zip(names, rows, strict=True):
        line = Text(name + " " * (longest - cell_len(name) + GAP)) + _bar(row, low, high, room, styles)
        line.rstrip()
        yield line
    yield Text(" " * (longest + GAP)) + _axis(low, high, room)


def _range(rows: list[Interval]) -> tuple[float, float]:
    """Every gain and 1×, with room for intervals that are not absurdly wide."""
    core = [1.0, *(row.value for row in rows if row.value)]
    reach = max(1.2, max(core) / min(core))
    ends = [end for row in rows for end in (row.low, row.high) if end and math.isfinite(end) and end > 0]
    core += [min(max(end, min(core) / reach), max(core) * reach) for end in ends]
    return min(core) / 1.01, max(core) * 1.01


def _place(value: float | None, low: float, high: float, room: int, missing: float) -> int:
    value = missing if value is None or not value > 0 else value
    share = math.log(min(max(value, low), high) / low) / math.log(high / low)
    return round(share * (room - 1))


def _bar(row: Interval, low: float, high: float, room: int, styles: Mapping[Tone, str]) -> Text:
    one, middle = _place(1.0, low, high, room, low), _place(row.value, low, high, room, low)
    start, end = (_place(value, low, high, room, edge) for value, edge in ((row.low, low), (row.high, high)))
    if row.low is None and row.high is None:  # no interval is not an infinite one
        start = end = middle
    cells = ["─" if start <= place <= end else " " for place in range(room)]
    if end > start:
        cells[start] = "├" if row.low and row.low >= low else "◄"
        cells[end] = "┤" if row.high and row.high <= high else "►"
    if cells[one] in " ":
        cells[one] = "│"
    cells[middle] = GLYPHS[row.shape]
    text = Text("".join(cells), styles[row.tone], no_wrap=True)
    if one not in range(start, end + 1):
        text.stylize("not bold dim", one, one + 1)
    return text


def _axis(low: float, high: float, room: int) -> Text:
    """1× below its line, and both ends of the axis where there is room for them."""
    line = [" "] * room
    ends = ((_place(1.0, low, high, room, low), "1×"), (0, units.ratio(low)), (room - 1, units.ratio(high)))
    for place, said in ends:
        start = min(max(0, place - len(said) // 2), room - len(said))
        if all(cell == " " for cell in line[max(0, start - 2) : start + len(said) + 2]):
            line[start : start + len(said)] = said
    return Text("".join(line).rstrip(), "dim")
