"""Stalls: the slowest request of every moment of load, variant below variant, the darker the slower.

Darkness is one of six steps of a logarithmic scale, and slower is taller too: both survive print and colour-blindness. A
bar below the row is where requests failed.
"""

from __future__ import annotations

from collections.abc import Iterator

from fibench import units
from fibench.model.load_charts import StallChart, Strip
from fibench.report.charts import frame as frames
from fibench.report.charts import svg
from fibench.report.charts.scale import Scale

STEPS = (0.14, 0.28, 0.44, 0.62, 0.8, 1.0)
"""Opacities."""
ROW, GAP = 30.0, 14.0
FAILED = 4.0
LINE = 20.0
"""Height of a line of the key."""
Run = tuple[int, int, int]
"""First and last column (exclusive) of equal step; -1: nothing to draw."""


def draw(chart: StallChart, width: int, key: str) -> str:
    """A row per variant; where a column is narrower than a pixel it shows the slowest of what it covers."""
    known = [value for strip in chart.strips for value in strip.values if value is not None]
    if not known:
        return frames.empty(chart.title, chart.about, width, key)
    bounds = _bounds(known)
    longest = max(len(strip.values) for strip in chart.strips)
    top = 14 + LINE * len(STEPS) / _keys(width)
    frame = frames.Frame(0.0, top, float(width), top + len(chart.strips) * (ROW + GAP + FAILED + 4))
    across = Scale(0.0, float(longest), frame.left, frame.right)
    body = [*_key(chart.unit, bounds, width)]
    for index, strip in enumerate(chart.strips):
        body += _strip(strip, bounds, across, frame.top + index * (ROW + GAP + FAILED + 4), width)
    body += _axis(chart, across, frame)
    return svg.picture(chart.title, chart.about, width, frame.bottom + 38, body, key)


def _bounds(known: list[float]) -> list[float]:
    """The five limits between the steps: from what is usual to the slowest of all, in equal ratios."""
    ordered = sorted(max(value, 1e-9) for value in known)
    low, high = ordered[len(ordered) // 2], ordered[-1]
    high = max(high, low * 2)
    return [float(f"{low * (high / low) ** (step / (len(STEPS) - 1)):.2g}") for step in range(1, len(STEPS))]


def _step(values: tuple[float | None, ...], bounds: list[float]) -> int:
    """The step of the slowest."""
    slowest = max((value for value in values if value is not None), default=None)
    return -1 if slowest is None else sum(slowest > bound for bound in bounds)


def _key(unit: str, bounds: list[float], width: int) -> Iterator[str]:
    """What each darkness means: the upper limit of every step; in two lines where there is little room."""
    across = _keys(width)
    room = min(130.0, width / across)
    for step, opacity in enumerate(STEPS):
        said = f"≤ {units.show(bounds[step], unit)}" if step < len(bounds) else "more"
        x, y = step % across * room, 2.0 + step // across * LINE
        yield svg.tag("rect", x=x, y=y, width=12.0, height=12.0, class_="heat", opacity=f"{opacity}")
        yield svg.tag("rect", x=x, y=y, width=12.0, height=12.0, class_="box")
        yield svg.text(said, x + 17, y + 10, class_="small soft")


def _keys(width: int) -> int:
    """How many entries of the key stand in a line."""
    return len(STEPS) if width >= 85 * len(STEPS) else len(STEPS) // 2


def _strip(strip: Strip, bounds: list[float], across: Scale, top: float, width: int) -> Iterator[str]:
    yield svg.text(svg.clip(strip.name, width - 10), 0, top + 10, class_="small strong")
    y, end = top + GAP, across(float(len(strip.values)))
    places = _columns(len(strip.values), int(end))
    wide = end / len(places)
    for first, last, step in _runs([_step(strip.values[start:stop], bounds) for start, stop in places]):
        inset = (len(STEPS) - 1 - step) * 2.0
        box = {"x": first * wide, "y": y + inset, "width": (last - first) * wide, "height": ROW - inset}
        yield svg.tag("rect", **box, class_="heat", opacity=f"{STEPS[step]}")
    for first, last, _ in _runs([0 if any(strip.failed[start:stop]) else -1 for start, stop in places]):
        x = max(1.5, (last - first) * wide)
        yield svg.tag("rect", x=first * wide, y=y + ROW + 1, width=x, height=FAILED, class_="bad")
    yield svg.line(0.0, y + ROW, end, y + ROW, "axis")
    if len(strip.starts) * 6 < width:
        starts = (across(float(start)) for start in strip.starts)
        yield from (svg.line(x, y + ROW, x, y + ROW + FAILED + 2, "axis") for x in starts)


def _columns(bins: int, pixels: int) -> list[tuple[int, int]]:
    """Which bins each column covers; one is never narrower than a pixel."""
    many = max(1, min(bins, pixels))
    return [(index * bins // many, max(index * bins // many + 1, (index + 1) * bins // many)) for index in range(many)]


def _runs(steps: list[int]) -> Iterator[Run]:
    """Neighbours of one step are one rectangle."""
    start = 0
    for index in range(1, len(steps) + 1):
        if index == len(steps) or steps[index] != steps[start]:
            if steps[start] >= 0:
                yield start, index, steps[start]
            start = index


def _axis(chart: StallChart, across: Scale, frame: frames.Frame) -> Iterator[str]:
    seconds = Scale(0.0, across.high * chart.seconds, across.start, across.end)
    for tick in seconds.ticks(8):
        x = seconds(tick)
        anchor = "start" if x < 8 else "end" if x > across.end - 12 else "middle"
        yield svg.text(f"{tick:g}", x, frame.bottom + 12, anchor=anchor, class_="small soft")
    yield svg.text(_said(chart, frame), frame.middle, frame.bottom + 30, anchor="middle", class_="small soft")


def _said(chart: StallChart, frame: frames.Frame) -> str:
    failed = any(any(strip.failed) for strip in chart.strips)
    parts = ("seconds of load", "; ticks begin a window", "; bars below a row: requests failed" if failed else "")
    return "".join(parts if frame.right > 480 else parts[::2]).replace("bars below a row", "bars below")
