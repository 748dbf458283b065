"""Values that are searched for (a capacity): each search ends with an estimate and the bracket that holds the truth."""

from __future__ import annotations

import math

import numpy as np

from fibench.judge import pair
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord
from fibench.stats.sequential import Interval

NOTHING = Interval(math.nan, -math.inf, math.inf, 0)


def value(record: CaseRecord, metric: Metric, variant: str) -> Interval:
    """The variant's value: the middle of its searches, within the widest of their brackets."""
    found = [pair.blocks(record.generations, metric.name + end, variant) for end in ("", "_low", "_high")]
    if not len(found[0]):
        return NOTHING
    return Interval(float(np.median(found[0])), float(found[1].min()), float(found[2].max()), len(found[0]))


def gain(record: CaseRecord, metric: Metric, baseline: str, candidate: str) -> Interval:
    """ln of the candidate's gain: the ends of one bracket against the opposite ends of the other."""
    one, other = value(record, metric, baseline), value(record, metric, candidate)
    if not one.units or not other.units:
        return NOTHING
    if min(one.low, other.low, one.estimate, other.estimate) <= 0:
        raise pair.NotPositiveError(f"no {metric.name} was found that holds, so there is no ratio")
    low, middle, high = (
        math.log(top) - math.log(bottom)
        for top, bottom in ((other.low, one.high), (other.estimate, one.estimate), (other.high, one.low))
    )
    units = min(one.units, other.units)
    return Interval(middle, low, high, units) if metric.direction == "higher" else Interval(-middle, -high, -low, units)
