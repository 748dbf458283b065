"""Windows of load: which of a record's blocks are some, which of them count, and the requests that they sent."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fibench.model.case import Case
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord, Generation
from fibench.traffic.latencies import column
from fibench.traffic.record import SHED

Floats = npt.NDArray[np.float64]
FIGURES = re.compile(r"[\d.,]+")
"""What two reasons of one kind may differ in."""
ADVICE = re.compile(r"; (?![^()]*\))")
"""What stands between what is wrong and what to do; not the one in "(p99; 1 ms are allowed)"."""


@dataclass(frozen=True, slots=True)
class Window:
    """One block that sent load; `remark` is what its client said of it."""

    generation: Generation
    position: int
    remark: Mapping[str, Any]

    @property
    def counts(self) -> bool:
        """False for a window whose numbers must not be believed."""
        return not self.remark.get("invalid")

    @property
    def records(self) -> Any:
        """Its raw requests (numpy, `fibench.traffic.record.dtype()`), none where they were not kept."""
        return self.generation.requests.records(self.position) if self.generation.requests else None

    def latencies(self, name: str) -> Floats:
        """One column of its requests, s; infinite for what failed."""
        records = self.records
        if records is None:
            return np.empty(0)
        return np.asarray(column(records, name, self.remark.get("statuses", ())), dtype=float)

    @property
    def in_time(self) -> int:
        """How many of its requests were sent before it was over: what was sent later is no part of the offered rate."""
        records = self.records
        if records is None:
            return int(self.remark.get("sent", 0))
        sent = records["due"] * 1e-6 + records["dispatch"] <= self.remark.get("seconds", math.inf)
        return int((sent & (records["status"] != SHED)).sum())

    def value(self, metric: str) -> float:
        """What the window says of one metric; NaN for nothing."""
        values = self.generation.metrics.get(metric, ())
        return values[self.position] if self.position < len(values) else math.nan


def of(record: CaseRecord | None, variant: str) -> list[Window]:
    """The windows of one variant in their order; those in which nothing was to be sent are none."""
    generations = record.generations if record else ()
    return [
        Window(generation, position, remark)
        for generation in generations
        for position, (name, remark) in enumerate(zip(generation.variants, generation.remarks, strict=False))
        if name == variant and not remark.get("idle") and ("offered" in remark or "invalid" in remark)
    ]


def by_variant(record: CaseRecord | None) -> dict[str, list[Window]]:
    """Every variant that has windows, with them."""
    found = {variant.name: of(record, variant.name) for variant in record.case.variants} if record else {}
    return {name: windows for name, windows in found.items() if windows}


def searched(windows: Sequence[Window]) -> bool:
    """True where the windows are the probes of a search: they differ in their rates, so nothing is pooled over them."""
    return any("probe" in window.remark for window in windows)


def latencies(windows: Sequence[Window], name: str) -> Floats:
    """One column of all requests in the windows that count, s, shape (n,)."""
    parts = [window.latencies(name) for window in windows if window.counts]
    return np.concatenate(parts) if parts else np.empty(0)


def counting(windows: Sequence[Window]) -> Sequence[Window]:
    """Those that count; where none does, all of them: they tell why."""
    return [window for window in windows if window.counts] or windows


def median(windows: Sequence[Window], metric: str) -> float:
    """The middle of the windows' values; NaN for none."""
    values = [value for window in windows if not math.isnan(value := window.value(metric))]
    return float(np.median(values)) if values else math.nan


def worst(windows: Sequence[Window], metric: str) -> float:
    """The largest value that any of the windows has; NaN for none."""
    return max((value for window in windows if math.isfinite(value := window.value(metric))), default=math.nan)


def achieved(windows: Sequence[Window]) -> tuple[float, float]:
    """(requests due, requests sent in time), both per second of load; NaN where its length is not known."""
    seconds = sum(window.remark.get("seconds", 0.0) for window in windows)
    if not seconds:
        return math.nan, math.nan
    return sum(window.remark.get("offered", 0) for window in windows) / seconds, sum(one.in_time for one in windows) / seconds


def latency(case: Case) -> Metric | None:
    """The case's first metric of single requests: the one that it compares, else the first that it shows."""
    asked = (metric for name in case.measure.metrics for metric in case.metrics if metric.name == name)
    return next((metric for metric in (*asked, *case.metrics, *case.shown) if metric.column), None)


def reasons(windows: Sequence[Window]) -> list[tuple[int, str, str]]:
    """(how many, what is wrong, what to do) of the windows that do not count, by the most important reason of each."""
    told: dict[str, list[str]] = {}
    for window in windows:
        if not window.counts:
            reason = str(window.remark["invalid"][0])
            told.setdefault(FIGURES.sub("", reason), []).append(reason)
    found = [(len(same), [*ADVICE.split(same[-1], maxsplit=1), ""]) for same in told.values()]
    return sorted(((many, parts[0], parts[1]) for many, parts in found), key=lambda one: -one[0])
