"""Claims in tables and in a line: every claim with its verdict, what was measured, and what that rests on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from fibench import units
from fibench.model.document import Cell, Column, Role, Table
from fibench.model.result import ClaimResult
from fibench.report import words
from fibench.report.tables import NUMBER, filled, number, verdict

ORDER = ("CONFIRMED", "REFUTED", "UNPROVEN", "NOT TESTABLE")
FEW = 12
"""So many claims are shown with their texts and reasons where there is little room."""
ARITHMETIC = "by arithmetic"

Bounds = Mapping[str, tuple[float, ...]]


def table(results: Sequence[ClaimResult], bounds: Bounds, labels: Mapping[str, str], runs: bool = False) -> Table:
    """The claims as they were stated, companions below their claim; `bounds` keep the rounding honest."""
    long: Role = "prose" if len(results) <= FEW else "detail"
    columns = (
        Column("claim"), Column("what was claimed", long), Column("verdict", "verdict"), Column("measured", NUMBER),
        Column("interval", NUMBER), Column("evidence"), Column("run", "ref"), Column("reason", long),
        Column("source", "detail"),
    )  # fmt: skip
    parents = companions(results)
    rows = tuple(
        _row(one, parents[one.id], (*bounds.get(one.id, ()), *one.bounds), labels.get(one.case, ""), runs)
        for one in _placed(results, parents)
    )
    return filled("", columns, rows)


def companions(results: Sequence[ClaimResult]) -> dict[str, str]:
    """Claim → the claim that it accompanies ("fi.h5_size_lz4.fixed" → "fi.h5_size_lz4"), or ""."""
    known = {one.id for one in results}

    def parent(claim: str) -> str:
        ends = [place for place, sign in enumerate(claim) if sign == "."]
        return next((claim[:end] for end in reversed(ends) if claim[:end] in known), "")

    return {claim: parent(claim) for claim in known}


def _placed(results: Sequence[ClaimResult], parents: Mapping[str, str]) -> list[ClaimResult]:
    """As stated, but every companion right after what it accompanies."""
    children: dict[str, list[ClaimResult]] = {}
    for one in results:
        children.setdefault(parents[one.id], []).append(one)

    def below(parent: str) -> list[ClaimResult]:
        later = children.pop(parent, [])
        return [found for one in later for found in (one, *below(one.id))]

    return below("")


def _row(one: ClaimResult, parent: str, bounds: tuple[float, ...], label: str, runs: bool) -> tuple[Cell, ...]:
    warning = label or (f"SIMULATED: {one.simulated}" if one.simulated else "")
    short = "simulated" if warning.startswith("SIMULATED") else warning.partition(":")[0]
    reason = ". ".join(part for part in (warning, one.reason) if part)
    required = " (required)" if one.required else ""
    evidence = " ".join(part for part in (one.evidence, short) if part)
    return (
        Cell(one.id + required, level=1 if parent else 0, short=one.id[len(parent) :] + required if parent else ""),
        Cell(one.text), verdict(one.verdict), *_numbers(one, bounds), Cell(evidence, "warn" if warning else "neutral"),
        Cell(one.run if runs else "", "muted"), Cell(reason, "warn" if warning else "neutral", more=one.parts),
        Cell(one.source, "muted"),
    )  # fmt: skip


def _numbers(one: ClaimResult, bounds: tuple[float, ...]) -> tuple[Cell, Cell]:
    """What was measured and its interval in the claim's own unit; what was not measured says so."""
    if one.measured == math.inf and one.unit == "s":
        return number(units.show(one.measured, one.unit), one.measured), number("–")
    if one.measured is None or not math.isfinite(one.measured):
        return number("–"), Cell(ARITHMETIC if one.form == "formula" else "–", "muted")
    if one.form == "formula":
        return number(f"{one.measured:,.4g}", one.measured), Cell(ARITHMETIC, "muted")
    if one.unit == "×":
        said, span = units.estimate(one.measured, one.low, one.high, (1.0, *bounds))
    else:
        name, size = units.scale_of(one.measured, one.unit)
        low, high = (None if end is None else end / size for end in (one.low, one.high))
        span = units.interval(low, high, (bound / size for bound in bounds))
        said = units.show(one.measured, one.unit)
        span = span if span in ("exact", "–") else f"{span} {name}".rstrip()
    return number(said, one.measured), number(span)


# --- counting -------------------------------------------------------------------------------------------------------


def counted(results: Sequence[ClaimResult]) -> str:
    """ "12 claims: 7 CONFIRMED (2 by arithmetic), 3 REFUTED, 1 UNPROVEN, 1 NOT TESTABLE"."""
    found = Counter(one.verdict for one in results)
    said = ", ".join(f"{found[word]} {word}{_calculated(results, word)}" for word in _words(results))
    return f"{words.count(len(results), 'claim')}: {said}"


def fared(results: Sequence[ClaimResult]) -> str:
    """ "21 of 24 claims refuted, 3 confirmed (all by arithmetic)": the most frequent verdict first."""
    found = sorted(Counter(one.verdict for one in results).items(), key=lambda item: -item[1])
    said = [f"{many} {word.lower()}{_calculated(results, word)}" for word, many in found]
    if not said:
        return ""
    first = f"{found[0][1]} of {words.count(len(results), 'claim')} {said[0].partition(' ')[2]}"
    return ", ".join((first, *said[1:]))


def _calculated(results: Sequence[ClaimResult], word: str) -> str:
    """How many of a verdict were calculated, not measured."""
    verdicts = [one.form == "formula" for one in results if one.verdict == word]
    if not any(verdicts):
        return ""
    return f" ({ARITHMETIC})" if all(verdicts) else f" ({sum(verdicts)} {ARITHMETIC})"


def _words(results: Sequence[ClaimResult]) -> list[str]:
    found = {one.verdict for one in results}
    return [word for word in (*ORDER, *sorted(found - set(ORDER))) if word in found]


def groups(results: Sequence[ClaimResult]) -> Table | None:
    """How the claims of every source fared, by the beginning of their ids; companions are counted apart."""
    parents = companions(results)
    found: dict[tuple[str, bool], list[ClaimResult]] = {}
    for one in results:
        found.setdefault((one.id.partition(".")[0], bool(parents[one.id])), []).append(one)
    if len(found) < 2:
        return None
    shown = _words(results)
    columns = (Column("claims of"), Column("claims", NUMBER), *(Column(word, NUMBER) for word in shown))
    rows = tuple(_group(name, below, found[name, below], shown) for name, below in sorted(found))
    return Table("", columns, rows)


def _group(name: str, below: bool, results: Sequence[ClaimResult], shown: Sequence[str]) -> tuple[Cell, ...]:
    many = Counter(one.verdict for one in results)
    title = Cell(f"{name}, companions", level=1, short="companions") if below else Cell(name)
    return (title, number(f"{len(results):,}", len(results)), *(number(f"{many[word] or '–'}", many[word]) for word in shown))
