"""Gains with their intervals on a logarithmic axis: right of the 1× line the candidate is better."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from fibench.model.document import Interval, RatioChart
from fibench.report.charts import svg
from fibench.report.charts.scale import Scale, fit

NARROW = 520
TOP, FOOT = 12.0, 44.0
TEXT = 184


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand: labels beside the plot where there is room, above each row where there is none."""

    width: int
    narrow: bool
    left: float
    right: float
    row: float

    @property
    def bar(self) -> float:
        """How far below its row's top a bar runs."""
        return 47.0 if self.narrow else self.row / 2

    @property
    def reach(self) -> float:
        """How far the lines behind a bar reach up and down: on a phone they keep clear of the labels."""
        return 12.0 if self.narrow else self.row / 2


def draw(chart: RatioChart, width: int, key: str) -> str:
    """The whole chart; without rows it says so."""
    rows = [row for row in chart.rows if _drawable(row.value)]
    narrow = width < NARROW
    left, right = (10.0, width - 10.0) if narrow else (min(0.34 * width, 270.0), width - TEXT - 14.0)
    layout = Layout(width, narrow, left, right, 62.0 if narrow else 42.0)
    scale = _scale(rows, layout)
    foot = TOP + layout.row * max(1, len(rows))
    body = [*_axis(scale, layout, foot, chart.axis)]
    if not rows:
        body.append(svg.text("no gain to draw", width / 2, TOP + layout.row / 2, anchor="middle", class_="soft"))
    for index, row in enumerate(rows):
        body += _row(row, scale, layout, TOP + index * layout.row)
    return svg.picture(chart.title, chart.about, width, foot + FOOT, body, key)


def _drawable(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _scale(rows: list[Interval], layout: Layout) -> Scale:
    """Room for every gain, margin and claimed gain; an interval far wider than these runs out of the picture."""
    core = [1.0, *(value for row in rows for value in (row.value, *row.band) if value and _drawable(value))]
    low, high = min(core), max(core)
    reach = max(2.0, high / low) if high / low > 1.2 else 1.2
    far = [end for row in rows for end in (row.low, row.high, *row.bounds) if end and _drawable(end)]
    core += [min(max(end, low / reach), high * reach) for end in far]
    return fit(core, layout.left, layout.right, log=True, room=0.05)


def _axis(scale: Scale, layout: Layout, foot: float, title: str) -> Iterator[str]:
    for tick in scale.ticks(5 if layout.narrow else 7):
        x = scale(tick)
        yield svg.line(x, foot if layout.narrow else TOP, x, foot + (4 if layout.narrow else 0), "grid")
        yield svg.text(f"{tick:,.6g}×", x, foot + 16, anchor="middle", class_="small soft")
    yield svg.line(layout.left, foot, layout.right, foot, "axis")
    middle = (layout.left + layout.right) / 2
    yield svg.text(title, middle, foot + 34, anchor="middle", class_="small soft")


def _row(row: Interval, scale: Scale, layout: Layout, top: float) -> Iterator[str]:
    y = top + layout.bar
    start, end, half = scale(row.band[0]), scale(row.band[1]), layout.reach
    yield svg.tag("rect", x=start, y=y - half, width=max(1.0, end - start), height=2 * half, class_="band")
    yield svg.line(scale(1.0), y - half, scale(1.0), y + half, "one")
    yield from _claims(row, scale, layout, y)
    yield from _bar(row, scale, y)
    yield from _labels(row, layout, top, y)


def _claims(row: Interval, scale: Scale, layout: Layout, y: float) -> Iterator[str]:
    """A dashed tick where a gain was claimed; what lies outside the picture is an arrow at its edge with the number."""
    bounds = [bound for bound in row.bounds if _drawable(bound)]
    for bound in (bound for bound in bounds if scale.low <= bound <= scale.high):
        x, said = scale(bound), svg.hint(f"claimed: {bound:g}×")
        yield svg.tag("line", said, x1=x, y1=y - 10, x2=x, y2=y + 10, class_="claim")
    place = y + 15 if layout.narrow else y - layout.reach + 9
    for edge, side, outside in (
        (layout.right, 1, [bound for bound in bounds if bound > scale.high]),
        (layout.left, -1, [bound for bound in bounds if bound < scale.low]),
    ):
        if outside:
            said = ", ".join(f"{bound:g}×" for bound in outside)
            yield svg.path([(edge - 5 * side, place - 7), (edge, place - 3), (edge - 5 * side, place + 1)], "claim arrow")
            yield svg.text(
                f"claimed {said}", edge - 9 * side, place, anchor="end" if side > 0 else "start", class_="small soft"
            )


def _bar(row: Interval, scale: Scale, y: float) -> Iterator[str]:
    """The interval with its ends; an end that lies outside the picture is an arrow, and no interval is a hollow point."""
    said = f"{row.label} ({row.detail}): {row.text} {row.verdict}"
    if row.low is None and row.high is None:
        yield svg.mark(row.shape, scale(row.value or 1.0), y, f"{row.tone} open", said=said)
        return
    low = row.low if row.low and _drawable(row.low) else 0.0
    high = row.high if row.high and _drawable(row.high) else math.inf
    x1, x2 = scale(max(low, scale.low)), scale(high)
    yield svg.line(x1, y, x2, y, f"bar {row.tone}")
    yield _end(x1, y, row.tone, -1 if low < scale.low else 0)
    yield _end(x2, y, row.tone, 1 if high > scale.high else 0)
    yield svg.mark(row.shape, scale(row.value or 1.0), y, row.tone, said=said)


def _end(x: float, y: float, tone: str, direction: int) -> str:
    if direction:
        return svg.path([(x - 5.0 * direction, y - 4), (x, y), (x - 5.0 * direction, y + 4)], f"bar {tone}")
    return svg.line(x, y - 4, x, y + 4, f"bar {tone}")


def _labels(row: Interval, layout: Layout, top: float, y: float) -> Iterator[str]:
    text, verdict = svg.clip(row.text, TEXT), svg.clip(row.verdict, TEXT, 11)
    if layout.narrow:
        name = " · ".join(part for part in (row.label, row.detail) if part)
        yield svg.text(svg.clip(name, layout.width - 20, 13), 10, top + 15, class_="strong")
        yield svg.text(svg.clip(row.text, layout.width - TEXT / 2 - 20), 10, top + 31)
        yield svg.text(verdict, layout.width - 10, top + 31, anchor="end", class_=f"small label {row.tone}")
        return
    yield svg.text(svg.clip(row.label, layout.left - 12, 13), 0, y - 3, class_="strong")
    yield svg.text(svg.clip(row.detail, layout.left - 18, 11), 0, y + 12, class_="small soft")
    yield svg.text(text, layout.right + 14, y - 3, class_="strong")
    yield svg.text(verdict, layout.right + 14, y + 12, class_=f"small label {row.tone}")
