"""How the load itself went: what was sent, how punctually, by how busy a client, and what failed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from fibench import units
from fibench.model import windows
from fibench.model.document import Cell, Column, Table
from fibench.model.run import CaseRecord
from fibench.model.windows import Window
from fibench.report import words
from fibench.report.tables import NUMBER, filled, number

MOST = 3
"""Kinds of errors that are named in a row."""
ABOUT = "Of the windows that count; lateness, lag and CPU are those of the worst of them."


def generator(record: CaseRecord | None) -> Table | None:
    """One row for each variant; None where no load was sent."""
    found = windows.by_variant(record)
    if record is None or not found:
        return None
    columns = (
        Column("variant"), Column("windows", NUMBER), Column("requests", NUMBER), Column("offered", NUMBER),
        Column("achieved", NUMBER), Column("p99 late", NUMBER), Column("p99 read late", NUMBER), Column("client CPU", NUMBER),
        Column("opened", NUMBER), Column("failed", "prose"), Column("not counted", "prose"),
    )  # fmt: skip
    table = filled(words.headed(record.case, "The load generator"), columns, tuple(_row(*pair) for pair in found.items()))
    return Table(table.title, table.columns, table.rows, ABOUT)


def _row(variant: str, every: Sequence[Window]) -> tuple[Cell, ...]:
    of = windows.counting(every)
    lost = sum(not window.counts for window in every)
    requests, opened = (sum(window.remark.get(name, 0) for window in of) for name in ("offered", "opened"))
    offered, achieved = windows.achieved(of)
    closed = all(window.remark.get("closed") for window in every)
    late, lag, cpu = (windows.worst(of, name) for name in ("lateness", "client_lag", "client_cpu"))
    why = tuple(f"{many}× {what}" for many, what, _ in windows.reasons(every))
    return (
        Cell(variant), number(f"{len(every) - lost:,} of {len(every):,}" if lost else f"{len(every):,}", len(every)),
        number(f"{requests:,}", requests), *_rates(offered, achieved, closed, windows.searched(every)),
        number(units.show(late, "s"), late), number(units.show(lag, "s"), lag),
        number(units.show(cpu, "%"), cpu), number(f"{opened:,}", opened), Cell(_errors(every)),
        Cell("do not count:" if lost else "", "warn", more=why),
    )  # fmt: skip


def _rates(offered: float, achieved: float, closed: bool, searched: bool) -> tuple[Cell, Cell]:
    """Offered as a rate, achieved as a share of it; a closed loop has no offered rate, a search has many."""
    if closed:
        return number("closed loop"), number(words.rate(achieved), achieved)
    share = achieved / offered if offered else math.nan
    shown = math.floor(1000 * share) / 1000 if math.isfinite(share) else share  # never a rounded 100 %
    return number("searched" if searched else words.rate(offered), offered), number(units.percent(shown), share)


def _errors(of: Sequence[Window]) -> str:
    """ "failed: 503 ×14, timeout ×2"; of all windows, those too that do not count."""
    found: Counter[str] = Counter()
    for window in of:
        found.update(window.remark.get("errors", {}))
    named = [f"{name} ×{count:,}" for name, count in found.most_common(MOST)]
    more = f" and {len(found) - MOST} more kinds" if len(found) > MOST else ""
    return f"failed: {', '.join(named)}{more}" if named else ""
