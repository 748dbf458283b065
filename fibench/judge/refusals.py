"""Why a ratio must not be given, although there are numbers: failures, the spawn floor, no steady state."""

from __future__ import annotations

import numpy as np

from fibench import units
from fibench.judge import pair
from fibench.judge.steady import unsteady
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord

UNAVAILABLE = "not available here: "
"""How a failure begins that is nobody's fault: the claim is then not testable instead of unproven."""

SPAWN_FACTOR = 1.5
"""A command whose median is below this multiple of the spawn floor spends its time being started."""


def refused(record: CaseRecord, metric: Metric, over: str, under: str) -> str:
    """The reason against any ratio of these two variants on this metric, or ""."""
    for name in (over, under):
        if name in record.failures:
            return f"{name}: {record.failures[name]}"
    below = _below_spawn_floor(record, (over, under)) if metric.name == "wall" else ""
    return below or unsteady(record, metric, over, under)


def _below_spawn_floor(record: CaseRecord, names: tuple[str, str]) -> str:
    """Two commands that do nothing but start: a ratio says nothing about them."""
    for name in names:
        floors = pair.blocks(record.generations, "spawn_floor", name)  # measured right after each execution
        values = pair.blocks(record.generations, "wall", name)
        floor = float(np.median(floors)) if len(floors) else 0.0
        if len(values) and np.median(values) < SPAWN_FACTOR * floor:
            return f"{name} takes {units.show(float(np.median(values)), 's')}, and spawning nothing {units.show(floor, 's')}"
    return ""
