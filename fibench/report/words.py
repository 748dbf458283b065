"""Verdicts in words: the sentence that answers, its tone and shape, and the glossary."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fibench import units
from fibench.model.case import Case
from fibench.model.document import Shape, Tone
from fibench.model.result import CaseResult, Comparison


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

SMALL = 0.1
"""Below this a ratio is turned round in a sentence: 18.8× slower is read, 0.053× is not."""

GLYPHS: dict[Shape, str] = {
    "up": "▲", "down": "▼", "square": "■", "diamond": "◆", "circle": "○", "cross": "✕", "dash": "–",
}  # fmt: skip

GLOSSARY = (
    ("FASTER, SLOWER", "the whole interval lies beyond the margin (BETTER, WORSE for metrics other than time)"),
    ("EQUIVALENT", "the whole interval lies inside the margin: proved unchanged"),
    ("CHANGED, NEGLIGIBLE", "there is a difference, and it is smaller than the margin"),
    (
        "INCONCLUSIVE",
        "the interval allows more than one of these, or there are too few generations for an interval; more would narrow it",
    ),
    ("NOT COMPARABLE", "the machine, the scenario or the units differ"),
    ("INVALID", "errors, wrong outputs, or no steady state: the numbers must not be believed"),
    ("CONFIRMED, REFUTED", "the whole interval lies on the claimed side of the claim's own bound, or on the other"),
    ("UNPROVEN", "the interval contains the claim's bound"),
    ("NOT TESTABLE", "it cannot be tested here; the reason says what would make it testable"),
    ("by arithmetic", "the claim is about numbers that its source states itself: they were calculated, nothing was measured"),
    (
        "gain",
        "how many times better the candidate is: above 1 it is better, below 1 it is worse; the median of the ratios of "
        "neighbouring blocks",
    ),
    (
        "generation",
        "one set of fresh processes; it counts once, however many blocks it ran (a round, where processes are costly)",
    ),
    (
        "A/A control",
        "the baseline against its own twin, with a fifth of the rounds: by how much identical code seemed to differ",
    ),
)

EVIDENCE = {
    "E3": "interleaved, in two or more sessions",
    "E2": "interleaved, in one session",
    "E1": "two stored runs, with the machine's history between sessions",
    "E0": "two bare runs without history: they suggest, they do not prove",
}

QUOTIENT = (
    "The gain is the median of the ratios of neighbouring blocks, not the ratio of the two medians: what the machine did to "
    "both sides alike has cancelled out of it."
)


def evidence(levels: Iterable[str]) -> str:
    """ "E3: interleaved, in two or more sessions · E2: …" for the levels that occur."""
    seen = sorted({level for level in levels if level in EVIDENCE}, reverse=True)
    return " · ".join(f"{level}: {EVIDENCE[level]}" for level in seen)


def look(verdict: str) -> Look:
    """The tone and shape of a verdict; a "suggests …" looks like what it suggests."""
    return LOOKS.get(verdict.upper().removeprefix("SUGGESTS "), Look("muted", "dash"))


def glyph(verdict: str) -> str:
    """The one character that tells a verdict without its colour."""
    return GLYPHS[look(verdict).shape]


def label(case: Case) -> str:
    """The warning that every number of a simulated case carries, or ""."""
    simulated = f"SIMULATED: {case.simulated}" if case.simulated else ""
    return " · ".join(filter(None, (simulated, case.label)))


def headed(case: Case, title: str) -> str:
    """A heading above a case's numbers with the warning that they carry, in short: the case's own heading has all of it."""
    simulated = f"SIMULATED: {case.simulated}" if case.simulated else ""
    said = " · ".join(filter(None, (simulated, case.label.partition(":")[0])))
    return f"{title} ({said})" if said else title


def rate(value: float | None) -> str:
    """ "1,240/s": rates are compared with one another to a percent, so they are told in full."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}/s" if value >= 100 else f"{value:,.3g}/s"


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


def control(case: CaseResult, comparison: Comparison) -> tuple[str, Tone]:
    """The A/A control beside a comparison: by how much identical code seemed to differ, or why nobody knows."""
    twin = next((found for found in case.controls if found.metric == comparison.metric), None)
    if twin is None or twin.ratio is None:
        if comparison.evidence in ("E0", "E1"):
            return "not interleaved", "muted"
        return ("no control yet" if case.case.measure.control else "off"), "muted"
    if twin.low is not None and twin.low == twin.high == 1:
        return "identical", "neutral"
    said = units.change(twin.ratio, twin.low, twin.high)
    if twin.low is None and twin.high is None:
        return f"{said} (no interval yet)", "muted"
    return (said, "neutral") if twin.passed else (f"differs: {said}", "warn")


def sentence(case: Case, comparison: Comparison) -> str:
    """The answer in words, without its verdict and its reason: "v2 is 1.69× faster than v1 [1.64, 1.71], 99 % sure"."""
    kind = comparison.verdict.upper().removeprefix("SUGGESTS ")
    if not comparison.ratio or look(kind).shape in ("cross", "dash"):
        return f"{comparison.candidate} against {comparison.baseline}{_metric(comparison)}: no answer"
    return " ".join(_difference(comparison, kind).split()) + _certainty(case, comparison)


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
    if (comparison.ratio or 1.0) < SMALL:
        size, bounds = _turned(comparison)
        measured = f"{size} {'slower' if comparison.metric == 'wall' else 'worse'} {bounds}"
    return f"{one} against {other}{metric} is undecided: {measured}"


def _span(comparison: Comparison) -> str:
    """The interval in a sentence: what has no bound is not mentioned, and that it is exact is said after it."""
    found = interval(comparison)
    return "" if found in ("–", "exact") else found


def _turned(comparison: Comparison) -> tuple[str, str]:
    """A loss said the way people say it: 0.80× [0.76, 0.83] is "1.25× slower [1.20, 1.32]"."""
    low, high = (1 / end if end else None for end in (comparison.high, comparison.low))
    size, bounds = units.estimate(1 / (comparison.ratio or 1.0), low, high, (1.0, *limits(comparison)))
    return size, bounds if _span(comparison) else ""


def _certainty(case: Case, comparison: Comparison) -> str:
    if comparison.evidence == "E0":
        return ", as two bare runs suggest" if comparison.verdict.startswith("SUGGESTS") else ""
    if comparison.low is None and comparison.high is None:
        return ""
    if counted(case, comparison.metric) and comparison.low == comparison.high:
        return ", counted exactly"
    return f", {units.percent(comparison.level)} sure"


def counted(case: Case, metric: str) -> bool:
    """True for what is counted, not timed: its value is exact."""
    return any(known.counted for known in case.metrics if known.name == metric)


def versus(comparisons: Sequence[Comparison]) -> tuple[str, str] | None:
    """The two runs, where every variant of one is held against the same variant of the other ("b/v1" against "a/v1")."""
    pairs = [(one.candidate.rpartition("/"), one.baseline.rpartition("/")) for one in comparisons]
    runs = {(one[0], other[0]) for one, other in pairs}
    same = all(one[1] and one[2] == other[2] for one, other in pairs)
    return runs.pop() if same and len(runs) == 1 else None


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
