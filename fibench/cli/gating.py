"""The gate's answer on the terminal, as JSON and as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fibench import units
from fibench.cli.console import emit, out, say

if TYPE_CHECKING:
    from fibench.app.gate import GateResult

STYLE = {"pass": "green", "worse": "bold red", "undecided": "yellow", "invalid": "bold red"}


def print_gate(found: GateResult, *, json: bool, output: Sequence[Path]) -> None:
    """One row per gated metric, then the suite's answer."""
    if json:
        import json as codec

        rows = [{"case": row.case, "gate": row.word, "reason": row.reason, **row.comparison.to_json()} for row in found.rows]
        emit(codec.dumps({"run": found.result.run, "gate": found.word, "comparisons": rows}, indent=2, ensure_ascii=False))
    else:
        _table(found)
    for path in output:
        _write(found, path)
    if found.word == "worse":
        say("gate: red; every red metric was measured twice")


def _table(found: GateResult) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("gate", "case", "metric", "candidate", "ratio", "interval", "why"):
        table.add_column(name, overflow="fold")
    for row in found.rows:
        one = row.comparison
        bounds = f"[{units.ratio(one.low)[:-1]}, {units.ratio(one.high)[:-1]}]" if one.low and one.high else "–"
        cells = (row.case, one.metric, one.candidate, units.ratio(one.ratio), bounds, row.reason)
        table.add_row(Text(row.word.upper(), style=STYLE[row.word]), *(Text(cell) for cell in cells))
    out().print(table)
    out().print(Text(f"gate: {found.word.upper()}", style=STYLE[found.word]))


def _write(found: GateResult, path: Path) -> None:
    from fibench.cli.show import save, write
    from fibench.model.document import GateRow, Report
    from fibench.report.builder import build
    from fibench.report.formats.builtin import exporter_for

    document = build(found.result, None)
    if path.suffix != ".xml":
        write(document, found.result, path)
        return
    rows = tuple(
        GateRow(f"{row.comparison.metric}: {row.comparison.candidate}", row.word, row.reason, row.case) for row in found.rows
    )
    save(path, exporter_for(path).render(Report(document, found.result, rows)))
