"""The data behind the charts: gains with intervals, distributions, blocks in their order. No drawing here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from fibench import units
from fibench.model.case import CONTROL, Case
from fibench.model.document import Chart, DistributionChart, Interval, RatioChart, TimelineChart, Trace
from fibench.model.metric import Metric
from fibench.model.result import CaseResult, Comparison
from fibench.model.run import CaseRecord
from fibench.report import words

CAPTION = (
    "A mark is the measured gain, its bar the interval; right of 1× the candidate is better. "
    "The band is the margin, dashed ticks are what was claimed (an arrow with a number where that lies outside). "
    "A hollow mark without a bar has no interval."
)


def overview(cases: Sequence[CaseResult], records: Mapping[str, CaseRecord]) -> RatioChart | None:
    """The first metric of every case, a row per candidate, each called by what tells it from the others."""
    pairs = [(case, one) for case in cases for one in main(case) if _known(one)]
    if not pairs:
        return None
    names = short_names([case.case for case in cases])
    baselines, candidates = {one.baseline for _, one in pairs}, {one.candidate for _, one in pairs}
    metrics, runs = {one.metric for _, one in pairs}, words.versus([one for _, one in pairs])
    sole = len(candidates) == len(baselines) == 1
    what = f", {next(iter(metrics))}" if len(metrics) == 1 else ""
    against = runs or (next(iter(candidates)) if sole else "", next(iter(baselines)) if len(baselines) == 1 else "")
    rows = []
    for case, one in pairs:
        name = names[case.case.key]
        rest = (
            one.candidate.rpartition("/")[2] if runs else one.candidate if against[1] else f"{one.candidate} vs {one.baseline}"
        )
        told = (name, "" if sole and name else rest, "" if what else one.metric)
        parts = [part for part in told if part]
        rows.append(_interval(case.case, one, parts[0], " · ".join(parts[1:]), records.get(case.case.key)))
    versus = (f" of {against[0]}" if against[0] else "") + (f" against {against[1]}" if against[1] else "")
    title = f"Gain{versus}{what}"
    return RatioChart(title, f"{words.count(len(rows), 'comparison')}. {CAPTION}", tuple(rows))


def short_names(cases: Sequence[Case]) -> dict[str, str]:
    """Case → its name without the scenario that all share and without the parameters that never vary."""
    one = len({case.scenario for case in cases}) == 1
    found = {}
    for case in cases:
        points = [other.point for other in cases if other.scenario == case.scenario]
        vary = [key for key in case.point if any(point.get(key) != case.point[key] for point in points)]
        said = ([] if one else [case.scenario]) + [f"{key}={case.point[key]}" for key in vary]
        found[case.key] = " ".join(said)
    return found


def gains(case: CaseResult, record: CaseRecord | None) -> RatioChart | None:
    """Every comparison of a case, if it has more than the overview shows."""
    rows = tuple(
        _interval(case.case, one, one.metric, f"{one.candidate} vs {one.baseline}", record)
        for one in case.comparisons
        if _known(one)
    )
    if len(rows) <= len(main(case)):
        return None
    return RatioChart(words.headed(case.case, "Gains"), f"{words.count(len(rows), 'comparison')}. {CAPTION}", rows)


def main(case: CaseResult) -> list[Comparison]:
    """The comparisons of the case's first metric that has any."""
    order = [*case.case.measure.metrics, *(one.metric for one in case.comparisons)]
    first = next((name for name in order if any(one.metric == name for one in case.comparisons)), None)
    return [one for one in case.comparisons if one.metric == first]


def _known(one: Comparison) -> bool:
    return one.ratio is not None and math.isfinite(one.ratio) and one.ratio > 0


def _interval(case: Case, one: Comparison, name: str, detail: str, record: CaseRecord | None) -> Interval:
    look = words.look(one.verdict)
    detail = " · ".join(part for part in ("SIMULATED" if case.simulated else "", case.label.partition(":")[0], detail) if part)
    span = words.interval(one)
    if span == "–":
        span = f"too few {record.unit if record else 'generation'}s" if one.verdict == "INCONCLUSIVE" else "no interval"
    return Interval(
        name, detail, one.ratio, one.low, one.high, f"{words.gain(one)} {span}", one.verdict, look.tone, look.shape,
        words.limits(one), tuple(sorted(set(_claimed(case, one)))),
    )  # fmt: skip


def _claimed(case: Case, one: Comparison) -> Iterator[float]:
    """The gains that the case's claims state for this comparison."""
    names = [variant.name for variant in case.variants]
    first, second = names[0], names[min(1, len(names) - 1)]
    for claim in case.claims:
        for test in claim.tests:
            said = test.speedup
            applies = test.metric == one.metric and case.matches({**claim.where, **test.where})
            if said and applies and (said.baseline or first, said.candidate or second) == (one.baseline, one.candidate):
                bounds = said.between or (said.at_least, said.at_most)
                yield from (bound for bound in bounds if bound is not None and bound > 0)


def of_case(result: CaseResult, record: CaseRecord | None) -> Iterator[Chart]:
    """A distribution for every timed metric, and the first metric's blocks in their order; a count has one value, and so has
    a search."""
    if record is None:
        return
    noun = "window" if any(generation.remarks for generation in record.generations) else "block"
    for index, name in enumerate(result.case.measure.metrics):
        traces, breaks = _traces(record, name)
        metric = next((metric for metric in result.case.metrics if metric.name == name), Metric(name, "1"))
        if metric.counted or metric.bracket or not any(trace.values for trace in traces):
            continue
        yield _distribution(result.case, metric, traces, noun)
        if index == 0:
            yield _timeline(result.case, metric, traces, breaks, noun)


def _traces(record: CaseRecord, metric: str) -> tuple[tuple[Trace, ...], tuple[int, ...]]:
    """Every variant's values with their places in the case's order, and the first place of every generation."""
    values: dict[str, list[float]] = {variant.name: [] for variant in record.case.variants}
    places: dict[str, list[int]] = {name: [] for name in values}
    breaks, place = [], 0
    for generation in record.generations:
        breaks.append(place)
        series = generation.metrics.get(metric, ())
        for offset, (variant, value) in enumerate(zip(generation.variants, series, strict=False)):
            if variant in values and variant != CONTROL and not math.isnan(value):  # NaN: a window that does not count
                values[variant].append(value)
                places[variant].append(place + offset)
        place += len(generation.variants)
    return tuple(Trace(name, tuple(values[name]), tuple(places[name])) for name in values if values[name]), tuple(breaks)


def _distribution(case: Case, metric: Metric, traces: tuple[Trace, ...], noun: str) -> DistributionChart:
    about = "; ".join(
        f"{trace.name}: {words.count(len(trace.values), noun)}, {units.show(min(trace.values), metric.unit)} to "
        f"{units.show(max(trace.values), metric.unit)}"
        for trace in traces
    )
    title = f"Distribution of {_named(metric, noun)}"
    said = f"Share of {noun}s at or below a value. {about}."
    return DistributionChart(words.headed(case, title), said, metric.unit, _axis(metric.name), traces)


def _timeline(case: Case, metric: Metric, traces: tuple[Trace, ...], breaks: tuple[int, ...], noun: str) -> TimelineChart:
    many = sum(len(trace.values) for trace in traces)
    starts = words.count(len(breaks), "round" if noun == "window" else "generation")
    about = (
        f"{words.count(many, noun)} in the order in which they ran; vertical lines start {starts}. "
        "Many are thinned, extremes kept."
    )
    title = words.headed(case, f"{_named(metric, noun)} over time")
    return TimelineChart(title, about, metric.unit, _axis(metric.name), traces, breaks, noun)


def _named(metric: Metric, noun: str) -> str:
    """A window's value of what single requests have is their median."""
    return f"{metric.name}, the median of each {noun}" if metric.column and noun == "window" else metric.name


def _axis(metric: str) -> str:
    """Wall and CPU time are divided by the block's number of calls."""
    return f"{metric} per operation" if metric in ("wall", "cpu") else metric
