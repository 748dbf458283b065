"""One line for each stored run, at any width."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fibench import units
from fibench.cli.console import out
from fibench.cli.table import GAP
from fibench.model.run import Run

HEADER = ("run", "label", "state", "started", "took", "scenarios (cases)")
WIDE = 100
"""Columns from which the date has room for its year."""


def rows(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """Cells under HEADER; the last one has as many names as there is room for."""
    known = [(run.id, run.label or "", "" if run.state == "complete" else run.state, _when(run), _took(run)) for run in runs]
    filled = [column for column in zip(HEADER[:5], *known, strict=True) if any(column[1:])]
    room = out().width - sum(max(map(len, column)) + GAP for column in filled)
    return [(*row, _what(run, room)) for row, run in zip(known, runs, strict=True)]


def _when(run: Run) -> str:
    return time.strftime("%Y-%m-%d %H:%M" if out().width >= WIDE else "%d %b %H:%M", time.localtime(run.started))


def _took(run: Run) -> str:
    """What has passed, while it runs; of a run that was killed only its finished cases are known."""
    if run.state == "running":
        return f"{units.duration(run.seconds or time.time() - run.started)} …"
    seconds = run.seconds or sum(record.seconds for record in run.cases)
    return units.duration(seconds) if seconds else "–"


def _what(run: Run, room: int) -> str:
    """As many names as there is room for: "json, hdf5 +3 (24)"."""
    names = list(dict.fromkeys(record.case.scenario for record in run.cases))
    shown, count = len(names), len(run.cases)

    def text() -> str:
        more = f" +{len(names) - shown}" if 0 < shown < len(names) else ""
        return f"{', '.join(names[:shown])}{more} ({count})".strip() if shown else f"{count} case{'s' * (count != 1)}"

    while shown and len(text()) > room:
        shown -= 1
    return text()
