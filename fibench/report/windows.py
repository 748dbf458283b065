"""Windows of load: which of a record's blocks are some, which of them count, and the requests that they sent."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fibench.model.case import Case
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord, Generation
from fibench.traffic.latencies import column

Floats = npt.NDArray[np.float64]


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


def median(windows: Sequence[Window], metric: str) -> float:
    """The middle of the windows, of those too that do not count; NaN for none."""
    values = [value for window in windows if math.isfinite(value := window.value(metric))]
    return float(np.median(values)) if values else math.nan


def latency(case: Case) -> Metric | None:
    """The case's first metric of single requests: the one that it compares, else the first that it shows."""
    asked = (metric for name in case.measure.metrics for metric in case.metrics if metric.name == name)
    return next((metric for metric in (*asked, *case.metrics, *case.shown) if metric.column), None)


def reasons(windows: Sequence[Window]) -> Iterator[str]:
    """Why each window that does not count does not: the most important of its reasons."""
    return (window.remark["invalid"][0] for window in windows if not window.counts)
