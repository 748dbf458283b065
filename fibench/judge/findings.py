"""One test of a claim on one case: what was measured, and whether the bound holds.

Each is tested at its own bound: confirmed when the whole interval satisfies it, refuted when none of it does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fibench import units
from fibench.judge import bracket, pair
from fibench.judge.case import gain_of, interval_of, plain
from fibench.judge.refusals import UNAVAILABLE, refused, void
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord
from fibench.model.scenario import Bound, Test, ValueOf
from fibench.stats.quantile import needed
from fibench.stats.sequential import Floats, Interval, confidence_sequence, fewest_units
from fibench.stats.series import decorrelated

CONFIRMED, REFUTED, UNPROVEN, NOT_TESTABLE = "CONFIRMED", "REFUTED", "UNPROVEN", "NOT TESTABLE"
_DIMENSION = {"s": "duration", "B": "size", "1/s": "rate"}
_MEDIAN = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """One test on one case. `final`: more units could not change it (a failure, a refusal)."""

    verdict: str
    reason: str
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = "×"
    case: str = ""
    metric: str = ""
    final: bool = False


def examine(test: Test, record: CaseRecord) -> Finding:
    """One test on one case's record."""
    problem = _problem(test, record)
    if problem:
        return problem
    try:
        return _FORMS[test.form](test, record)
    except pair.NotPositiveError as error:
        return _plainly(UNPROVEN, str(error), test, record, final=True)


def variants_of(test: Test, record: CaseRecord) -> tuple[str, ...]:
    """The variants that a test speaks of, defaults filled in."""
    names = [variant.name for variant in record.case.variants]
    if test.speedup:
        return test.speedup.baseline or names[0], test.speedup.candidate or names[min(1, len(names) - 1)]
    if test.ratio:
        return test.ratio.of, test.ratio.to
    single = test.share or test.value
    assert single is not None
    return (single.variant,)


def _problem(test: Test, record: CaseRecord) -> Finding | None:
    names = variants_of(test, record)
    for name in names:
        reason = record.failures.get(name)
        if reason and reason.startswith(UNAVAILABLE):
            return _plainly(NOT_TESTABLE, f"{name}: {reason}", test, record, final=True)
        if reason:
            return _plainly(UNPROVEN, f"INVALID: {name}: {reason}", test, record, final=True)
    if not record.generations:
        return _plainly(UNPROVEN, "nothing was measured", test, record)
    both = refused(record, record.case.metric(test.metric), names[0], names[1]) if len(names) == 2 else ""
    reason = both or void(record, names[0])
    return _plainly(UNPROVEN, f"INVALID: {reason}", test, record, final=True) if reason else None


def _plainly(verdict: str, reason: str, test: Test, record: CaseRecord, *, final: bool = False) -> Finding:
    return Finding(verdict, reason, case=record.case.title, metric=test.metric, final=final)


def _speedup(test: Test, record: CaseRecord) -> Finding:
    assert test.speedup is not None
    metric = record.case.metric(test.metric)
    names = variants_of(test, record)
    interval = gain_of(record, metric, names[0], names[1], _gains(record, metric, names))
    return _bounded(interval, test.speedup, plain, "×", test, record, _medians(record, metric, names))


def _gains(record: CaseRecord, metric: Metric, names: tuple[str, ...]) -> Floats:
    return pair.NOTHING if metric.bracket else pair.gains(record, metric, names[0], names[1])


def _ratio(test: Test, record: CaseRecord) -> Finding:
    assert test.ratio is not None
    metric = record.case.metric(test.metric)
    names = variants_of(test, record)
    interval = interval_of(record, metric, pair.log_ratios(record, metric.name, *names))
    return _bounded(interval, test.ratio, plain, "×", test, record, _medians(record, metric, names))


def _share(test: Test, record: CaseRecord) -> Finding:
    assert test.share is not None
    shares = pair.unit_shares(record, test.metric, test.share.of, test.share.variant)
    return _bounded(confidence_sequence(shares, record.case.measure.alpha), test.share, float, "%", test, record)


def _value(test: Test, record: CaseRecord) -> Finding:
    """An absolute value: no partner cancels the machine's drift, so neighbouring units that move together are joined."""
    assert test.value is not None
    metric, quantile = record.case.metric(test.metric), test.value.quantile
    # one-sided: a bound on one side may spend all of α there; the two-sided sequence at 2α does
    alpha = min(0.5, 2 * record.case.measure.alpha)
    if metric.bracket:
        found = bracket.value(record, metric, test.value.variant)
        return _bounded(found, absolute_bound(test.value, metric), float, metric.unit, test, record)
    if metric.column and quantile != _MEDIAN:
        return _quantile_of_windows(test, record, metric, alpha)
    values = pair.unit_values(record, metric.name, test.value.variant)
    if metric.counted and len(values) >= 2 and np.ptp(values) == 0:
        interval = Interval(float(values[0]), float(values[0]), float(values[0]), len(values))
    elif quantile == _MEDIAN:
        interval = confidence_sequence(decorrelated(values), alpha)
    else:
        every = pair.blocks(record.generations, metric.name, test.value.variant)
        if len(every) < needed(quantile):
            reason = f"n too small: {len(every)} of the {needed(quantile)} samples that p{100 * quantile:g} takes"
            return _plainly(UNPROVEN, reason, test, record)
        interval = confidence_sequence(every, alpha, quantile)
    return _bounded(interval, absolute_bound(test.value, metric), float, metric.unit, test, record)


def _quantile_of_windows(test: Test, record: CaseRecord, metric: Metric, alpha: float) -> Finding:
    """ "p95 of the requests": each window has its own, and windows, not requests, are independent of one another."""
    assert test.value is not None
    name = f"{metric.name}_p{100 * test.value.quantile:g}"
    if not any(name in generation.metrics for generation in record.generations):
        return _plainly(UNPROVEN, f"windows keep p50, p90, p95 and p99 of {metric.name}, not {name}", test, record, final=True)
    values = pair.unit_values(record, name, test.value.variant)
    if not len(values):
        reason = (
            f"n too small: no window had the {needed(test.value.quantile)} requests that {name} takes; raise duration or rate"
        )
        return _plainly(UNPROVEN, reason, test, record)
    interval = confidence_sequence(decorrelated(values), alpha)
    return _bounded(interval, absolute_bound(test.value, metric), float, metric.unit, test, record)


_FORMS: dict[str, Callable[[Test, CaseRecord], Finding]] = {
    "speedup": _speedup, "ratio": _ratio, "share": _share, "value": _value,
}  # fmt: skip


def absolute_bound(value: ValueOf, metric: Metric) -> Bound:
    """ "800 ms" → at_most 0.8; a plain number is taken in the metric's base unit."""

    def parsed(text: str | float | None) -> float | None:
        if text is None or isinstance(text, (int, float)):
            return text
        return units.parse(text, _DIMENSION[metric.unit]) if metric.unit in _DIMENSION else float(text)

    return Bound(at_least=parsed(value.at_least), at_most=parsed(value.at_most))


def _bounded(
    interval: Interval, bound: Bound, scale: Callable[[float], float], unit: str, test: Test, record: CaseRecord, more: str = ""
) -> Finding:
    """Compare an interval with the bound; `scale` takes it out of the log world."""
    if not interval.units:
        return _plainly(UNPROVEN, "nothing was measured", test, record)
    measured = scale(interval.estimate)
    low = scale(interval.low) if math.isfinite(interval.low) else None
    high = scale(interval.high) if math.isfinite(interval.high) else None
    verdict, reason = _decide(bound, low, high, lambda value: f"{value:g}×" if unit == "×" else units.show(value, unit))
    few = fewest_units(record.case.measure.alpha)
    if verdict == UNPROVEN and interval.units < few:
        reason += f": {interval.units} of the {few} {record.unit}s that it takes"
    return Finding(verdict, reason + more, measured, low, high, unit, record.case.title, test.metric)


def _decide(bound: Bound, low: float | None, high: float | None, show: Callable[[float], str]) -> tuple[str, str]:
    """At least: the low end; at most: the high end; between: the lower bound counts, and beyond it is said."""
    if bound.at_most is not None:
        if high is not None and high <= bound.at_most:
            return CONFIRMED, f"the whole interval is at most {show(bound.at_most)}"
        if low is not None and low > bound.at_most:
            return REFUTED, f"the whole interval is above {show(bound.at_most)}"
        return UNPROVEN, f"whether at most {show(bound.at_most)} is open"
    floor, ceiling = bound.between or (bound.at_least, None)
    assert floor is not None
    if low is not None and low >= floor:
        beyond = f", even above {show(ceiling)}" if ceiling is not None and low > ceiling else ""
        return CONFIRMED, f"the whole interval is at least {show(floor)}{beyond}"
    if high is not None and high < floor:
        return REFUTED, f"the whole interval is below {show(floor)}"
    return UNPROVEN, f"whether at least {show(floor)} is open"


def _medians(record: CaseRecord, metric: Metric, names: tuple[str, ...]) -> str:
    """ "; v1 56.8 ms, v2 56.6 ms": the values behind a ratio explain it."""
    found = [(name, pair.blocks(record.generations, metric.name, name)) for name in names]
    shown = [f"{name} {units.show(float(np.median(values)), metric.unit)}" for name, values in found if len(values)]
    return f"; {', '.join(shown)}" if shown else ""
