"""One row per comparison with full-precision numbers, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator

from fibench.model.document import Report
from fibench.model.result import CaseResult, Comparison, RunResult
from fibench.report.clean import line

COLUMNS = (
    "run", "label", "scenario", "point", "state", "simulated", "case_label", "metric", "unit", "baseline", "candidate",
    "verdict", "ratio", "low", "high", "level", "margin", "floor", "evidence", "units", "seconds", "reason",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class CsvTable:
    """The comparisons of a run."""

    suffix = ".csv"

    def render(self, report: Report) -> str:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_cell(value) for value in row] for row in _rows(report.result))
        return out.getvalue()


def _rows(result: RunResult) -> Iterator[tuple[object, ...]]:
    for case in result.cases:
        for one in case.comparisons:
            yield (result.run, result.label, *_where(case), one.metric, _unit(case, one), *_what(one))


def _where(case: CaseResult) -> tuple[object, ...]:
    return case.case.scenario, json.dumps(case.case.point, default=str), case.state, case.case.simulated, case.case.label


def _what(one: Comparison) -> tuple[object, ...]:
    return (
        one.baseline, one.candidate, one.verdict, one.ratio, one.low, one.high, one.level, one.margin, one.floor,
        one.evidence, one.units, one.seconds, one.reason,
    )  # fmt: skip


def _unit(case: CaseResult, one: Comparison) -> str:
    return next((metric.unit for metric in case.case.metrics if metric.name == one.metric), "")


def _cell(value: object) -> str:
    """A number in full, nothing for what is unknown; text that a spreadsheet would run as a formula gets an apostrophe."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if not isinstance(value, str):
        return repr(value)
    said = line(value)
    return f"'{said}" if said.lstrip().startswith(FORMULA) else said
