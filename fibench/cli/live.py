"""What a person sees while a run goes on: on a terminal the running case and a bar, elsewhere a line for each case."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fibench import units
from fibench.app.observer import Observer
from fibench.cli.console import complain, err, say
from fibench.cli.labels import labels, told
from fibench.errors import MeasurementError
from fibench.judge.case import judge_case
from fibench.measure.session import Failure
from fibench.model.case import Case
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord

if TYPE_CHECKING:
    from fibench.cli.progress import Progress

JUDGED = 0.5
"""Seconds between two looks at the numbers: judging must not disturb what is measured."""
HERTZ = 2.0
"""Redrawings a second, by a thread of rich's: the time left moves between generations too."""


class Lines(Observer):
    """For logs and pipes: what has begun, and each case's answer when it is known."""

    def __init__(self) -> None:
        self.cases: Sequence[Case] = ()
        self.labels: list[str] = []
        self.lost: dict[int, list[str]] = {}
        self.begun: set[int] = set()

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def began(self, run_id: str, cases: Sequence[Case]) -> None:
        self.cases, self.labels, self.lost, self.begun = cases, labels(cases), {}, set()
        names = ", ".join(dict.fromkeys(case.scenario for case in cases))
        budget = units.duration(sum(case.measure.budget for case in cases))
        say(f"run {run_id}: {names}, {len(cases)} case{'s' * (len(cases) != 1)}, at most {budget}")

    def case_began(self, index: int, budget: float) -> None:
        if index and not self.begun:
            say(f"{index} case{'s' * (index != 1)} measured before")
        self.begun.add(index)

    def failed(self, index: int, failure: Failure) -> None:
        from fibench.cli.main import debugging

        self.lost.setdefault(index, []).append(failure.variant)
        if debugging() and failure.detail:
            say(failure.detail.rstrip())
        place = f"{self.cases[index].title}: {failure.variant}"
        complain(MeasurementError(failure.reason, where=place, hint=None if debugging() else failure.hint or None))

    def noted(self, note: Note) -> None:
        say(note.text)

    def case_done(self, index: int, result: CaseResult) -> None:
        if index in self.begun:
            self._line(index, result, None)

    def _line(self, index: int, result: CaseResult, width: int | None) -> None:
        total = len(self.cases)
        start, end = f"[{index + 1:{len(str(total))}}/{total}] {self.labels[index]}: ", f" ({units.duration(result.seconds)})"
        room = None if width is None else width - len(start) - len(end)
        say(f"{start}{told(result, self.lost.get(index, ()), room)}{end}")


class Live(Lines):
    """For a terminal: finished cases scroll away above as lines; below stand the running case and the bar."""

    def __init__(self) -> None:
        super().__init__()
        self.progress: Progress | None = None
        self.judged = 0.0
        self.live: Any = None

    def __exit__(self, *error: object) -> None:
        if self.live:
            self.live.stop()

    def began(self, run_id: str, cases: Sequence[Case]) -> None:
        from fibench.cli.progress import Progress

        super().began(run_id, cases)
        self.progress = Progress(cases, self.labels)
        if self.live:
            self.live.update(self.progress)

    def case_began(self, index: int, budget: float) -> None:
        assert self.progress is not None
        super().case_began(index, budget)
        self.progress.begin(index, budget)
        if self.live is None:
            from rich.live import Live as RichLive

            self.live = RichLive(self.progress, console=err(), refresh_per_second=HERTZ, transient=True)
            self.live.start(refresh=True)

    def progressed(self, index: int, record: CaseRecord, elapsed: float) -> None:
        if self.progress and time.monotonic() - self.judged >= JUDGED:
            self.progress.show(judge_case(record), record)
            self.judged = time.monotonic()

    def case_done(self, index: int, result: CaseResult) -> None:
        if self.progress and index in self.begun:
            self.progress.end(result.seconds)
            self._line(index, result, err().width)


def observer(*, quiet: bool = False) -> Lines:
    """The live view on a terminal, lines elsewhere (and with --json, where stderr may still be a log)."""
    return Live() if err().is_terminal and not quiet else Lines()
