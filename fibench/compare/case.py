"""One case's record → its comparisons, noise floor, summaries and notes."""

from __future__ import annotations

import math

import numpy as np

from fibench import units
from fibench.compare import pair
from fibench.compare.steady import unsteady
from fibench.compare.verdict import INVALID, Judgement, judge
from fibench.model.case import CONTROL
from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult, Comparison, Control, Summary
from fibench.model.run import CaseRecord
from fibench.stats.quantile import quantile
from fibench.stats.sequential import Floats, Interval, confidence_sequence, sup_e_value

UNAVAILABLE = "not available here: "
"""How a failure begins that is nobody's fault: the claim is then not testable instead of unproven."""

SPAWN_FACTOR = 1.5
"""A command whose median is below this multiple of the spawn floor spends its time being started."""


def judge_case(record: CaseRecord) -> CaseResult:
    """Everything that can be said about a case from what was measured."""
    case = record.case
    asked_for = [metric for metric in case.metrics if metric.name in {*case.measure.metrics, *case.gate}]
    controls = {metric.name: control(record, metric) for metric in asked_for}
    comparisons = tuple(
        compare(record, metric, variant.name, controls[metric.name])
        for metric in asked_for
        for variant in case.variants[1:]
    )
    state, reason = _state(record, comparisons)
    return CaseResult(
        case=case,
        state=state,
        reason=reason,
        summaries=summaries(record),
        comparisons=comparisons,
        controls=tuple(found for found in controls.values() if found),
        notes=(*record.notes, *_notes(record, tuple(found for found in controls.values() if found), comparisons)),
        seconds=record.seconds,
    )


def compare(record: CaseRecord, metric: Metric, candidate: str, twin: Control | None) -> Comparison:
    """Candidate against the baseline on one metric; the margin grows to whatever identical code differed by."""
    case, measure = record.case, record.case.measure
    margin = effective_margin(measure.margin_of(metric.name), twin)
    level = 1 - measure.alpha
    for name in (case.baseline.name, candidate):
        if name in record.failures:
            return _without(record, metric, candidate, INVALID, f"{name}: {record.failures[name]}", level)
    below = _below_spawn_floor(record, candidate) if metric.name == "wall" else ""
    if below:
        return _without(record, metric, candidate, INVALID, below, level)
    try:
        differences = pair.gains(record, metric, case.baseline.name, candidate)
    except pair.NotPositiveError as error:
        return _without(record, metric, candidate, INVALID, str(error), level)
    if not len(differences):
        return _without(record, metric, candidate, "INCONCLUSIVE", "nothing was measured", level)
    moving = unsteady(record, metric, case.baseline.name, candidate)
    if moving:
        return _without(record, metric, candidate, INVALID, moving, level)
    interval = interval_of(record, metric, differences)
    found = judge(interval, margin, metric)
    return Comparison(
        metric=metric.name,
        baseline=case.baseline.name,
        candidate=candidate,
        ratio=plain(interval.estimate),
        low=_exp(interval.low),
        high=_exp(interval.high),
        level=level,
        verdict=found.verdict,
        evidence="E2",
        units=interval.units,
        seconds=record.seconds,
        margin=margin,
        reason=_reason(found, record),
        floor=_floor(twin),
        evalue=sup_e_value(differences),
    )


def interval_of(record: CaseRecord, metric: Metric, differences: Floats) -> Interval:
    """The confidence sequence; counted metrics that never vary are known exactly once two generations agree."""
    if metric.counted and len(differences) >= 2 and np.ptp(differences) == 0:
        exact = float(differences[0])
        return Interval(exact, exact, exact, len(differences))
    return confidence_sequence(differences, record.case.measure.alpha)


def control(record: CaseRecord, metric: Metric) -> Control | None:
    """The baseline against its twin, by the same rule; None without a control round."""
    try:
        differences = pair.gains(record, metric, record.case.baseline.name, CONTROL)
    except pair.NotPositiveError:
        return None
    if not len(differences):
        return None
    interval = interval_of(record, metric, differences)
    passed = not interval.bounded or interval.low <= 0 <= interval.high
    low, high = _exp(interval.low), _exp(interval.high)
    return Control(metric.name, math.exp(interval.estimate), low, high, interval.units, passed)


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
        for metric in record.case.metrics:
            values = pair.blocks(record.generations, metric.name, variant.name)
            if len(values):
                median, *tail = (quantile(values.tolist(), q) for q in (0.5, 0.9, 0.95, 0.99))
                found[variant.name][metric.name] = Summary(metric.unit, len(values), median, *tail)
    return found


def _state(record: CaseRecord, comparisons: tuple[Comparison, ...]) -> tuple[str, str | None]:
    """valid, partial (some variants failed) or invalid (nothing to be believed), with the reason."""
    reasons = [f"{name}: {reason}" for name, reason in record.failures.items()]
    if not record.generations:
        return "invalid", "; ".join(reasons) or "nothing was measured"
    if reasons:
        whole = record.case.baseline.name in record.failures or all(c.verdict == INVALID for c in comparisons)
        return ("invalid" if whole else "partial"), "; ".join(reasons)
    return "valid", None


def _notes(record: CaseRecord, controls: tuple[Control, ...], comparisons: tuple[Comparison, ...]) -> list[Note]:
    title = record.case.title
    notes = [
        Note(
            "control-failed",
            f"identical code differed by {abs((control.ratio or 1) - 1):.2%} on {control.metric}; the margin was raised to that",
            "repeat the run on a quieter machine, or with a larger budget",
            title,
        )
        for control in controls
        if not control.passed
    ]
    by_metric = {(found.metric, found.candidate): found for found in comparisons}
    for found in comparisons:
        cpu = by_metric.get(("cpu", found.candidate))
        if found.metric == "wall" and cpu and _disagree(found, cpu):
            text = f"{found.candidate}: wall time says {found.ratio:.3g}×, CPU time says {cpu.ratio:.3g}×"
            notes.append(Note("wall-cpu-disagree", text, "the target waits, or runs in other threads or processes", title))
    return notes


def _disagree(wall: Comparison, cpu: Comparison) -> bool:
    sides = [(found.low, found.high) for found in (wall, cpu)]
    if any(low is None or high is None for low, high in sides):
        return False
    (low, high), (cpu_low, cpu_high) = sides
    assert low is not None and high is not None and cpu_low is not None and cpu_high is not None
    apart = low > cpu_high or cpu_low > high
    return apart and abs(math.log((wall.ratio or 1) / (cpu.ratio or 1))) > math.log1p(wall.margin)


def _below_spawn_floor(record: CaseRecord, candidate: str) -> str:
    """A ratio of two commands that do nothing but start says nothing about them: why it is refused, or ""."""
    floors = [
        facts["spawn_floor"]
        for generation in record.generations
        for facts in generation.facts.get("variants", {}).values()
        if "spawn_floor" in facts
    ]
    if not floors:
        return ""
    floor = float(np.median(floors))
    for name in (record.case.baseline.name, candidate):
        values = pair.blocks(record.generations, "wall", name)
        if len(values) and np.median(values) < SPAWN_FACTOR * floor:
            return f"{name} takes {units.show(float(np.median(values)), 's')}, and spawning nothing {units.show(floor, 's')}"
    return ""


def _without(record: CaseRecord, metric: Metric, candidate: str, verdict: str, reason: str, level: float) -> Comparison:
    names = record.case.baseline.name, candidate
    return Comparison(metric.name, *names, None, None, None, level, verdict, "E2", 0, record.seconds, reason=reason)


def _reason(found: Judgement, record: CaseRecord) -> str:
    if not found.more or not record.generations:
        return found.reason if found.more == 0 else f"{found.reason}; more time would hardly help"
    units = len(record.generations) if record.unit == "generation" else sum(max(g.rounds) + 1 for g in record.generations)
    seconds = found.more * sum(generation.seconds for generation in record.generations) / max(1, units)
    word = {"generation": "generations", "round": "rounds"}[record.unit]
    return f"{found.reason}; about {found.more} more {word}, {seconds:.0f} s"


def _floor(twin: Control | None) -> float | None:
    if twin is None or twin.low is None or twin.high is None:
        return None
    return (twin.high - twin.low) / 2


def plain(logarithm: float) -> float:
    """Out of the log world, without its rounding: 400 B against 100 B is 4, not 3.9999999999999973."""
    return float(f"{math.exp(logarithm):.12g}")


def _exp(value: float) -> float | None:
    return plain(value) if math.isfinite(value) else None
