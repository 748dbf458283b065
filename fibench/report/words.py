"""Verdicts in words: the sentence that answers, its tone and shape, and the glossary."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fibench import units
from fibench.model.case import Case
from fibench.model.document import Shape, Tone
from fibench.model.result import Comparison


@dataclass(frozen=True, slots=True)
class Look:
    """How a verdict looks; the shape says without colour what the tone says with it."""

    tone: Tone
    shape: Shape


LOOKS = {
    "FASTER": Look("good", "up"),
    "BETTER": Look("good", "up"),
    "SLOWER": Look("bad", "down"),
    "WORSE": Look("bad", "down"),
    "EQUIVALENT": Look("neutral", "square"),
    "CHANGED, NEGLIGIBLE": Look("neutral", "diamond"),
    "INCONCLUSIVE": Look("warn", "circle"),
    "NOT COMPARABLE": Look("muted", "dash"),
    "INVALID": Look("warn", "cross"),
    "CONFIRMED": Look("good", "up"),
    "REFUTED": Look("bad", "down"),
    "UNPROVEN": Look("warn", "circle"),
    "NOT TESTABLE": Look("muted", "dash"),
}

GLYPHS: dict[Shape, str] = {
    "up": "▲", "down": "▼", "square": "■", "diamond": "◆", "circle": "○", "cross": "✕", "dash": "–",
}  # fmt: skip

GLOSSARY = (
    ("FASTER, SLOWER", "the whole interval lies beyond the margin (BETTER, WORSE for metrics other than time)"),
    ("EQUIVALENT", "the whole interval lies inside the margin: proved unchanged"),
    ("CHANGED, NEGLIGIBLE", "there is a difference, and it is smaller than the margin"),
    ("INCONCLUSIVE", "the interval allows more than one of these; more rounds would narrow it"),
    ("NOT COMPARABLE", "the machine, the scenario or the units differ"),
    ("INVALID", "errors, wrong outputs, too few units, or no steady state: the numbers must not be believed"),
    ("CONFIRMED, REFUTED", "the whole interval lies on the claimed side of the claim's own bound, or on the other"),
    ("UNPROVEN", "the interval contains the claim's bound"),
    ("NOT TESTABLE", "it cannot be tested here; the reason says what would make it testable"),
    ("gain", "how many times better the candidate is: above 1 it is better, below 1 it is worse"),
    (
        "noise floor",
        "half the width of the interval of the baseline against its own twin: smaller gains cannot be seen",
    ),
)

EVIDENCE = {
    "E3": "interleaved, in two or more sessions",
    "E2": "interleaved, in one session",
    "E1": "two stored runs, with the machine's history between sessions",
    "E0": "two bare runs without history: they suggest, they do not prove",
}


def look(verdict: str) -> Look:
    """The tone and shape of a verdict; a "suggests …" looks like what it suggests."""
    return LOOKS.get(verdict.upper().removeprefix("SUGGESTS "), Look("muted", "dash"))


def glyph(verdict: str) -> str:
    """The one character that tells a verdict without its colour."""
    return GLYPHS[look(verdict).shape]


def label(case: Case) -> str:
    """The warning that every number of a simulated case carries, or ""."""
    return f"SIMULATED: {case.simulated}" if case.simulated else ""


def limits(comparison: Comparison) -> tuple[float, float]:
    """Where a difference is negligible, as gains: the margin is symmetric in the logarithm."""
    return 1 / (1 + comparison.margin), 1 + comparison.margin


def gain(comparison: Comparison) -> str:
    """ "1.69×", or a dash."""
    return _estimate(comparison)[0]


def interval(comparison: Comparison) -> str:
    """ "[1.64, 1.71]", rounded so that no bound seems to lie on the other side of 1 or of the margin."""
    return _estimate(comparison)[1]


def _estimate(comparison: Comparison) -> tuple[str, str]:
    if comparison.ratio is None or not math.isfinite(comparison.ratio):
        return "–", "–"
    return units.estimate(comparison.ratio, comparison.low, comparison.high, (1.0, *limits(comparison)))


def why(comparison: Comparison) -> str:
    """The reason where it says more than the verdict: a decided, interleaved one is explained by the glossary."""
    decided = look(comparison.verdict).shape in ("up", "down", "square", "diamond")
    return "" if decided and comparison.evidence in ("E2", "E3") else comparison.reason


def sentence(case: Case, comparison: Comparison) -> str:
    """The answer in words, without its verdict: "v2 is 1.69× faster than v1 [1.64, 1.71], 99 % sure"."""
    kind = comparison.verdict.upper().removeprefix("SUGGESTS ")
    if not comparison.ratio or look(kind).shape in ("cross", "dash"):
        why = comparison.reason or "nothing was measured"
        return f"{comparison.candidate} against {comparison.baseline}{_metric(comparison)}: no answer, because {why}"
    open_question = f"; {comparison.reason}" if kind == "INCONCLUSIVE" and comparison.reason else ""
    return " ".join(_difference(comparison, kind).split()) + _certainty(case, comparison) + open_question


def _difference(comparison: Comparison, kind: str) -> str:
    one, other, metric = comparison.candidate, comparison.baseline, _metric(comparison)
    if kind in ("FASTER", "BETTER"):
        return f"{one} is {gain(comparison)} {kind.lower()} than {other}{metric} {_span(comparison)}"
    if kind in ("SLOWER", "WORSE"):
        size, bounds = _turned(comparison)
        return f"{one} is {size} {kind.lower()} than {other}{metric} {bounds}"
    margin = units.percent(comparison.margin)
    measured = f"{gain(comparison)} {_span(comparison)}"
    if kind == "EQUIVALENT":
        return f"{one} and {other} are equal{metric} within {margin}: {measured}"
    if kind == "CHANGED, NEGLIGIBLE":
        return f"{one} differs from {other}{metric} by less than {margin}: {measured}"
    return f"{one} against {other}{metric} is undecided: {measured}"


def _span(comparison: Comparison) -> str:
    """The interval in a sentence: what has no bound is not mentioned."""
    return "" if comparison.low is None and comparison.high is None else interval(comparison)


def _turned(comparison: Comparison) -> tuple[str, str]:
    """A loss said the way people say it: 0.80× [0.76, 0.83] is "1.25× slower [1.20, 1.32]"."""
    low, high = (1 / end if end else None for end in (comparison.high, comparison.low))
    size, bounds = units.estimate(1 / (comparison.ratio or 1.0), low, high, (1.0, *limits(comparison)))
    return size, bounds if _span(comparison) else ""


def _certainty(case: Case, comparison: Comparison) -> str:
    if comparison.evidence == "E0":
        return ", as two bare runs suggest" if comparison.verdict.startswith("SUGGESTS") else ""
    if _counted(case, comparison.metric) and comparison.low == comparison.high:
        return ", counted exactly"
    return f", {units.percent(comparison.level)} sure"


def _counted(case: Case, metric: str) -> bool:
    return any(known.counted for known in case.metrics if known.name == metric)


def _metric(comparison: Comparison) -> str:
    return "" if comparison.metric == "wall" else f" in {comparison.metric}"


def join(words: tuple[str, ...], most: int = 3) -> str:
    """ "a, b and 4 more"."""
    if len(words) <= most:
        return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"


def count(number: int, noun: str) -> str:
    """ "1 claim", "12 claims"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
