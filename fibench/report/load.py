"""How the load itself went: what was sent, how punctually, by how busy a client, and what failed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from fibench import units
from fibench.model.document import Cell, Column, Table
from fibench.model.run import CaseRecord
from fibench.report.tables import NUMBER, filled, number

MOST = 3
"""Kinds of errors that are named in a row."""


def generator(record: CaseRecord | None) -> Table | None:
    """One row for each variant; None where no load was sent."""
    if record is None or not any(generation.remarks for generation in record.generations):
        return None
    columns = (
        Column("variant"), Column("windows", NUMBER), Column("requests", NUMBER), Column("sent of due", NUMBER),
        Column("p99 late", NUMBER), Column("p99 read after kernel", NUMBER), Column("client CPU", NUMBER),
        Column("connections", NUMBER), Column("failed", "prose"), Column("not counted", "prose"),
    )  # fmt: skip
    rows = tuple(_row(record, variant.name) for variant in record.case.variants if _remarks(record, variant.name))
    return filled("The load generator", columns, rows) if rows else None


def _row(record: CaseRecord, variant: str) -> tuple[Cell, ...]:
    remarks = _remarks(record, variant)
    offered, sent, opened = (sum(remark.get(name, 0) for remark in remarks) for name in ("offered", "sent", "opened"))
    void = [remark["invalid"][0] for remark in remarks if remark.get("invalid")]
    closed = all(remark.get("closed") for remark in remarks)
    values = {name: _median(record, variant, name) for name in ("lateness", "client_lag", "client_cpu")}
    return (
        Cell(variant), number(f"{len(remarks) - len(void)} of {len(remarks)}" if void else f"{len(remarks)}"),
        number(f"{offered:,}", offered),
        number("closed loop" if closed else units.percent(sent / offered) if offered else "–"),
        number(units.show(values["lateness"], "s"), values["lateness"]),
        number(units.show(values["client_lag"], "s"), values["client_lag"]),
        number(units.show(values["client_cpu"], "%"), values["client_cpu"]),
        number(f"{opened:,}", opened), Cell(_errors(remarks), "muted"), Cell(void[-1] if void else "", "warn"),
    )  # fmt: skip


def _remarks(record: CaseRecord, variant: str) -> list[Mapping[str, Any]]:
    return [
        remark
        for generation in record.generations
        for name, remark in zip(generation.variants, generation.remarks, strict=False)
        if name == variant and not remark.get("idle")
    ]


def _median(record: CaseRecord, variant: str, metric: str) -> float | None:
    """The middle of the windows, of those too that do not count."""
    values = [
        value
        for generation in record.generations
        for name, value in zip(generation.variants, generation.metrics.get(metric, ()), strict=False)
        if name == variant and math.isfinite(value)
    ]
    return float(np.median(values)) if values else None


def _errors(remarks: list[Mapping[str, Any]]) -> str:
    found: Counter[str] = Counter()
    for remark in remarks:
        found.update(remark.get("errors", {}))
    named = [f"{name} ×{count:,}" for name, count in found.most_common(MOST)]
    return ", ".join(named) + (f" and {len(found) - MOST} more kinds" if len(found) > MOST else "")
