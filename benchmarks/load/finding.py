"""What a part is told and what it hands back: settings in, tables, goals and raw data out. No part prints."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load.table import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run: on which CPUs, how long, with which seed."""

    server_cpu: int
    client_cpu: int
    quick: bool
    seed: int

    @classmethod
    def here(cls, *, quick: bool, seed: int) -> Settings:
        """The first two CPUs that this process may use, or the only one twice."""
        cpus = sorted(os.sched_getaffinity(0))
        return cls(cpus[0], cpus[1 % len(cpus)], quick, seed)

    def either(self, full: float, quick: float) -> float:
        """The one for this run."""
        return quick if self.quick else full

    def times(self, full: int, quick: int) -> int:
        """The number of repetitions for this run."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Goal:
    """A line of the summary. `met` None: not judged, because a peer is missing or too little was run."""

    what: str
    goal: str
    found: str
    met: bool | None
    part: str

    @property
    def word(self) -> str:
        """For the column "met"."""
        return {True: "yes", False: "NO", None: "-"}[self.met]

    @property
    def command(self) -> str:
        """What runs it again."""
        return f"make bench-load PARTS={self.part}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a part has found; `data` is what --json keeps beside the tables: plain lists, dicts, numbers."""

    tables: list[Table]
    goals: list[Goal]
    data: dict[str, Any] = field(default_factory=dict)
