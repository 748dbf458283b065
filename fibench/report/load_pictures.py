"""The data behind the charts of services under load: tails, stalls, and what a capacity search tried. No drawing here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fibench import units
from fibench.model import windows
from fibench.model.case import Case
from fibench.model.load_charts import Limit, ProbeChart, StallChart, Strip, Tail, TailChart
from fibench.model.metric import Metric
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.model.scenario import ValueOf
from fibench.model.windows import Floats, Window
from fibench.report import hunts, words

POINTS = 120
"""Places at which a curve is looked up, besides the percentiles that people ask for."""
ASKED = (0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
SURE = 0.025
"""A percentile is quoted where even the slowest request lies above it with 97.5 % confidence (as in `stats.quantile`)."""
BIN = 0.1
"""Seconds of load that share one place of a strip."""

LoadChart = TailChart | StallChart | ProbeChart


def of_case(result: CaseResult, record: CaseRecord | None) -> Iterator[LoadChart]:
    """A search has its probes; any other load its latencies by percentile, and its stalls."""
    found, metric = windows.by_variant(record), windows.latency(result.case)
    if any(windows.searched(of) for of in found.values()):
        yield from hunts.chart(result.case, found)
        return
    if metric is not None and found:
        yield from _tails(result.case, metric, found)
        yield from _stalls(result.case, metric, found)


# --- latency by percentile --------------------------------------------------------------------------------------------


def _tails(case: Case, metric: Metric, found: Mapping[str, Sequence[Window]]) -> Iterator[TailChart]:
    tails = tuple(
        tail for name, of in found.items() if (tail := _tail(name, windows.latencies(of, metric.column), metric.unit))
    )
    if tails:
        about = "; ".join(f"{tail.name}: {tail.told}" for tail in tails)
        title = words.headed(case, f"{metric.name} by percentile")
        yield TailChart(title, f"{about}.", metric.unit, metric.name, tails, tuple(dict.fromkeys(_limits(case, metric))))


def _tail(name: str, values: Floats, unit: str) -> Tail | None:
    """None where there are too few requests even for a few percentiles."""
    top = SURE ** (1 / len(values)) if len(values) else 0.0
    if top <= ASKED[0]:
        return None
    nines = np.linspace(-math.log10(1 - ASKED[0]), -math.log10(1 - top), POINTS)
    shares = np.unique(np.concatenate([1 - 10.0**-nines, [share for share in ASKED if share <= top]]))
    found = np.quantile(values, shares, method="higher")
    failed = int(np.isinf(values).sum())
    return Tail(
        name, tuple(shares.tolist()), tuple(found.tolist()), 1 - failed / len(values),
        _told(dict(zip(shares.tolist(), found.tolist(), strict=True)), failed, len(values), unit),
    )  # fmt: skip


def _told(known: Mapping[float, float], failed: int, many: int, unit: str) -> str:
    """ "p50 363 µs, p90 1.2 ms, p99 ≥ timeout; 14 of 1,807 requests failed"."""
    said = ", ".join(f"p{100 * share:.9g} {units.show(known[share], unit)}" for share in ASKED if share in known)
    return f"{said}; {failed:,} of {many:,} requests failed" if failed else f"{said}; {many:,} requests, none failed"


def _limits(case: Case, metric: Metric) -> Iterator[Limit]:
    """The SLO, and what claims state of this latency."""
    slos = {variant.params.get("slo") for variant in case.variants} if metric.name == "response" else set()
    yield from (Limit(f"SLO {units.show(slo, 's')}", slo) for slo in sorted(filter(None, slos)))
    for claim in case.claims:
        for test in claim.tests:
            base, _, digits = test.metric.partition("_p")
            if test.value and base == metric.name and case.matches({**claim.where, **test.where}):
                share = int(digits) / 100 if digits.isdigit() else test.value.quantile
                yield from _claimed(test.value, share, metric.unit)


def _claimed(value: ValueOf, share: float, unit: str) -> Iterator[Limit]:
    bound, sign = (value.at_most, "≤") if value.at_most is not None else (value.at_least, "≥")
    seconds = units.parse(bound, "duration") if isinstance(bound, str) else float(bound or 0.0)
    if seconds > 0:
        yield Limit(f"claimed {value.variant} p{100 * share:g} {sign} {units.show(seconds, unit)}", seconds, share)


# --- stalls -----------------------------------------------------------------------------------------------------------


def _stalls(case: Case, metric: Metric, found: Mapping[str, Sequence[Window]]) -> Iterator[StallChart]:
    strips = tuple(strip for name, of in found.items() if (strip := _strip(name, of, metric.column)))
    if not strips:
        return
    title = words.headed(case, f"Slowest {metric.name} of every {BIN * 1e3:.0f} ms of load")
    about = "; ".join(f"{strip.name}: {_slowest(strip, metric.unit)}" for strip in strips)
    yield StallChart(title, f"Windows that count, in their order. {about}.", metric.unit, BIN, strips)


def _strip(name: str, of: Sequence[Window], column: str) -> Strip | None:
    values: list[float | None] = []
    failed: list[int] = []
    starts = []
    for window in of:
        if window.counts and window.records is not None and len(window.records):
            starts.append(len(values))
            slowest, wrong = _bins(window, column)
            values += [float(value) if value >= 0 else None for value in slowest]
            failed += wrong.tolist()
    return Strip(name, tuple(values), tuple(failed), tuple(starts)) if values else None


def _bins(window: Window, column: str) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Of each bin's requests, by the moment at which they were due: the slowest right answer (-1: none), and the failures."""
    places = (window.records["due"] * 1e-6 / BIN).astype(int)
    latencies = window.latencies(column)
    right = np.isfinite(latencies)
    size = max(int(places.max()) + 1, round(window.remark.get("seconds", 0.0) / BIN))
    slowest = np.full(size, -1.0)
    np.maximum.at(slowest, places[right], latencies[right])
    return slowest, np.bincount(places[~right], minlength=size)


def _slowest(strip: Strip, unit: str) -> str:
    """ "35.4 ms at the median of 270 bins, 273 ms at worst; failures in 12 of them"."""
    known = sorted(value for value in strip.values if value is not None)
    bins, wrong = words.count(len(strip.values), "bin"), sum(map(bool, strip.failed))
    failures = f", failures in {wrong:,} of them" if wrong else ""
    if not known:
        return f"no right answer in {bins}"
    middle, worst = units.show(known[len(known) // 2], unit), units.show(known[-1], unit)
    return f"{middle} at the median of {bins}, {worst} at worst{failures}"
