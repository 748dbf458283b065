"""A run (one session on one machine) and the raw samples it holds: observed values only, statistics are derived."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from fibench.model.case import Case
from fibench.model.fingerprint import Fingerprint
from fibench.model.note import Note
from fibench.model.requests import Requests

State = Literal["running", "complete", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class Generation:
    """The blocks of one set of fresh worker processes, in the order in which they ran.

    `rounds[i]`, `variants[i]` and `metrics[name][i]` describe block i; values are per operation, in base units (NaN: this
    block has none, and `remarks[i]["invalid"]` says why). `requests` are the raw records of windows of load.
    """

    index: int
    seed: int
    rounds: tuple[int, ...]
    variants: tuple[str, ...]
    metrics: dict[str, tuple[float, ...]]
    loops: int = 1
    started: float = 0.0
    seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[dict[str, Any], ...] = ()
    requests: Requests | None = field(default=None, compare=False)

    def __hash__(self) -> int:
        """Of a few fields that tell generations apart, so that what is derived from one can be remembered."""
        some = tuple(values[:1] + values[-1:] for values in self.metrics.values())
        return hash((self.index, self.seed, self.started, some))


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case with everything measured of it so far. `failures` maps a variant to why it has no (more) values."""

    case: Case
    generations: tuple[Generation, ...] = ()
    failures: dict[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    unit: Literal["generation", "round"] = "generation"
    done: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """One session: identity, machine, and its cases."""

    id: str
    started: float
    state: State
    fingerprint: Fingerprint
    label: str | None = None
    seed: int = 0
    cases: tuple[CaseRecord, ...] = ()
    notes: tuple[Note, ...] = ()
    command: str = ""
    owner: str = ""
    """The process that measures it, as "host pid start": a run whose owner is gone can be resumed."""
    seconds: float = 0.0
