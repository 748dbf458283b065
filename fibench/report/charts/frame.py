"""What distributions and timelines share: the frame, the axes with units, the variants' legend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from fibench import units
from fibench.model.document import Shape, Trace
from fibench.report.charts import svg
from fibench.report.charts.scale import Scale, fit
from fibench.report.charts.style import SERIES
from fibench.report.charts.thin import fences, finite

SHAPES: tuple[Shape, ...] = ("up", "square", "diamond", "down", "circle", "cross")
DASHES = (None, "7 3", "2 3", "10 3 2 3")
LOG_FROM = 8.0


@dataclass(frozen=True, slots=True)
class Frame:
    """The plot's rectangle inside a picture."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def colour(index: int) -> str:
    """The class of the variant at `index`."""
    return f"s{index % SERIES}"


def shape(index: int) -> Shape:
    """Shape and dash tell variants apart where colour does not."""
    return SHAPES[index % len(SHAPES)]


def dash(index: int) -> str | None:
    return DASHES[index % len(DASHES)]


def value_scale(traces: Sequence[Trace], start: float, end: float) -> Scale:
    """An axis for values: outliers are left at its edge, and it is logarithmic where the variants lie far apart."""
    low, high = fences([finite(trace.values) for trace in traces])
    return fit((low, high), start, end, log=low > 0 and high / low >= LOG_FROM)


def value_ticks(scale: Scale, unit: str, most: int) -> tuple[str, list[tuple[float, str]]]:
    """The unit in which the whole axis is read, and every tick with its text in that unit."""
    name, size = units.scale_of(max(abs(scale.low), abs(scale.high)), unit)
    tidy = Scale(scale.low / size, scale.high / size, scale.start, scale.end, scale.log)
    return name, [(tidy(tick), f"{tick:,.6g}") for tick in tidy.ticks(most)]


def quantity(value: float, unit: str) -> str:
    """A tick with its own unit, for axes that span many: "100 µs", "1 ms"."""
    name, size = units.scale_of(value, unit)
    return f"{value / size:,.4g} {name}".rstrip()


def axis_title(axis: str, unit: str, scale: Scale) -> str:
    """ "wall in ms (log scale)"."""
    return axis + (f" in {unit}" if unit else "") + (" (log scale)" if scale.log else "")


class Named(Protocol):
    """What has an entry in a legend."""

    @property
    def name(self) -> str: ...


def legend(traces: Sequence[Named], width: int) -> Iterator[str]:
    """One entry per variant above the plot, wrapped to the width; `legend_height` tells how much room it takes."""
    for index, name, x, y in _places([trace.name for trace in traces], width):
        yield svg.line(x, y - 4, x + 22, y - 4, f"curve {colour(index)}")
        yield svg.mark(shape(index), x + 11, y - 4, colour(index), 4.0)
        yield svg.text(name, x + 28, y)


def legend_height(traces: Sequence[Named], width: int) -> float:
    return max((y for *_, y in _places([trace.name for trace in traces], width)), default=0.0) + 10


def _places(names: Sequence[str], width: int) -> Iterator[tuple[int, str, float, float]]:
    x, y = 0.0, 14.0
    for index, name in enumerate(names):
        said = svg.clip(name, min(260, width - 40))
        needed = 28 + len(said) * 7.2 + 18
        if x and x + needed > width:
            x, y = 0.0, y + 19
        yield index, said, x, y
        x += needed


def empty(title: str, about: str, width: int, key: str) -> str:
    """A picture that says that there is nothing to see."""
    said = svg.text("no values to draw", width / 2, 34, anchor="middle", class_="soft")
    return svg.picture(title, about, width, 60, [said], key)


def drawable(traces: Sequence[Trace]) -> list[Trace]:
    """The traces without what is not a number; a trace that has nothing left disappears. Infinite ones (requests that were
    never answered) stay: they are drawn at the edge, and counted there."""
    kept = []
    for trace in traces:
        places = trace.at if len(trace.at) == len(trace.values) else range(len(trace.values))
        pairs = [(place, value) for place, value in zip(places, trace.values, strict=True) if value > -math.inf]
        if pairs:
            kept.append(Trace(trace.name, tuple(value for _, value in pairs), tuple(place for place, _ in pairs)))
    return kept
