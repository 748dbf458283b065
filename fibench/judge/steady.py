"""Did the measurement settle? The ratio at the end of a generation against the ratio at its beginning.

Warm-up that V1 and V2 share cancels in the ratio; a ratio that moves within every generation (a cache that fills, a
list that grows, a JIT that wakes up) is no single number, and the verdict is INVALID instead of an average.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from fibench.judge import pair
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord, Generation
from fibench.stats.sequential import confidence_sequence

TOLERATED = 0.05
"""A fraction; smaller movements are not worth refusing a verdict for."""
FEWEST_ROUNDS = 9


def unsteady(record: CaseRecord, metric: Metric, baseline: str, candidate: str) -> str:
    """Why there is no steady state ("the ratio moves by +12 % …"), or ""."""
    if record.unit != "generation" or metric.counted:
        return ""
    try:
        moved = [_movement(generation, metric.name, candidate, baseline) for generation in record.generations]
    except pair.NotPositiveError:
        return ""  # there is no ratio at all; whoever asks for one is told
    moves = [movement for movement in moved if movement is not None]
    interval = confidence_sequence(np.array(moves), record.case.measure.alpha)
    beyond = math.log1p(max(TOLERATED, record.case.measure.margin_of(metric.name)))
    if interval.bounded and (interval.low > beyond or interval.high < -beyond):
        by = f"{math.expm1(interval.estimate):+.0%}"
        return f"no steady state: {candidate} against {baseline} moves by {by} within each generation; raise measure.warmup"
    return ""


@lru_cache(maxsize=1 << 16)
def _movement(generation: Generation, metric: str, candidate: str, baseline: str) -> float | None:
    """ln of the ratio in the last third of the rounds over that in the first; None for a handful of rounds."""
    rounds = pair.round_ratios(generation, metric, candidate, baseline)
    if len(rounds) < FEWEST_ROUNDS:
        return None
    third = len(rounds) // 3
    return float(np.median(rounds[-third:]) - np.median(rounds[:third]))
