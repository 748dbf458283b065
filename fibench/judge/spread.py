"""All requests of a variant's valid windows: the percentiles that a summary quotes are of requests, not of windows."""

from __future__ import annotations

import math
import re
from functools import lru_cache

import numpy as np

from fibench import units
from fibench.model.metric import Metric
from fibench.model.result import Summary
from fibench.model.run import CaseRecord, Generation
from fibench.stats.quantile import needed
from fibench.stats.sequential import Floats
from fibench.traffic.latencies import column

QUANTILES = (0.5, 0.9, 0.95, 0.99)


def summary(record: CaseRecord, metric: Metric, variant: str) -> Summary | None:
    """Order statistics of all requests (failed ones are slower than any: infinite); None without raw records."""
    values = requests(record, metric.column, variant)
    if not len(values):
        return None
    found = np.quantile(values, QUANTILES, method="higher")
    shown = [float(value) if len(values) >= needed(q) else None for q, value in zip(QUANTILES, found, strict=True)]
    return Summary(metric.unit, len(values), *shown)


def nothing(record: CaseRecord, metric: Metric) -> str:
    """Why there is no value of this metric although something ran."""
    if metric.bracket:
        return f"the searches did not end within the budget{_so_far(record)}; raise it"
    found = re.search(r"_p(\d+)$", metric.name)
    if found and any(generation.requests is not None for generation in record.generations):
        fewest = needed(int(found[1]) / 100)
        return f"n too small: hardly a window had the {fewest} requests that {metric.name} takes; raise duration, rate or users"
    return "nothing was measured"


def _so_far(record: CaseRecord) -> str:
    """ " (v1 holds 120/s, v2 holds 300/s so far)": what the probes have proven."""
    holds = {
        name: float(remark["holds"])
        for generation in record.generations
        for name, remark in zip(generation.variants, generation.remarks, strict=False)
        if remark.get("holds")
    }
    said = ", ".join(f"{name} holds {units.show(rate, '1/s')}" for name, rate in sorted(holds.items()))
    return f" ({said} so far)" if said else ""


def requests(record: CaseRecord, name: str, variant: str) -> Floats:
    """One column ("response", "service" …) of every request in the valid windows of a variant, in order of its windows."""
    parts = [_of(generation, name, variant) for generation in record.generations if generation.requests is not None]
    found: Floats = np.concatenate(parts) if parts else np.empty(0)
    return found


@lru_cache(maxsize=1 << 12)
def _of(generation: Generation, name: str, variant: str) -> Floats:
    """Remembered: a running case is looked at again and again. Probes of a search, with no rate in common, are left out."""
    assert generation.requests is not None
    parts = [
        column(generation.requests.records(position), name, remark.get("statuses", ()))
        for position, (owner, remark) in enumerate(zip(generation.variants, generation.remarks, strict=True))
        if owner == variant and not remark.get("invalid") and not remark.get("probe")
    ]
    found: Floats = np.concatenate(parts) if parts else np.empty(0)
    return found


def beyond(value: float | None) -> bool:
    """True for a percentile that lies among requests that were never answered."""
    return value is not None and math.isinf(value)
