"""What every kind is unless it says otherwise: timed blocks in fresh processes, compared by wall time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord


class Kind:
    """The defaults of the port `Workload`."""

    packages: tuple[str, ...] = ()
    per_round = False
    service = False
    shown: tuple[str, ...] = ()

    def unavailable(self, params: Mapping[str, Any]) -> str:
        """Always available: what is missing is the target's own failure, reported with its place."""
        return ""

    def standard(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Wall time."""
        return ("wall",)

    def label(self, params: Mapping[str, Any]) -> str:
        """Nothing that every number would have to carry."""
        return ""

    def addresses(self, params: Mapping[str, Any]) -> Iterable[str]:
        """No load is sent to anybody."""
        return ()

    def instructions(self, params: Mapping[str, Any]) -> Iterable[str]:
        """Nothing has to be started elsewhere."""
        return ()

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """Nothing beyond what every kind says."""
        return ()
