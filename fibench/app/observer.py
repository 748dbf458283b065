"""What a run tells while it goes on. The base class says nothing: scripts and tests use it as it is."""

from __future__ import annotations

from collections.abc import Sequence

from fibench.measure.session import Failure
from fibench.model.case import Case
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord


class Observer:
    """Silent. The terminal's live table is `fibench.cli.live`."""

    def began(self, run_id: str, cases: Sequence[Case]) -> None:
        """The run exists in the store; its cases are about to be measured in this order."""

    def case_began(self, index: int, budget: float) -> None:
        """A case starts; it takes at most `budget` seconds."""

    def progressed(self, index: int, record: CaseRecord, elapsed: float) -> None:
        """A generation was stored, or a variant failed."""

    def failed(self, index: int, failure: Failure) -> None:
        """A variant can be measured no further; the others go on."""

    def case_done(self, index: int, result: CaseResult) -> None:
        """A case was judged."""

    def noted(self, note: Note) -> None:
        """Something the user should know at once."""
