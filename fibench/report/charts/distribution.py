"""How the values of every variant are spread: the share of blocks at or below each value, medians marked."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from fibench import units
from fibench.model.document import DistributionChart, Trace
from fibench.report.charts import frame as frames
from fibench.report.charts import svg
from fibench.report.charts.scale import Scale
from fibench.report.charts.thin import quantiles

POINTS = 160
HEIGHT = 190.0


def draw(chart: DistributionChart, width: int, key: str) -> str:
    """Empirical distribution functions; what lies beyond the axis is counted at its edge."""
    traces = frames.drawable(chart.traces)
    if not traces:
        return frames.empty(chart.title, chart.about, width, key)
    top = frames.legend_height(traces, width) + 8
    frame = frames.Frame(42.0, top, width - 12.0, top + HEIGHT)
    across = frames.value_scale(traces, frame.left, frame.right)
    up = Scale(0.0, 1.0, frame.bottom, frame.top)
    body = [*frames.legend(traces, width), *_axes(chart, frame, across, up, width)]
    for index, trace in enumerate(traces):
        body += _curve(index, trace, chart.unit, across, up)
    body += _beyond(traces, frame, across)
    return svg.picture(chart.title, chart.about, width, frame.bottom + 56, body, key)


def _axes(chart: DistributionChart, frame: frames.Frame, across: Scale, up: Scale, width: int) -> Iterator[str]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = up(share)
        yield svg.line(frame.left, y, frame.right, y, "grid" if share else "axis")
        yield svg.text(f"{share * 100:.0f} %", frame.left - 6, y + 4, anchor="end", class_="small soft")
    name, ticks = frames.value_ticks(across, chart.unit, width // 80)
    for x, said in ticks:
        yield svg.line(x, frame.bottom, x, frame.bottom + 4, "axis")
        yield svg.text(said, x, frame.bottom + 17, anchor="middle", class_="small soft")
    title = frames.axis_title(chart.axis, name, across)
    yield svg.text(title, frame.middle, frame.bottom + 35, anchor="middle", class_="small soft")


def _curve(index: int, trace: Trace, unit: str, across: Scale, up: Scale) -> Iterator[str]:
    """Steps: a value's share is reached at the value, not before."""
    points, before = [(across(min(trace.values)), up(0.0))], up(0.0)
    for value, share in quantiles(trace.values, POINTS):
        points += [(across(value), before), (across(value), up(share))]
        before = up(share)
    yield svg.path(points, f"curve {frames.colour(index)}", frames.dash(index))
    middle = median(trace.values)
    said = f"{trace.name}: median {units.show(middle, unit)}"
    yield svg.mark(frames.shape(index), across(middle), up(0.5), frames.colour(index), said=said)


def _beyond(traces: list[Trace], frame: frames.Frame, across: Scale) -> Iterator[str]:
    """How many values lie outside the axis, said below its ends."""
    low = sum(value < across.low for trace in traces for value in trace.values)
    high = sum(value > across.high for trace in traces for value in trace.values)
    if low:
        yield svg.text(f"← {low:,} below", frame.left, frame.bottom + 51, class_="small soft")
    if high:
        yield svg.text(f"{high:,} above →", frame.right, frame.bottom + 51, anchor="end", class_="small soft")
