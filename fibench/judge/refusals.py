"""Why a ratio must not be given, although there are numbers: failures, the spawn floor, no steady state."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from fibench import units
from fibench.judge import pair
from fibench.judge.steady import unsteady
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord
from fibench.model.windows import FIGURES

UNAVAILABLE = "not available here: "
"""How a failure begins that is nobody's fault: the claim is then not testable instead of unproven."""

TOLERATED_VOID = 0.25
"""Share of a variant's windows that may be invalid; those that are take their round with them."""
VOID = "windows do not count"
SPAWN_FACTOR = 1.5
"""A command whose median is below this multiple of the spawn floor spends its time being started."""


def refused(record: CaseRecord, metric: Metric, over: str, under: str) -> str:
    """The reason against any ratio of these two variants on this metric, or ""."""
    for name in (over, under):
        if name in record.failures:
            return f"{name}: {record.failures[name]}"
    below = _below_spawn_floor(record, (over, under)) if metric.name == "wall" else ""
    return void(record, over) or void(record, under) or below or unsteady(record, metric, over, under)


def void(record: CaseRecord, variant: str) -> str:
    """Too many windows of a variant do not count, for the reason that is given most often; or ""."""
    told = [
        [*remark.get("invalid", ()), *remark.get("overloaded", ())]
        for generation in record.generations
        for name, remark in zip(generation.variants, generation.remarks, strict=False)
        if name == variant and not remark.get("idle")
    ]
    refused = [reasons for reasons in told if reasons]
    share = TOLERATED_VOID if record.done else 1.0
    if len(refused) <= share * len(told) and not _surely_more(len(refused), len(told), record.case.measure.alpha):
        return ""
    first = Counter(FIGURES.sub("", reasons[0]) for reasons in refused).most_common(1)[0][0]
    example = next(reasons[0] for reasons in reversed(refused) if FIGURES.sub("", reasons[0]) == first)
    return f"{variant}: {len(refused)} of {len(told)} {VOID}: {example}"


def _surely_more(refused: int, windows: int, alpha: float) -> bool:
    """Before the end only what cannot be chance any more: the first windows may have met a busy machine."""
    if windows < 1 or refused <= TOLERATED_VOID * windows:
        return False
    tail = (
        math.comb(windows, count) * TOLERATED_VOID**count * (1 - TOLERATED_VOID) ** (windows - count)
        for count in range(refused, windows + 1)
    )
    return math.fsum(tail) < alpha / 10  # it is looked at after every window


def _below_spawn_floor(record: CaseRecord, names: tuple[str, str]) -> str:
    """Two commands that do nothing but start: a ratio says nothing about them."""
    for name in names:
        floors = pair.blocks(record.generations, "spawn_floor", name)  # measured right after each execution
        values = pair.blocks(record.generations, "wall", name)
        floor = float(np.median(floors)) if len(floors) else 0.0
        if len(values) and np.median(values) < SPAWN_FACTOR * floor:
            return f"{name} takes {units.show(float(np.median(values)), 's')}, and spawning nothing {units.show(floor, 's')}"
    return ""
