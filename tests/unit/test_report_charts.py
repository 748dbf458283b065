"""Charts are pure: numbers in, well-formed SVG out, whatever the numbers are."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from fibench.model.document import Chart, DistributionChart, Interval, RatioChart, Shape, TimelineChart, Trace
from fibench.report import charts
from fibench.report.charts.scale import Scale, fit
from fibench.report.charts.thin import extremes, fences, quantiles

SERIES = {
    "empty": (),
    "one point": (0.5,),
    "all equal": (2.0,) * 50,
    "zeros": (0.0,) * 9,
    "huge outlier": (*(1.0 + index / 1000 for index in range(500)), 1e9),
    "not numbers": (math.nan, math.inf, 1.0, 1.1),
    "negative": (-3.0, -1.0, 0.0, 2.0),
    "tiny": (1e-9, 2e-9, 3e-9),
    "thousands": tuple(1 + math.sin(index) / 10 for index in range(20_000)),
}


def drawn(chart: Chart, width: int) -> str:
    picture = charts.draw(chart, width, "k")
    ElementTree.fromstring(picture)
    assert not re.search(r"\b(nan|inf|None)\b", picture)
    return picture


@pytest.mark.parametrize("width", [340, 480, 980])
@pytest.mark.parametrize("name", SERIES)
def test_any_values_can_be_drawn(name: str, width: int) -> None:
    traces = (Trace("v1", SERIES[name], tuple(range(len(SERIES[name])))), Trace("<v2 & co>", SERIES[name]))
    for chart in (
        DistributionChart("t", "a", "s", "wall", traces),
        TimelineChart("t", "a", "B", "size", traces, (0, 5, 7)),
    ):
        picture = drawn(chart, width)
        assert len(picture) < 60_000  # thousands of points are thinned
        assert f'width="{width}"' in picture


@pytest.mark.parametrize("width", [340, 980])
@pytest.mark.parametrize(
    "numbers",
    [
        (1.69, 1.64, 1.71), (1.0, 1.0, 1.0), (1e9, 1e8, 1e10), (1e-9, 1e-12, 1e-6), (2.0, None, None), (2.0, 0.0, math.inf),
        (None, None, None), (math.nan, math.nan, math.nan), (0.0, 0.0, 0.0), (-1.0, -2.0, 1.0),
    ],
)  # fmt: skip
def test_any_interval_can_be_drawn(numbers: tuple[float | None, float | None, float | None], width: int) -> None:
    row = Interval("case <1>", "v2 vs v1", *numbers, "1.69×", "FASTER", "good", "up", (0.98, 1.02), (1.5, 2.5))
    drawn(RatioChart("t", "a", (row, row)), width)
    drawn(RatioChart("t", "a", ()), width)


def test_a_verdict_is_told_by_shape_and_by_word() -> None:
    looks: tuple[tuple[str, Shape], ...] = (("FASTER", "up"), ("INCONCLUSIVE", "circle"))
    rows = tuple(Interval("c", "d", 1.5, 1.4, 1.6, "1.5×", word, "good", shape) for word, shape in looks)
    picture = drawn(RatioChart("t", "a", rows), 900)
    for told in ("<polygon", "FASTER", "<circle", "INCONCLUSIVE"):
        assert told in picture


def test_what_lies_beyond_the_axis_is_counted_not_lost() -> None:
    trace = Trace("v1", SERIES["huge outlier"])
    assert "1 above" in drawn(DistributionChart("t", "a", "s", "wall", (trace,)), 480)
    assert "block 500: " in drawn(TimelineChart("t", "a", "s", "wall", (trace,)), 480)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [(1.0, 2.0), (0.98, 1.05), (1e-9, 1e9), (3.0, 3.0), (999.0, 1000.0)])
def test_a_scale_is_monotone_and_its_ticks_lie_inside(values: tuple[float, float], log: bool) -> None:
    scale = fit(values, 10.0, 110.0, log=log)
    places = [scale(scale.low + (scale.high - scale.low) * step / 50) for step in range(51)]
    assert all(left <= right for left, right in pairwise(places))
    assert places[0] == pytest.approx(10.0) and places[-1] == pytest.approx(110.0)
    ticks = scale.ticks(6)
    assert 1 <= len(ticks) <= 9 and list(ticks) == sorted(set(ticks))
    assert all(scale.low <= tick <= scale.high for tick in ticks)


def test_a_scale_that_runs_downwards_is_monotone_too() -> None:
    scale = Scale(0.0, 1.0, 200.0, 10.0)
    assert scale(0.0) == 200.0 and scale(1.0) == 10.0 and scale(0.25) > scale(0.75)


def test_thinning_keeps_both_tails_and_every_extreme() -> None:
    values = [float(index % 997) for index in range(10_000)] + [1e6, -1e6]
    thinned = quantiles(values, 160)
    assert len(thinned) <= 160
    assert {-1e6, 1e6} <= {value for value, _ in thinned} and thinned[-1][1] == 1.0
    assert all(left <= right for left, right in pairwise(thinned))
    kept = extremes(list(enumerate(values)), 400)
    assert len(kept) <= 400 and {1e6, -1e6} <= {value for _, value in kept}


def test_fences_leave_out_a_single_outlier_but_not_a_second_mode() -> None:
    assert fences([[1.0 + index / 1000 for index in range(500)] + [1e9]])[1] < 10
    assert fences([[1.0] * 80 + [50.0] * 20])[1] == 50.0
