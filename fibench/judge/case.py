"""One case's record → its comparisons, noise floor, summaries and notes."""

from __future__ import annotations

import math

import numpy as np

from fibench import units
from fibench.judge import bracket, pair, spread
from fibench.judge.refusals import refused, void
from fibench.judge.verdict import INCONCLUSIVE, INVALID, Judgement, judge
from fibench.model.case import CONTROL, Variant
from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult, Comparison, Control, Summary
from fibench.model.run import CaseRecord
from fibench.stats.quantile import quantile
from fibench.stats.sequential import Floats, Interval, confidence_sequence, fewest_units, sup_e_value

BRACKETED = 0.9
"""Level of a capacity's bracket: each end was proven by a probe at 97.5 %, and a ratio takes two of them on either side."""
FAR = 10
"""An undecided case that would need more than so many budgets is too close to call, and is told so."""


def judge_case(record: CaseRecord) -> CaseResult:
    """Everything that can be said about a case from what was measured."""
    case = record.case
    asked_for = [metric for metric in case.metrics if metric.name in {*case.measure.metrics, *case.gate}]
    controls = {metric.name: control(record, metric) for metric in asked_for}
    comparisons = tuple(
        compare(record, metric, variant.name, controls[metric.name]) for metric in asked_for for variant in case.variants[1:]
    )
    found = tuple(twin for twin in controls.values() if twin)
    state, reason = _state(record, comparisons)
    return CaseResult(
        case=case,
        state=state,
        reason=reason,
        summaries=summaries(record),
        comparisons=comparisons,
        controls=found,
        notes=(*record.notes, *_notes(record, found, comparisons)),
        seconds=record.seconds,
    )


def compare(record: CaseRecord, metric: Metric, candidate: str, twin: Control | None) -> Comparison:
    """Candidate against the baseline on one metric; the margin grows to whatever identical code differed by."""
    case, measure = record.case, record.case.measure
    reason = refused(record, metric, case.baseline.name, candidate)
    if reason:
        return _without(record, metric, candidate, INVALID, reason)
    try:
        differences = pair.NOTHING if metric.bracket else pair.gains(record, metric, case.baseline.name, candidate)
        interval = gain_of(record, metric, case.baseline.name, candidate, differences)
    except pair.NotPositiveError as error:
        return _without(record, metric, candidate, INVALID, str(error))
    if not interval.units:
        return _without(record, metric, candidate, INCONCLUSIVE, spread.nothing(record, metric))
    margin = effective_margin(measure.margin_of(metric.name), twin)
    found = judge(interval, margin, metric, measure.alpha, record.unit)
    return Comparison(
        metric=metric.name,
        baseline=case.baseline.name,
        candidate=candidate,
        ratio=plain(interval.estimate),
        low=_exp(interval.low),
        high=_exp(interval.high),
        level=BRACKETED if metric.bracket else 1 - measure.alpha,
        verdict=found.verdict,
        evidence="E2",
        units=interval.units,
        seconds=record.seconds,
        margin=margin,
        reason=_reason(found, record),
        floor=_floor(twin),
        p_worse=_p_worse(interval, differences, margin),
    )


def gain_of(record: CaseRecord, metric: Metric, baseline: str, candidate: str, differences: Floats) -> Interval:
    """The interval of ln(gain): a confidence sequence over units, or between the brackets of two searches."""
    if metric.bracket:
        return bracket.gain(record, metric, baseline, candidate)
    return interval_of(record, metric, differences)


def interval_of(record: CaseRecord, metric: Metric, differences: Floats) -> Interval:
    """The confidence sequence; counted metrics that never vary are known exactly once two generations agree."""
    if metric.counted and len(differences) >= 2 and np.ptp(differences) == 0:
        exact = float(differences[0])
        return Interval(exact, exact, exact, len(differences))
    return confidence_sequence(differences, record.case.measure.alpha)


def control(record: CaseRecord, metric: Metric) -> Control | None:
    """The baseline against its twin, by the same rule; None without a control round."""
    if metric.bracket:
        return None
    try:
        differences = pair.gains(record, metric, record.case.baseline.name, CONTROL)
    except pair.NotPositiveError:
        return None
    if not len(differences):
        return None
    interval = interval_of(record, metric, differences)
    passed = not interval.bounded or interval.low <= 0 <= interval.high
    low, high = _exp(interval.low), _exp(interval.high)
    return Control(metric.name, plain(interval.estimate), low, high, interval.units, passed)


def effective_margin(margin: float, twin: Control | None) -> float:
    """Identical code that differed by x % sets a floor: smaller differences are not believed."""
    if twin is None or twin.passed or not twin.ratio:
        return margin
    return max(margin, max(twin.ratio, 1 / twin.ratio) - 1)


def summaries(record: CaseRecord) -> dict[str, dict[str, Summary]]:
    """Order statistics of every variant and metric over all blocks (the control is not a variant)."""
    found: dict[str, dict[str, Summary]] = {}
    for variant in record.case.variants:
        found[variant.name] = {}
        for metric in (*record.case.metrics, *record.case.shown):
            one = (spread.summary(record, metric, variant.name) if metric.column else None) or _of_blocks(
                record, metric, variant
            )
            if one:
                found[variant.name][metric.name] = one
    return found


def _of_blocks(record: CaseRecord, metric: Metric, variant: Variant) -> Summary | None:
    values = pair.blocks(record.generations, metric.name, variant.name)
    if not len(values):
        return None
    median, *tail = (quantile(values.tolist(), q) for q in (0.5, 0.9, 0.95, 0.99))
    return Summary(metric.unit, len(values), median, *tail)


def plain(logarithm: float) -> float:
    """Out of the log world, without its rounding: 400 B against 100 B is 4, not 3.9999999999999973."""
    return float(f"{math.exp(logarithm):.12g}")


def _state(record: CaseRecord, comparisons: tuple[Comparison, ...]) -> tuple[str, str | None]:
    """valid, partial (some variants failed) or invalid (nothing to be believed), with the reason."""
    reasons = [f"{name}: {reason}" for name, reason in record.failures.items()]
    empty = [reason for variant in record.case.variants if (reason := void(record, variant.name))]
    if len(empty) == len(record.case.variants):
        return "invalid", "; ".join([*reasons, *empty])
    reasons += empty
    if not record.generations:
        return "invalid", "; ".join(reasons) or "nothing was measured"
    if record.done and record.case.metrics[0].bracket and comparisons and all(c.verdict == INVALID for c in comparisons):
        return "invalid", "; ".join([*reasons, *(c.reason for c in comparisons)])
    if reasons:
        whole = record.case.baseline.name in record.failures or all(c.verdict == INVALID for c in comparisons)
        return ("invalid" if whole else "partial"), "; ".join(reasons)
    return "valid", None


def _notes(record: CaseRecord, controls: tuple[Control, ...], comparisons: tuple[Comparison, ...]) -> list[Note]:
    title = record.case.title
    notes = [_control_note(record, twin) for twin in controls if not twin.passed]
    by_metric = {(found.metric, found.candidate): found for found in comparisons}
    for found in comparisons:
        cpu = by_metric.get(("cpu", found.candidate))
        if found.metric == "wall" and cpu and _disagree(found, cpu):
            text = f"{found.candidate}: wall time says {found.ratio:.3g}×, CPU time says {cpu.ratio:.3g}×"
            notes.append(Note("wall-cpu-disagree", text, "the target waits, or runs in other threads or processes", title))
    return notes


def _control_note(record: CaseRecord, twin: Control) -> Note:
    """Identical code differed: whether that changed anything is said as well."""
    by = max(twin.ratio or 1, 1 / (twin.ratio or 1)) - 1
    raised = by > record.case.measure.margin_of(twin.metric)
    then = "the margin was raised to that" if raised else "that is inside the margin"
    text = f"identical code differed by {by:.2%} on {twin.metric}; {then}"
    return Note("control-failed", text, "a quieter machine or a larger budget would settle it", record.case.title)


def _disagree(wall: Comparison, cpu: Comparison) -> bool:
    sides = [(found.low, found.high) for found in (wall, cpu)]
    if any(low is None or high is None for low, high in sides):
        return False
    (low, high), (cpu_low, cpu_high) = sides
    assert low is not None and high is not None and cpu_low is not None and cpu_high is not None
    apart = low > cpu_high or cpu_low > high
    return apart and abs(math.log((wall.ratio or 1) / (cpu.ratio or 1))) > math.log1p(wall.margin)


def _without(record: CaseRecord, metric: Metric, candidate: str, verdict: str, reason: str) -> Comparison:
    names = record.case.baseline.name, candidate
    level = 1 - record.case.measure.alpha
    return Comparison(metric.name, *names, None, None, None, level, verdict, "E2", 0, record.seconds, reason=reason)


def _reason(found: Judgement, record: CaseRecord) -> str:
    """The verdict's reason, and for an open one what it would take: never a forecast beyond sense."""
    if found.more == 0:
        return found.reason
    seconds = _seconds(found.more, record) if found.more else math.inf
    enough = pair.units(record) >= fewest_units(record.case.measure.alpha)
    if record.done and enough and record.seconds < 0.7 * record.case.measure.budget and record.case.claims:
        return f"{found.reason}; measuring stopped when all claims were decided"
    if seconds > FAR * record.case.measure.budget:
        return f"{found.reason}; too close to call in any sensible time"
    one = {"generation": "generation", "round": "round"}[record.unit]
    return f"{found.reason}; about {found.more} more {one}{'s' * (found.more != 1)}, {units.duration(seconds)}"


def _seconds(more: int, record: CaseRecord) -> float:
    """Wall time of so many more units, at the pace so far."""
    measured = pair.units(record)
    return more * sum(generation.seconds for generation in record.generations) / measured if measured else math.inf


def _p_worse(interval: Interval, differences: Floats, margin: float) -> float:
    delta = math.log1p(margin)
    if not len(differences):
        return 1 - BRACKETED if interval.high < -delta else 1.0
    if interval.low == interval.high:
        return 0.0 if interval.high < -delta else 1.0  # counted, not sampled: there is no chance in it
    return 1 / sup_e_value(differences, -delta, side=-1)


def _floor(twin: Control | None) -> float | None:
    if twin is None or twin.low is None or twin.high is None:
        return None
    return (twin.high - twin.low) / 2


def _exp(value: float) -> float | None:
    return plain(value) if math.isfinite(value) else None
