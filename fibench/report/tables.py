"""The tables of a page: claims, comparisons, summaries, how it was measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from fibench import units
from fibench.model.case import CONTROL
from fibench.model.document import Cell, Column, Paragraph, Role, Table
from fibench.model.result import CaseResult, ClaimResult, Comparison, Control, Summary
from fibench.model.run import CaseRecord
from fibench.report import words

ORDER = ("CONFIRMED", "REFUTED", "UNPROVEN", "NOT TESTABLE")
NUMBER: Role = "number"


def verdict(word: str) -> Cell:
    """A verdict's cell."""
    return Cell(word, words.look(word).tone)


def number(text: str, value: float | None = None) -> Cell:
    """A number's cell; nothing to show is muted."""
    return Cell(text, "muted" if text == "–" else "neutral", value)


def filled(title: str, columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]]) -> Table:
    """A table without the columns that say nothing."""
    kept = [index for index in range(len(columns)) if any(row[index].text for row in rows)]
    return Table(title, tuple(columns[index] for index in kept), tuple(tuple(row[index] for index in kept) for row in rows))


# --- claims ---------------------------------------------------------------------------------------------------------


def claims(results: Sequence[ClaimResult], bounds: Mapping[str, tuple[float, ...]], labels: Mapping[str, str]) -> Table:
    """The ledger in the order in which the claims were stated; `bounds` keep the rounding honest."""
    columns = (
        Column("claim"), Column("what was claimed", "prose"), Column("verdict", "verdict"), Column("measured", NUMBER),
        Column("interval", NUMBER), Column("reason", "prose"), Column("evidence"), Column("source", "prose"),
    )  # fmt: skip
    return filled("", columns, tuple(_claim(one, bounds.get(one.id, ()), labels.get(one.case, "")) for one in results))


def _claim(one: ClaimResult, bounds: tuple[float, ...], label: str) -> tuple[Cell, ...]:
    reason = ". ".join(part for part in (label, one.reason) if part)
    return (
        Cell(one.id + (" (required)" if one.required else "")), Cell(one.text), verdict(one.verdict),
        *_claim_numbers(one, bounds), Cell(reason, "warn" if label else "neutral"), Cell(one.evidence),
        Cell(one.source, "muted"),
    )  # fmt: skip


def _claim_numbers(one: ClaimResult, bounds: tuple[float, ...]) -> tuple[Cell, Cell]:
    """What was measured and its interval in the claim's own unit."""
    if one.measured is None or not math.isfinite(one.measured):
        return number("–"), number("–")
    if one.unit == "×":
        said, span = units.estimate(one.measured, one.low, one.high, bounds)
    else:
        name, size = units.scale_of(one.measured, one.unit)
        low, high = (None if end is None else end / size for end in (one.low, one.high))
        said = units.show(one.measured, one.unit)
        span = f"{units.interval(low, high, (bound / size for bound in bounds))} {name}".rstrip()
    return number(said, one.measured), number("–" if one.low is None and one.high is None else span)


def claim_count(results: Sequence[ClaimResult]) -> Paragraph:
    """ "12 claims: 7 CONFIRMED, 3 REFUTED, 1 UNPROVEN, 1 NOT TESTABLE."."""
    found = Counter(one.verdict for one in results)
    known = [*ORDER, *sorted(set(found) - set(ORDER))]
    said = ", ".join(f"{found[word]} {word}" for word in known if found[word])
    return Paragraph(f"{words.count(len(results), 'claim')}: {said}.")


# --- comparisons ----------------------------------------------------------------------------------------------------


def comparisons(case: CaseResult) -> Table:
    """Every comparison of a case with the noise floor beside its verdict."""
    columns = (
        Column("metric"), Column("compared"), Column("verdict", "verdict"), Column("gain", NUMBER),
        Column("interval", NUMBER), Column("noise floor", NUMBER), Column("sure", NUMBER), Column("evidence"),
        Column("units", NUMBER), Column("took", NUMBER), Column("reason", "prose"),
    )  # fmt: skip
    controls = {control.metric: control for control in case.controls}
    rows = tuple(_comparison(one, controls.get(one.metric)) for one in case.comparisons)
    return filled(_titled("Comparisons", case), columns, rows)


def _comparison(one: Comparison, control: Control | None) -> tuple[Cell, ...]:
    return (
        Cell(one.metric), Cell(f"{one.candidate} vs {one.baseline}"), verdict(one.verdict),
        number(words.gain(one), one.ratio), number(words.interval(one)), _floor(one, control),
        number(units.percent(one.level), one.level), Cell(one.evidence), number(f"{one.units:,}", one.units),
        number(units.duration(one.seconds) if one.seconds else "–", one.seconds), Cell(words.why(one), "muted"),
    )  # fmt: skip


def _floor(one: Comparison, control: Control | None) -> Cell:
    """The noise floor; a control that saw a difference between twins is a warning."""
    if control and not control.passed:
        return Cell(f"A/A failed: {units.ratio(control.ratio)}", "warn", one.floor)
    return number("–" if one.floor is None else f"±{units.percent(one.floor)}", one.floor)


# --- summaries ------------------------------------------------------------------------------------------------------


def summaries(case: CaseResult) -> Table:
    """Order statistics of every variant's blocks, per operation."""
    columns = (
        Column("metric"), Column("variant"), Column("median", NUMBER), Column("p90", NUMBER), Column("p95", NUMBER),
        Column("p99", NUMBER), Column("n", NUMBER),
    )  # fmt: skip
    order = tuple(dict.fromkeys(metric for metrics in case.summaries.values() for metric in metrics))
    rows = tuple(
        _summary(metric, name, metrics[metric])
        for metric in order
        for name, metrics in case.summaries.items()
        if metric in metrics
    )
    return filled(_titled("Every variant", case), columns, rows)


def _summary(metric: str, name: str, one: Summary) -> tuple[Cell, ...]:
    twin = name == CONTROL
    values = (one.median, one.p90, one.p95, one.p99)
    return (
        Cell(metric), Cell(f"{name} (twin)" if twin else name, "muted" if twin else "neutral"),
        *(number(_quantile(value, one), value) for value in values), number(f"{one.n:,}", one.n),
    )  # fmt: skip


def _quantile(value: float | None, one: Summary) -> str:
    return "–" if value is None and one.median is None else "n too small" if value is None else units.show(value, one.unit)


# --- how it was measured --------------------------------------------------------------------------------------------


def measured(cases: Sequence[CaseResult], records: Mapping[str, CaseRecord]) -> Table:
    """Per case: the unit of inference, the blocks, the error rate, the margin, the time."""
    columns = (
        Column("case", "prose"), Column("unit"), Column("units", NUMBER), Column("blocks", NUMBER),
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


def _titled(title: str, case: CaseResult) -> str:
    label = words.label(case.case)
    return f"{title} ({label})" if label else title
