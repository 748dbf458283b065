"""What a case is called while it runs, and its answer in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from rich.cells import cell_len

from fibench import units
from fibench.model.case import Case
from fibench.model.result import CaseResult, Comparison
from fibench.report import words

TONES = {"good": "green", "bad": "red", "neutral": "cyan", "muted": "dim", "warn": "yellow"}


def labels(cases: Sequence[Case]) -> list[str]:
    """Each case's name without the scenario that all share, and without the keys that never vary."""
    shared = len({case.scenario for case in cases}) == 1
    return [f"{_label(case, cases, shared)}{_warning(case)}" for case in cases]


def _warning(case: Case) -> str:
    """What every number of the case must carry, in a word or two."""
    said = " · ".join(part for part in ("SIMULATED" if case.simulated else "", case.label.partition(":")[0]) if part)
    return f" ({said})" if said else ""


def _label(case: Case, cases: Sequence[Case], shared: bool) -> str:
    points = [other.point for other in cases if other.scenario == case.scenario]
    vary = [f"{key}={value}" for key, value in case.point.items() if any(point.get(key) != value for point in points)]
    return " ".join(([] if shared else [case.scenario]) + vary) or case.title


def told(result: CaseResult, failed: Collection[str], room: int | None = None) -> str:
    """Every comparison on the first metric in one line, shorter and shorter until it has `room`; what is in `failed`
    was complained about already."""
    gone = [f"{name} failed" for name in dict.fromkeys(failed)]
    found = [one for one in primary(result) if not {one.candidate, one.baseline} & set(failed)]
    if not found:
        return "; ".join(gone) or result.reason or "; ".join(_medians(result)) or "measured"
    forms = (
        [f"{one.candidate} {_gain(one)}{_interval(one)} {_verdict(one)}" for one in found],
        [f"{one.candidate} {_gain(one)} {_verdict(one)}" for one in found],
        [f"{one.candidate} {one.verdict}" for one in found],
        [f"{count} {verdict}" for verdict, count in Counter(one.verdict for one in found).items()],
    )
    lines = ["; ".join([*gone, *form]) for form in forms]
    return next((line for line in lines if room is None or cell_len(line) <= room), lines[-1])


def _medians(result: CaseResult) -> list[str]:
    """Where nothing is compared: each variant's median on the first metric."""
    name = result.case.metrics[0].name
    known = {variant: metrics[name] for variant, metrics in result.summaries.items() if name in metrics}
    return [f"{variant} {units.show(one.median, one.unit)}" for variant, one in known.items()]


def primary(result: CaseResult) -> list[Comparison]:
    """The comparisons on the first metric."""
    return [found for found in result.comparisons if found.metric == result.case.metrics[0].name]


def style(verdict: str) -> str:
    """The colour of a verdict."""
    return TONES[words.look(verdict).tone]


def left(seconds: float) -> str:
    """Time that is left, in whole seconds."""
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 90 else units.duration(whole)


def _gain(found: Comparison) -> str:
    return words.gain(found)


def _interval(found: Comparison) -> str:
    return f" {words.interval(found)}" if found.low is not None or found.high is not None else ""


def _verdict(found: Comparison) -> str:
    return found.verdict if found.verdict != "INVALID" or not found.reason else f"INVALID ({found.reason})"
