"""Capacity searches: what each probe saw, as a chart, and as a table for those who doubt the answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fibench import units
from fibench.model import windows
from fibench.model.case import Case
from fibench.model.document import Cell, Column, Table
from fibench.model.load_charts import Hunt, Limit, Probe, ProbeChart
from fibench.model.run import CaseRecord
from fibench.model.windows import Window
from fibench.report import words
from fibench.report.tables import NUMBER, filled, number

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
KEPT = {True: "kept", False: "broken", None: "undecided"}


def chart(case: Case, found: Mapping[str, Sequence[Window]]) -> Iterator[ProbeChart]:
    """Every probe of every variant's search, with the bracket in which it ended."""
    quantile, limit = goal_of(case)
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
    quantile, _ = goal_of(record.case)
    columns = (
        Column("variant"), Column("probe", NUMBER), Column("stage"), Column("rate", NUMBER), Column(quantile, NUMBER),
        Column("failed", NUMBER), Column("requests", NUMBER), Column("goal"), Column("reason", "prose"),
    )  # fmt: skip
    rows = tuple(_row(name, index, one, quantile) for name, of in found.items() for index, one in enumerate(of, 1))
    return filled(f"Probes of {record.case.title}", columns, rows)


def _row(name: str, index: int, window: Window, quantile: str) -> tuple[Cell, ...]:
    probe = window.remark.get("probe", {})
    value, failed, many = response(window, quantile), window.value("errors"), window.remark.get("offered", 0)
    void = "" if window.counts else window.remark["invalid"][0]
    why = f" ({probe['why']})" if probe.get("why") else ""
    verdict = "does not count" if void else KEPT[probe.get("kept")] + why
    return (
        Cell(name), number(f"{index}", index), Cell(str(probe.get("stage", ""))),
        number(words.rate(probe.get("rate")), probe.get("rate")),
        number(units.show(value, "s"), value), number(units.percent(failed), failed), number(f"{many:,}", many),
        Cell(verdict, "warn" if void else "neutral"), Cell(void, "warn"),
    )  # fmt: skip


def goal_of(case: Case) -> tuple[str, float]:
    """("p95", 0.05 s): the same for all variants, or the searches had no common answer."""
    goal: Mapping[str, Any] = next((variant.params["goal"] for variant in case.variants if variant.params.get("goal")), {})
    return next(((name, goal[name]) for name in QUANTILES if goal.get(name) is not None), ("p95", math.nan))


def _hunt(name: str, of: Sequence[Window], quantile: str) -> Hunt:
    probes = tuple(
        Probe(window.remark["probe"]["rate"], response(window, quantile), window.remark["probe"].get("kept"), not window.counts)
        for window in of
        if "probe" in window.remark
    )
    rate, low, high = (_last(of, f"capacity{end}") for end in ("", "_low", "_high"))
    return Hunt(name, probes, rate, low, high, _told(probes, of, rate, low, high))


def _told(probes: Sequence[Probe], of: Sequence[Window], middle: float | None, low: float | None, high: float | None) -> str:
    """ "1,240/s, proven between 1,180/s and 1,310/s, bound by p95; 9 probes"."""
    counted = words.count(len(probes), "probe")
    if middle is None:
        return f"not found; {counted}"
    binding = next((str(window.remark["binding"]) for window in reversed(of) if window.remark.get("binding")), "")
    above = f"and {words.rate(high)}" if high is not None and math.isfinite(high) else "and no rate that breaks it"
    span = f"{words.rate(middle)}, proven between {words.rate(low)} {above}"
    return ", ".join(part for part in (span, f"bound by {binding}" if binding else "") if part) + f"; {counted}"


def _last(of: Sequence[Window], metric: str) -> float | None:
    values = [value for window in of if not math.isnan(value := window.value(metric))]
    return values[-1] if values else None


def response(window: Window, quantile: str) -> float:
    """The goal's percentile in one probe: of the window if it is told, else of its requests; NaN for none."""
    name = "response" if quantile == "p50" else f"response_{quantile}"
    value = window.value(name)
    if not math.isnan(value):
        return value
    values = window.latencies("response")
    return float(np.quantile(values, QUANTILES[quantile], method="higher")) if len(values) else math.nan
