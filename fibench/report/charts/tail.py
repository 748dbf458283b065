"""Latency by percentile: the axis gives every further nine the same room, so that the slowest requests can be seen.

A curve ends where there are too few requests to say more. Where requests failed it leaves the picture at its top: no
time would have been long enough for those.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fibench import units
from fibench.model.load_charts import Limit, Tail, TailChart
from fibench.report.charts import frame as frames
from fibench.report.charts import svg
from fibench.report.charts.scale import Scale, fit

HEIGHT = 230.0
FIRST = 0.5
LABELS = (0.5, 0.99, 0.9, 0.999, 0.9999, 0.99999, 0.999999, 0.95)
"""The more important first: what has no room has no label."""
MARKED = (0.95, 0.99)
LEAST = 1e-9
REACH = 10.0
"""A limit that lies further outside the curves than so many times is told at the edge instead of squeezing them."""
CEILING = 12.0
"""Pixels from the plot to the line at which curves leave it."""
CHAR = 6.2
"""Pixels of a small character."""


@dataclass(frozen=True, slots=True)
class Plot:
    """The frame with its two scales."""

    frame: frames.Frame
    across: Scale
    up: Scale

    def x(self, share: float) -> float:
        """Where the `share`-quantile stands."""
        return self.across(nines(share))


def nines(share: float) -> float:
    """p90 → 1, p99 → 2, p99.9 → 3."""
    return -math.log10(max(1 - share, 1e-12))


def draw(chart: TailChart, width: int, key: str) -> str:
    """One curve per variant from its median on."""
    tails = [tail for tail in chart.tails if tail.shares]
    values = [max(value, LEAST) for tail in tails for value in tail.values if math.isfinite(value)]
    if not values:
        return frames.empty(chart.title, chart.about, width, key)
    named = [_named(tail) for tail in tails]
    top = frames.legend_height(named, width) + 26
    frame = frames.Frame(56.0, top, width - 14.0, top + HEIGHT)
    last = max(nines(FIRST) + 0.1, *(nines(tail.shares[-1]) for tail in tails))
    across = Scale(nines(FIRST), last, frame.left, frame.right)
    near = [limit.value for limit in chart.limits if min(values) / REACH <= limit.value <= max(values) * REACH]
    plot = Plot(frame, across, fit([*values, *near], frame.bottom, frame.top, log=True))
    body = [*frames.legend(named, width), *_axes(chart, plot), *_limits(chart.limits, plot)]
    for index, tail in enumerate(tails):
        body += _curve(index, tail, chart.unit, plot)
    return svg.picture(chart.title, chart.about, width, frame.bottom + 44, body, key)


def _named(tail: Tail) -> Tail:
    """The legend tells how much failed; a share is never rounded to nothing."""
    failed = 1 - tail.answered
    return Tail(f"{tail.name} ({units.percent(failed)} failed)", (), ()) if failed > 0 else tail


def _axes(chart: TailChart, plot: Plot) -> Iterator[str]:
    frame = plot.frame
    for x, said in _percentiles(plot):
        yield svg.line(x, frame.top, x, frame.bottom + 4, "grid")
        yield svg.text(said, x, frame.bottom + 17, anchor="middle", class_="small soft")
    for tick in plot.up.ticks(6):
        yield svg.line(frame.left, plot.up(tick), frame.right, plot.up(tick), "grid")
        yield svg.text(frames.quantity(tick, chart.unit), frame.left - 8, plot.up(tick) + 4, anchor="end", class_="small soft")
    if any(math.inf in tail.values for tail in chart.tails):
        yield svg.line(frame.left, frame.top - CEILING, frame.right, frame.top - CEILING, "claim")
        yield svg.text("✕", frame.left - 8, frame.top - CEILING + 4, anchor="end", class_="small soft")
    yield svg.line(frame.left, frame.top, frame.left, frame.bottom, "axis")
    yield svg.line(frame.left, frame.bottom, frame.right, frame.bottom, "axis")
    what = f"{chart.axis} (log scale) by percentile of all requests"
    yield svg.text(what, frame.middle, frame.bottom + 36, anchor="middle", class_="small soft")


def _percentiles(plot: Plot) -> list[tuple[float, str]]:
    """Labels of the percentiles that have room."""
    kept: list[tuple[float, str]] = []
    for share in (share for share in LABELS if nines(share) <= plot.across.high + 1e-9):
        x, said = plot.x(share), f"p{100 * share:.7g}"
        if all(abs(x - other) > (len(said) + len(text)) / 2 * CHAR + 4 for other, text in kept):
            kept.append((x, said))
    return kept


def _limits(limits: Sequence[Limit], plot: Plot) -> Iterator[str]:
    """A dashed line at what was asked for, with a tick at the percentile of which it was; too far away: at the edge."""
    frame, places = plot.frame, {"up": 0, "down": 0}
    for limit in limits:
        if plot.up.low <= limit.value <= plot.up.high:
            y = plot.up(limit.value)
            yield svg.line(frame.left, y, frame.right, y, "claim")
            if limit.share and nines(limit.share) <= plot.across.high:
                yield svg.line(plot.x(limit.share), y - 7, plot.x(limit.share), y + 7, "one")
            yield svg.text(limit.text, frame.left + 5, y - 4, class_="small soft halo")
            continue
        side, arrow = ("up", "↑") if limit.value > plot.up.high else ("down", "↓")
        y = frame.top + 12 + 14 * places[side] if side == "up" else frame.bottom - 6 - 14 * places[side]
        places[side] += 1
        yield svg.text(f"{arrow} {limit.text}", frame.left + 5, y, class_="small soft halo")


def _curve(index: int, tail: Tail, unit: str, plot: Plot) -> Iterator[str]:
    known = [pair for pair in zip(tail.shares, tail.values, strict=True) if math.isfinite(pair[1])]
    points = [(plot.x(share), plot.up(max(value, LEAST))) for share, value in known]
    colour, ceiling = frames.colour(index), plot.frame.top - CEILING
    if len(known) < len(tail.shares):
        x = plot.x(max(tail.answered, FIRST))
        points += [(x, points[-1][1] if points else plot.frame.top), (x, ceiling)]
        said = f"{tail.name}: {units.percent(1 - tail.answered)} of the requests failed"
        yield svg.mark("cross", x, ceiling, colour, said=said)
    yield svg.path(points, f"curve {colour}", frames.dash(index))
    for share, value in known:
        if any(math.isclose(share, marked, abs_tol=1e-12) for marked in MARKED):
            said = f"{tail.name}: p{100 * share:.7g} {units.show(value, unit)}"
            yield svg.mark(frames.shape(index), plot.x(share), plot.up(max(value, LEAST)), colour, said=said)
