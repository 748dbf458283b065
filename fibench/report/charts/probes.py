"""What a capacity search tried: every probe at its rate and its response time, against the goal, variant below variant.

Kept is a filled circle, broken a cross, undecided an open circle; what does not count is a small dash. The band is the
bracket that was proven, the line in it the estimate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from fibench import units
from fibench.model.load_charts import Hunt, Limit, Probe, ProbeChart
from fibench.report import words
from fibench.report.charts import frame as frames
from fibench.report.charts import svg
from fibench.report.charts.scale import Scale, fit

HEIGHT = 110.0
HEAD = 22.0
KEY = 24.0
SIGNS = ((True, "kept"), (False, "broken"), (None, "undecided"))


def draw(chart: ProbeChart, width: int, key: str) -> str:
    """A panel per variant, all with the same two axes."""
    hunts = [hunt for hunt in chart.hunts if hunt.probes]
    if not hunts:
        return frames.empty(chart.title, chart.about, width, key)
    left, right = 52.0, width - 14.0
    across = fit(_rates(hunts), left, right, log=True)
    values = [probe.value for hunt in hunts for probe in hunt.probes if 0 < probe.value < math.inf]
    low, high = _range(values, chart.goal)
    bottom = KEY
    body = [*_key(width)]
    for index, hunt in enumerate(hunts):
        top = KEY + HEAD + index * (HEIGHT + HEAD)
        bottom = top + HEIGHT
        up = fit([low, high], bottom, top, log=True)
        body += _panel(index, hunt, chart, frames.Frame(left, top, right, bottom), (across, up))
    body += _rate_axis(across, bottom, width)
    what = f"{chart.axis}, by requests per second (both log scale)"
    body.append(svg.text(what, (left + right) / 2, bottom + 36, anchor="middle", class_="small soft"))
    return svg.picture(chart.title, chart.about, width, bottom + 44, body, key)


def _rates(hunts: Sequence[Hunt]) -> list[float]:
    known = [rate for hunt in hunts for rate in (hunt.rate, hunt.low, hunt.high) if rate and 0 < rate < math.inf]
    return known + [probe.rate for hunt in hunts for probe in hunt.probes if probe.rate > 0]


def _range(values: Sequence[float], goal: Limit) -> tuple[float, float]:
    """The probes and the goal; without both, something."""
    every = [*values, *([goal.value] if goal.value > 0 else [])] or [1e-3, 1.0]
    return min(every), max(max(every), 2 * min(every))


def _key(width: int) -> Iterator[str]:
    """Shapes in words."""
    x = 8.0
    for kept, said in SIGNS:
        yield _sign(Probe(0.0, 0.0, kept), x, 10.0, "neutral")
        yield svg.text(said, x + 10, 14.0, class_="small soft")
        x += 28 + 7 * len(said)
    if width > 480:
        yield svg.tag("rect", x=x, y=4.0, width=16.0, height=12.0, class_="band")
        yield svg.text("proven bracket, with the estimate", x + 22, 14.0, class_="small soft")


def _panel(index: int, hunt: Hunt, chart: ProbeChart, frame: frames.Frame, scales: tuple[Scale, Scale]) -> Iterator[str]:
    across, up = scales
    colour = frames.colour(index)
    found = f": {words.rate(hunt.rate)}" if hunt.rate is not None else ": not found"
    yield svg.text(svg.clip(hunt.name + found, frame.right), frame.left, frame.top - 6, class_="small strong")
    yield from _bracket(hunt, frame, across, colour)
    for tick in up.ticks(4):
        y = up(tick)
        yield svg.line(frame.left, y, frame.right, y, "grid")
        yield svg.text(frames.quantity(tick, chart.unit), frame.left - 8, y + 4, anchor="end", class_="small soft")
    yield svg.line(frame.left, frame.top, frame.left, frame.bottom, "axis")
    yield svg.line(frame.left, frame.bottom, frame.right, frame.bottom, "axis")
    if chart.goal.value > 0:
        y = up(chart.goal.value)
        yield svg.line(frame.left, y, frame.right, y, "claim")
        yield svg.text(chart.goal.text, frame.left + 5, y - 4, class_="small soft halo")
    for probe in (probe for probe in hunt.probes if probe.rate > 0 and not math.isnan(probe.value)):
        y = frame.top if math.isinf(probe.value) else up(max(probe.value, up.low))
        yield _sign(probe, across(probe.rate), y, colour, _said(hunt, probe, chart))


def _bracket(hunt: Hunt, frame: frames.Frame, across: Scale, colour: str) -> Iterator[str]:
    """From the proven lower end to the proven upper one; an end that was not proven reaches the picture's edge."""
    if hunt.rate is None:
        return
    start = across(hunt.low) if hunt.low and hunt.low > 0 else frame.left
    end = across(hunt.high) if hunt.high and math.isfinite(hunt.high) else frame.right
    yield svg.tag("rect", x=start, y=frame.top, width=max(1.5, end - start), height=frame.bottom - frame.top, class_="band")
    if hunt.rate > 0:
        yield svg.line(across(hunt.rate), frame.top, across(hunt.rate), frame.bottom, f"bar {colour}")


def _said(hunt: Hunt, probe: Probe, chart: ProbeChart) -> str:
    verdict = "does not count" if probe.void else next(said for kept, said in SIGNS if kept is probe.kept)
    return f"{hunt.name}, {words.rate(probe.rate)}: {chart.axis} {units.show(probe.value, chart.unit)}, {verdict}"


def _sign(probe: Probe, x: float, y: float, class_: str, said: str = "") -> str:
    if probe.void:
        return svg.mark("dash", x, y, class_, 3.0, said)
    if probe.kept is None:
        return svg.mark("circle", x, y, class_, said=said)
    if probe.kept:
        inside = (svg.hint(said),) if said else ()
        return svg.tag("circle", *inside, cx=x, cy=y, r=4.5, class_=f"mark {class_}")
    return svg.mark("cross", x, y, class_, said=said)


def _rate_axis(across: Scale, bottom: float, width: int) -> Iterator[str]:
    for tick in across.ticks(max(3, width // 90)):
        yield svg.line(across(tick), bottom, across(tick), bottom + 4, "axis")
        yield svg.text(f"{tick:,.6g}", across(tick), bottom + 17, anchor="middle", class_="small soft")
