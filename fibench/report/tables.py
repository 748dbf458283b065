"""The tables of a page: comparisons, summaries, how it was measured (the claims have `ledger`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fibench import units
from fibench.model.document import Cell, Column, Role, Table
from fibench.model.result import CaseResult, Comparison, Summary
from fibench.model.run import CaseRecord
from fibench.report import words

NUMBER: Role = "number"
_GATHERED = {"evidence": "evidence {text}", "took": "took {text}"}


def verdict(word: str) -> Cell:
    """A verdict's cell."""
    return Cell(word, words.look(word).tone)


def number(text: str, value: float | None = None) -> Cell:
    """A number's cell; nothing to show is muted."""
    return Cell(text, "muted" if text == "–" else "neutral", None if value is None or math.isnan(value) else value)


def filled(title: str, columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]]) -> Table:
    """A table without the columns that say nothing."""
    kept = [index for index in range(len(columns)) if any(row[index].text or row[index].more for row in rows)]
    return Table(title, tuple(columns[index] for index in kept), tuple(tuple(row[index] for index in kept) for row in rows))


# --- comparisons ----------------------------------------------------------------------------------------------------


def comparisons(case: CaseResult, record: CaseRecord | None) -> Table:
    """Every comparison of a case with the A/A control beside its verdict."""
    columns = (
        Column("metric"), Column("compared"), Column("verdict", "verdict"), Column("gain", NUMBER),
        Column("interval", NUMBER), Column("A/A control", NUMBER), Column("sure", NUMBER), Column("evidence"),
        Column(counted_in(record), NUMBER), Column("took", NUMBER), Column("reason", "prose"),
    )  # fmt: skip
    rows = tuple(_comparison(case, one) for one in case.comparisons)
    table = filled(words.headed(case.case, "Comparisons"), columns, tuple(_once(rows, index) for index in range(len(rows))))
    return _gathered(table, ("sure", "evidence", columns[8].title, "took"))


def _gathered(table: Table, titles: Sequence[str]) -> Table:
    """What is the same in every row is said once, above the table."""
    every = {column.title: {row[index].text for row in table.rows} for index, column in enumerate(table.columns)}
    shared = {title: next(iter(every[title])) for title in titles if len(every.get(title, ())) == 1}
    kept = [index for index, column in enumerate(table.columns) if column.title not in shared]
    said = (_GATHERED.get(title, "{text} {title}").format(text=text, title=title) for title, text in shared.items())
    return Table(
        table.title,
        tuple(table.columns[index] for index in kept),
        tuple(tuple(row[index] for index in kept) for row in table.rows),
        " · ".join(said),
    )


def _once(rows: Sequence[tuple[Cell, ...]], index: int) -> tuple[Cell, ...]:
    """A reason that the row above gives is not given again."""
    *cells, reason = rows[index]
    again = index and reason.text and rows[index - 1][-1].text == reason.text
    return (*cells, Cell("for the same reason", reason.tone) if again else reason)


def counted_in(record: CaseRecord | None) -> str:
    """What counts once in this case: "generations" or "rounds"."""
    return f"{record.unit}s" if record else "generations"


def _comparison(case: CaseResult, one: Comparison) -> tuple[Cell, ...]:
    control, tone = words.control(case, one)
    return (
        Cell(one.metric), Cell(f"{one.candidate} vs {one.baseline}"), verdict(one.verdict),
        number(words.gain(one), one.ratio), number(words.interval(one)), Cell(control, tone, one.floor),
        number(units.percent(one.level), one.level), Cell(one.evidence), number(f"{one.units:,}", one.units),
        number(units.duration(one.seconds) if one.seconds else "–", one.seconds), Cell(words.why(one), "muted"),
    )  # fmt: skip


# --- summaries ------------------------------------------------------------------------------------------------------


def summaries(case: CaseResult) -> Table:
    """Order statistics of every variant's blocks, per operation; what is counted has one exact value."""
    asked = {*case.case.measure.metrics, *case.case.gate}
    searched = any(metric.bracket for metric in case.case.metrics if metric.name in asked)
    every = dict.fromkeys(metric for metrics in case.summaries.values() for metric in metrics)
    order = tuple(metric for metric in every if metric in asked or not searched)  # probes at many rates have no common median
    found = [
        (metric, name, metrics[metric], words.counted(case.case, metric))
        for metric in order
        for name, metrics in case.summaries.items()
        if metric in metrics
    ]
    known = [title for title in ("p90", "p95", "p99") if any(getattr(one, title) for *_, one, exact in found if not exact)]
    about = _of_what(case, order)
    columns = (
        Column("metric"), Column("variant"), Column("median", NUMBER), *(Column(title, NUMBER) for title in known),
        Column("n" if about else "blocks", NUMBER),
    )  # fmt: skip
    rows = tuple(_summary(metric, name, one, known, exact=exact) for metric, name, one, exact in found)
    return replace(filled(words.headed(case.case, "Every variant"), columns, rows), about=about)


def _of_what(case: CaseResult, order: Sequence[str]) -> str:
    """Where some values are of requests and others of windows: which."""
    single = {metric.name for metric in (*case.case.metrics, *case.case.shown) if metric.column}
    of = tuple(metric for metric in order if metric in single)
    return f"n counts requests for {words.join(of, len(of))}, and windows for the others." if of else ""


def _summary(metric: str, name: str, one: Summary, known: Sequence[str], *, exact: bool) -> tuple[Cell, ...]:
    values = [getattr(one, title) for title in known]
    median = units.exactly(one.median, one.unit) if exact else units.show(one.median, one.unit)
    return (
        Cell(metric), Cell(name), number(median, one.median),
        *(number("–" if exact else _quantile(value, one), value) for value in values), number(f"{one.n:,}", one.n),
    )  # fmt: skip


def _quantile(value: float | None, one: Summary) -> str:
    if value is None:
        return "–" if one.median is None else "n too small"
    return units.show(value, one.unit)


# --- how it was measured --------------------------------------------------------------------------------------------


def measured(cases: Sequence[CaseResult], records: Mapping[str, CaseRecord]) -> Table:
    """Per case: what counts once and how often it did, the blocks, the error rate, the margin, the time."""
    columns = (
        Column("case", "prose"), Column("counts once"), Column("how many", NUMBER), Column("blocks", NUMBER),
        Column("calls per block", NUMBER), Column("alpha", NUMBER), Column("margin", NUMBER), Column("budget", NUMBER),
        Column("took", NUMBER),
    )  # fmt: skip
    return filled("Per case", columns, tuple(_measured_row(case, records.get(case.case.key)) for case in cases))


def _measured_row(case: CaseResult, record: CaseRecord | None) -> tuple[Cell, ...]:
    measure, metric = case.case.measure, case.case.measure.metrics[0]
    blocks = sum(len(generation.rounds) for generation in record.generations) if record else None
    loops = sorted({generation.loops for generation in record.generations}) if record else []
    many = max((one.units for one in case.comparisons), default=None)
    return (
        Cell(case.case.title), Cell(record.unit if record else "–"),
        number("–" if many is None else f"{many:,}", many), number("–" if blocks is None else f"{blocks:,}", blocks),
        number("–".join(f"{loop:,}" for loop in dict.fromkeys(loops[:1] + loops[-1:])) or "–"),
        number(units.percent(measure.alpha), measure.alpha), number(f"±{units.percent(measure.margin_of(metric))}"),
        number(units.duration(measure.budget), measure.budget), number(units.duration(case.seconds), case.seconds),
    )  # fmt: skip
