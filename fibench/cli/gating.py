"""The gate's answer on the terminal, as JSON and as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fibench.cli.console import emit, out, say

if TYPE_CHECKING:
    from fibench.app.gate import GateResult
    from fibench.judge.gate import Gated

STYLE = {"pass": "green", "worse": "bold red", "undecided": "yellow", "invalid": "bold red"}
HEADER = ("gate", "case", "metric", "candidate", "gain", "interval", "why")


def print_gate(found: GateResult, *, json: bool, output: Sequence[Path]) -> None:
    """One row per gated metric, then the suite's answer."""
    if json:
        import json as codec

        rows = [{"case": row.case, "gate": row.word, "reason": row.reason, **row.comparison.to_json()} for row in found.rows]
        emit(codec.dumps({"run": found.result.run, "gate": found.word, "comparisons": rows}, indent=2, ensure_ascii=False))
    else:
        _print(found)
    for path in output:
        _write(found, path)
    if found.word == "worse":
        say("gate: red" + ("; every red metric was measured twice" if found.twice else ""))


def _print(found: GateResult) -> None:
    """Of an interrupted gate only what was measured: it has no answer."""
    from rich.text import Text

    if found.result.state != "interrupted":
        _table(found.rows)
        out().print(Text(f"gate: {found.word.upper()}", style=STYLE[found.word]))
        return
    rows = [row for row in found.rows if row.comparison.units]
    if rows:
        _table(rows)
    missing = len({row.case for row in found.rows}) - len({row.case for row in rows})
    rest = f"; {missing} case{'s' * (missing != 1)} not measured" if missing else ""
    out().print(f"gate: no answer, interrupted{rest}", markup=False, soft_wrap=True)


def _table(found: Sequence[Gated]) -> None:
    from rich.text import Text

    from fibench.cli.table import print_table
    from fibench.report import words

    rows = []
    for row in found:
        one = row.comparison
        cells = (row.case, one.metric, one.candidate, words.gain(one), words.interval(one), row.reason)
        rows.append((Text(row.word.upper(), style=STYLE[row.word]), *cells))
    print_table(HEADER, rows, below=("why",))


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
