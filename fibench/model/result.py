"""What fibench answers: derived from a run, never stored as truth; `to_json` gives the shapes that others rely on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from fibench.model.case import Case
from fibench.model.note import Note


@dataclass(frozen=True, slots=True)
class Summary:
    """One variant's values of one metric: order statistics of its blocks (null where n is too small for a quantile).

    Infinite: the quantile lies among requests that were never answered rightly.
    """

    unit: str
    n: int
    median: float | None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None

    def to_json(self) -> dict[str, Any]:
        values = {"median": self.median, "p90": self.p90, "p95": self.p95, "p99": self.p99}
        finite = {name: None if value is not None and math.isinf(value) else value for name, value in values.items()}
        return {"unit": self.unit, "n": self.n, **finite}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate against baseline on one metric. `ratio` is the gain: above 1 the candidate is better.

    `low` and `high` bound the ratio at `level`; `floor` is the half-width of the A/A control as a fraction.
    """

    metric: str
    baseline: str
    candidate: str
    ratio: float | None
    low: float | None
    high: float | None
    level: float
    verdict: str
    evidence: str
    units: int
    seconds: float
    margin: float = 0.0
    reason: str = ""
    floor: float | None = None
    p_worse: float = 1.0
    """p-value, valid at any stop, of "worse by more than the margin": small means worse for sure."""

    def to_json(self) -> dict[str, Any]:
        return {
            "metric": self.metric, "baseline": self.baseline, "candidate": self.candidate, "ratio": self.ratio,
            "low": self.low, "high": self.high, "level": self.level, "verdict": self.verdict,
            "evidence": self.evidence, "units": self.units, "seconds": round(self.seconds, 3),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim's verdict with what was measured instead; `case` names the case that decided it."""

    id: str
    verdict: str
    measured: float | None
    low: float | None
    high: float | None
    reason: str
    text: str = ""
    source: str = ""
    unit: str = "1"
    evidence: str = ""
    case: str = ""
    required: bool = False
    form: str = ""
    run: str = ""
    parts: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    simulated: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id, "verdict": self.verdict, "measured": self.measured,
            "low": self.low, "high": self.high, "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Control:
    """The A/A control: the baseline against its own twin."""

    metric: str
    ratio: float | None
    low: float | None
    high: float | None
    units: int
    passed: bool


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case, judged."""

    case: Case
    state: str
    reason: str | None
    summaries: dict[str, dict[str, Summary]]
    comparisons: tuple[Comparison, ...]
    controls: tuple[Control, ...] = ()
    notes: tuple[Note, ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "scenario": self.case.scenario,
            "point": self.case.point,
            "state": self.state,
            "reason": self.reason,
            "variants": {
                name: {"metrics": {metric: summary.to_json() for metric, summary in metrics.items()}}
                for name, metrics in self.summaries.items()
            },
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
        }


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run, judged: what `fibench run --json` prints."""

    run: str
    label: str | None
    state: str
    cases: tuple[CaseResult, ...]
    claims: tuple[ClaimResult, ...] = ()
    notes: tuple[Note, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "label": self.label,
            "state": self.state,
            "cases": [case.to_json() for case in self.cases],
            "claims": [claim.to_json() for claim in self.claims],
            "notes": [{"code": note.code, "text": note.text, "hint": note.hint} for note in self.notes],
        }
