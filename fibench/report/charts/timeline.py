"""Every block in the order in which it ran: drift, steps and bursts become visible, and that both sides share them."""

from __future__ import annotations

from collections.abc import Iterator

from fibench import units
from fibench.model.document import TimelineChart, Trace
from fibench.report.charts import frame as frames
from fibench.report.charts import svg
from fibench.report.charts.scale import Scale, fit
from fibench.report.charts.thin import extremes

POINTS = 420
BREAKS = 60
HEIGHT = 190.0


def draw(chart: TimelineChart, width: int, key: str) -> str:
    """Dots over the block's number; values beyond the axis are drawn at its edge as open triangles."""
    traces = frames.drawable(chart.traces)
    if not traces:
        return frames.empty(chart.title, chart.about, width, key)
    top = frames.legend_height(traces, width) + 8
    frame = frames.Frame(52.0, top, width - 12.0, top + HEIGHT)
    across = fit([float(place) for trace in traces for place in trace.at], frame.left, frame.right, room=0.02)
    up = frames.value_scale(traces, frame.bottom, frame.top)
    body = [*frames.legend(traces, width), *_axes(chart, frame, across, up)]
    for index, trace in enumerate(traces):
        body += _dots(index, trace, chart, (across, up), min(POINTS, width * 3 // 4))
    return svg.picture(chart.title, chart.about, width, frame.bottom + 44, body, key)


def _axes(chart: TimelineChart, frame: frames.Frame, across: Scale, up: Scale) -> Iterator[str]:
    step = max(1, -(-len(chart.breaks) // BREAKS))
    for place in chart.breaks[::step]:
        if across.low < place < across.high:
            yield svg.line(across(place), frame.top, across(place), frame.bottom, "grid")
    name, ticks = frames.value_ticks(up, chart.unit, 5)
    for y, said in ticks:
        yield svg.line(frame.left - 4, y, frame.left, y, "axis")
        yield svg.text(said, frame.left - 8, y + 4, anchor="end", class_="small soft")
    yield svg.line(frame.left, frame.top, frame.left, frame.bottom, "axis")
    yield svg.line(frame.left, frame.bottom, frame.right, frame.bottom, "axis")
    for tick in (tick for tick in across.ticks(4) if tick >= 0 and tick == int(tick)):
        yield svg.text(f"{tick:,.0f}", across(tick), frame.bottom + 16, anchor="middle", class_="small soft")
    what = frames.axis_title(chart.axis, name, up)
    yield svg.text(f"{what}, by {chart.noun} number", frame.middle, frame.bottom + 34, anchor="middle", class_="small soft")


def _dots(index: int, trace: Trace, chart: TimelineChart, scales: tuple[Scale, Scale], most: int) -> Iterator[str]:
    """One path of small squares or diamonds per variant: hundreds of separate elements would be slow to draw."""
    steps, (across, up) = [], scales
    shape = frames.shape(index)
    for place, value in extremes(tuple(zip(trace.at, trace.values, strict=True)), most):
        x, y = across(place), up(value)
        if not up.low <= value <= up.high:
            said = f"{trace.name}, {chart.noun} {place}: {units.show(value, chart.unit)}"
            yield svg.mark("up" if value > up.high else "down", x, y, f"{frames.colour(index)} open", 4.0, said)
            continue
        steps.append(_dot(x, y, shape))
    yield svg.tag("path", d="".join(steps) or "M0,0", class_=f"dot {frames.colour(index)}")


def _dot(x: float, y: float, shape: str) -> str:
    outline = {"up": "l2.2,4h-4.4z", "down": "l2.2,-4h-4.4z", "diamond": "l2.4,2.4l-2.4,2.4l-2.4,-2.4z"}
    rise = {"up": -2.2, "down": 2.2, "diamond": -2.4}
    if shape == "circle":
        return f"M{x - 2:.1f},{y:.1f}a2,2 0 1 0 4,0a2,2 0 1 0 -4,0z"
    if shape == "cross":
        return f"M{x - 2.4:.1f},{y - 0.7:.1f}h1.7v-1.7h1.4v1.7h1.7v1.4h-1.7v1.7h-1.4v-1.7h-1.7z"
    if shape in outline:
        return f"M{x:.1f},{y + rise[shape]:.1f}{outline[shape]}"
    return f"M{x - 1.8:.1f},{y - 1.8:.1f}h3.6v3.6h-3.6z"
