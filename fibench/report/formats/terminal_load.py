"""Load in text: percentiles in a table, stalls as a row of blocks, probes of a search in a line per variant."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fibench import units
from fibench.model.load_charts import ProbeChart, StallChart, Strip, TailChart
from fibench.report.formats.terminal_lines import GAP, row, wrapped

BLOCKS = "▁▂▃▄▅▆▇█"
SHARES = (0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
FAILED = "✕"


def lines(chart: TailChart | StallChart | ProbeChart, console: Console) -> Iterator[Text]:
    """The chart's title, and what can be said of it in text."""
    yield Text("")
    yield from wrapped(Text(chart.title, "italic"), console)
    if isinstance(chart, TailChart):
        yield from _tails(chart, console)
    elif isinstance(chart, StallChart):
        yield from _stalls(chart, console)
    else:
        for hunt in chart.hunts:
            yield from wrapped(Text(f"{hunt.name}: {hunt.told}"), console, hang=GAP)


def _tails(chart: TailChart, console: Console) -> Iterator[Text]:
    """A row per variant; percentiles that not one of them can tell have no column."""
    known = [dict(zip(tail.shares, tail.values, strict=True)) for tail in chart.tails]
    shares = [share for share in SHARES if any(share in one for one in known)]
    heads = ["", *(f"p{100 * share:.9g}" for share in shares), "failed"]
    rows = [heads]
    for tail, values in zip(chart.tails, known, strict=True):
        said = [units.show(values.get(share), chart.unit) for share in shares]
        rows.append([tail.name, *said, units.percent(1 - tail.answered) if tail.answered < 1 else "none"])
    while len(rows[0]) > 3 and sum(_widths(rows)) + GAP * (len(rows[0]) - 1) > console.width:
        rows = [[*one[:2], *one[3:]] for one in rows]  # the tail is what one looks for here
    widths, rights = _widths(rows), [False, *[True] * (len(rows[0]) - 1)]
    for index, cells in enumerate(rows):
        yield from wrapped(row([(cell, "" if index else "dim") for cell in cells], widths, rights), console)
    for limit in chart.limits:
        yield from wrapped(Text(limit.text, "dim"), console)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(cell_len(one[index]) for one in rows) for index in range(len(rows[0]))]


def _stalls(chart: StallChart, console: Console) -> Iterator[Text]:
    """A row of blocks per variant, all on one logarithmic scale."""
    known = [value for strip in chart.strips for value in strip.values if value]
    if not known:
        return
    low, high = min(known), max(known)
    longest = max(cell_len(strip.name) for strip in chart.strips)
    room = console.width - longest - GAP
    if room < len(BLOCKS):
        return
    for strip in chart.strips:
        yield Text(strip.name.ljust(longest + GAP) + "".join(_blocks(strip, low, high, room)), no_wrap=True)
        if any(strip.failed):
            yield Text(" " * (longest + GAP) + "".join(_failures(strip, room)).rstrip(), no_wrap=True)
    said = f"{BLOCKS[0]} {units.show(low, chart.unit)} … {BLOCKS[-1]} {units.show(high, chart.unit)}, log scale"
    failed = any(any(strip.failed) for strip in chart.strips)
    yield from wrapped(Text(said + (f"; {FAILED} requests failed" if failed else ""), "dim"), console)


def _blocks(strip: Strip, low: float, high: float, room: int) -> Iterator[str]:
    size = math.ceil(len(strip.values) / room)
    for start in range(0, len(strip.values), size):
        worst = max((value for value in strip.values[start : start + size] if value is not None), default=None)
        if worst is None:
            yield " "
            continue
        share = math.log(max(worst, low) / low) / math.log(high / low) if high > low > 0 else 0.0
        yield BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))]


def _failures(strip: Strip, room: int) -> Iterator[str]:
    """Below the blocks: where requests failed."""
    size = math.ceil(len(strip.values) / room)
    for start in range(0, len(strip.values), size):
        yield FAILED if any(strip.failed[start : start + size]) else " "
