"""Capacity searches: what each probe saw, as a chart, and as a table for those who doubt the answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fibench import units
from fibench.model.case import Case
from fibench.model.document import Cell, Column, Table
from fibench.model.load_charts import Hunt, Limit, Probe, ProbeChart
from fibench.model.run import CaseRecord
from fibench.report import windows, words
from fibench.report.tables import NUMBER, filled, number
from fibench.report.windows import Window

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
KEPT = {True: "kept", False: "broken", None: "undecided"}


def chart(case: Case, found: Mapping[str, Sequence[Window]]) -> Iterator[ProbeChart]:
    """Every probe of every variant's search, with the bracket in which it ended."""
    quantile, limit = _goal(case)
    hunts = tuple(_hunt(name, of, quantile) for name, of in found.items())
    if any(hunt.probes for hunt in hunts):
        about = "; ".join(f"{hunt.name}: {hunt.told}" for hunt in hunts)
        goal = Limit(f"goal: {quantile} < {units.show(limit, 's')}", limit, QUANTILES[quantile])
        title = words.headed(case, "Rates that the search tried")
        yield ProbeChart(title, f"{about}.", "s", f"{quantile} of response", goal, hunts)


def table(record: CaseRecord | None) -> Table | None:
    """One row for each probe; None where nothing was searched for."""
    found = {name: of for name, of in windows.by_variant(record).items() if windows.searched(of)}
    if record is None or not found:
        return None
    quantile, _ = _goal(record.case)
    columns = (
        Column("variant"), Column("probe", NUMBER), Column("stage"), Column("rate", NUMBER), Column(quantile, NUMBER),
        Column("failed", NUMBER), Column("requests", NUMBER), Column("goal"), Column("why", "prose"),
    )  # fmt: skip
    rows = tuple(_row(name, index, one, quantile) for name, of in found.items() for index, one in enumerate(of, 1))
    return filled(f"Probes of {record.case.title}", columns, rows)


def _row(name: str, index: int, window: Window, quantile: str) -> tuple[Cell, ...]:
    probe = window.remark.get("probe", {})
    value, failed, many = _response(window, quantile), window.value("errors"), window.remark.get("offered", 0)
    void = "" if window.counts else window.remark["invalid"][0]
    verdict = "does not count" if void else KEPT[probe.get("kept")]
    return (
        Cell(name), number(f"{index}", index), Cell(str(probe.get("stage", ""))), number(rate(probe.get("rate")), probe.get("rate")),
        number(units.show(value, "s"), value), number(units.percent(failed), failed), number(f"{many:,}", many),
        Cell(verdict, "warn" if void else "neutral"), Cell(void or str(probe.get("why") or ""), "warn" if void else "muted"),
    )  # fmt: skip


def rate(value: float | None) -> str:
    """ "1,240/s": rates that are searched for differ by a few percent, so they are told in full."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}/s" if value >= 100 else f"{value:,.3g}/s"


def _goal(case: Case) -> tuple[str, float]:
    """("p95", 0.05 s): the same for all variants, or the searches had no common answer."""
    goal = next((variant.params["goal"] for variant in case.variants if variant.params.get("goal")), {})
    return next(((name, goal[name]) for name in QUANTILES if goal.get(name) is not None), ("p95", math.nan))


def _hunt(name: str, of: Sequence[Window], quantile: str) -> Hunt:
    probes = tuple(
        Probe(window.remark["probe"]["rate"], _response(window, quantile), window.remark["probe"].get("kept"), not window.counts)
        for window in of
        if "probe" in window.remark
    )
    rate_, low, high = (_last(of, f"capacity{end}") for end in ("", "_low", "_high"))
    return Hunt(name, probes, rate_, low, high, _told(probes, of, rate_, low, high))


def _told(probes: Sequence[Probe], of: Sequence[Window], middle: float | None, low: float | None, high: float | None) -> str:
    """ "1,240/s, proven between 1,180/s and 1,310/s, bound by p95; 9 probes"."""
    counted = words.count(len(probes), "probe")
    if middle is None:
        return f"not found; {counted}"
    binding = next((str(window.remark["binding"]) for window in reversed(of) if window.remark.get("binding")), "")
    above = f"and {rate(high)}" if high is not None and math.isfinite(high) else "and no rate that breaks it"
    span = f"{rate(middle)}, proven between {rate(low)} {above}"
    return ", ".join(part for part in (span, f"bound by {binding}" if binding else "") if part) + f"; {counted}"


def _last(of: Sequence[Window], metric: str) -> float | None:
    values = [value for window in of if not math.isnan(value := window.value(metric))]
    return values[-1] if values else None


def _response(window: Window, quantile: str) -> float:
    """The goal's percentile in one probe: of the window if it is told, else of its requests; NaN for none."""
    name = "response" if quantile == "p50" else f"response_{quantile}"
    value = window.value(name)
    if not math.isnan(value):
        return value
    values = window.latencies("response")
    return float(np.quantile(values, QUANTILES[quantile], method="higher")) if len(values) else math.nan
