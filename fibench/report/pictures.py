"""The data behind the charts: gains with intervals, distributions, blocks in their order. No drawing here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from fibench import units
from fibench.model.case import CONTROL, Case
from fibench.model.document import Chart, DistributionChart, Interval, RatioChart, TimelineChart, Trace
from fibench.model.result import CaseResult, Comparison
from fibench.model.run import CaseRecord
from fibench.report import words

CAPTION = (
    "A mark is the measured gain, its bar the interval; right of 1× the candidate is better. "
    "The band is the margin, dashed ticks are what was claimed."
)


def overview(cases: Sequence[CaseResult]) -> RatioChart | None:
    """The first metric of every case, a row per candidate."""
    rows = tuple(_interval(case.case, one, case.case.title) for case in cases for one in main(case) if _known(one))
    return RatioChart("Gain of every case", f"{words.count(len(rows), 'comparison')}. {CAPTION}", rows) if rows else None


def gains(case: CaseResult) -> RatioChart | None:
    """Every comparison of a case, if it has more than the overview shows."""
    rows = tuple(_interval(case.case, one, one.metric) for one in case.comparisons if _known(one))
    if len(rows) <= len(main(case)):
        return None
    return RatioChart(_title(case.case, "Gains"), f"{words.count(len(rows), 'comparison')}. {CAPTION}", rows)


def main(case: CaseResult) -> list[Comparison]:
    """The comparisons of the case's first metric that has any."""
    order = [*case.case.measure.metrics, *(one.metric for one in case.comparisons)]
    first = next((name for name in order if any(one.metric == name for one in case.comparisons)), None)
    return [one for one in case.comparisons if one.metric == first]


def _known(one: Comparison) -> bool:
    return one.ratio is not None and math.isfinite(one.ratio) and one.ratio > 0


def _interval(case: Case, one: Comparison, name: str) -> Interval:
    look = words.look(one.verdict)
    said = (
        "SIMULATED" if case.simulated else "",
        f"{one.candidate} vs {one.baseline}",
        one.metric if one.metric not in ("wall", name) else "",
    )
    return Interval(
        name,
        " · ".join(part for part in said if part),
        one.ratio,
        one.low,
        one.high,
        f"{words.gain(one)} {words.interval(one)}",
        one.verdict,
        look.tone,
        look.shape,
        words.limits(one),
        tuple(sorted(set(_claimed(case, one)))),
    )


def _claimed(case: Case, one: Comparison) -> Iterator[float]:
    """The gains that the case's claims state for this comparison."""
    for claim in case.claims:
        for test in claim.tests:
            said = test.speedup
            applies = test.metric == one.metric and case.matches({**claim.where, **test.where})
            if said and applies and said.candidate in (None, one.candidate):
                bounds = said.between or (said.at_least, said.at_most)
                yield from (bound for bound in bounds if bound is not None and bound > 0)


def of_case(result: CaseResult, record: CaseRecord | None) -> Iterator[Chart]:
    """A distribution for every measured metric, and the first metric's blocks in their order."""
    if record is None:
        return
    for index, name in enumerate(result.case.measure.metrics):
        traces, breaks = _traces(record, name)
        if not any(trace.values for trace in traces):
            continue
        unit = next((metric.unit for metric in result.case.metrics if metric.name == name), "1")
        yield _distribution(result.case, name, unit, traces)
        if index == 0:
            yield _timeline(result.case, name, unit, traces, breaks)


def _traces(record: CaseRecord, metric: str) -> tuple[tuple[Trace, ...], tuple[int, ...]]:
    """Every variant's values with their places in the case's order, and the first place of every generation."""
    values: dict[str, list[float]] = {variant.name: [] for variant in record.case.variants}
    places: dict[str, list[int]] = {name: [] for name in values}
    breaks, place = [], 0
    for generation in record.generations:
        breaks.append(place)
        series = generation.metrics.get(metric, ())
        for offset, (variant, value) in enumerate(zip(generation.variants, series, strict=False)):
            if variant in values and variant != CONTROL:
                values[variant].append(value)
                places[variant].append(place + offset)
        place += len(generation.variants)
    return tuple(Trace(name, tuple(values[name]), tuple(places[name])) for name in values if values[name]), tuple(breaks)


def _distribution(case: Case, metric: str, unit: str, traces: tuple[Trace, ...]) -> DistributionChart:
    about = "; ".join(
        f"{trace.name}: {words.count(len(trace.values), 'block')}, {units.show(min(trace.values), unit)} to "
        f"{units.show(max(trace.values), unit)}"
        for trace in traces
    )
    return DistributionChart(
        _title(case, f"Distribution of {metric}"),
        f"Share of blocks at or below a value. {about}.",
        unit,
        _axis(metric),
        traces,
    )


def _timeline(case: Case, metric: str, unit: str, traces: tuple[Trace, ...], breaks: tuple[int, ...]) -> TimelineChart:
    many = sum(len(trace.values) for trace in traces)
    starts = words.count(len(breaks), "generation")
    about = (
        f"{words.count(many, 'block')} in the order in which they ran; vertical lines start {starts}. "
        "Many are thinned, extremes kept."
    )
    return TimelineChart(_title(case, f"{metric} over time"), about, unit, _axis(metric), traces, breaks)


def _axis(metric: str) -> str:
    """Wall and CPU time are divided by the block's number of calls."""
    return f"{metric} per operation" if metric in ("wall", "cpu") else metric


def _title(case: Case, title: str) -> str:
    label = words.label(case)
    return f"{title} ({label})" if label else title
