"""What a person sees while a run goes on: a live table on a terminal, one line a case elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fibench import units
from fibench.app.observer import Observer
from fibench.cli.console import complain, err, say
from fibench.judge.case import judge_case
from fibench.errors import MeasurementError
from fibench.measure.session import Failure
from fibench.model.case import Case
from fibench.model.result import CaseResult, Comparison
from fibench.model.run import CaseRecord

if TYPE_CHECKING:
    from rich.table import Table

REDRAW = 0.25
"""Seconds between two looks at the numbers: judging must not disturb what is measured."""
TONE = {"FASTER": "green", "BETTER": "green", "SLOWER": "red", "WORSE": "red", "INVALID": "red", "EQUIVALENT": "cyan"}


class Lines(Observer):
    """For logs and pipes: what has begun, and each case's answer when it is known."""

    def __init__(self) -> None:
        self.cases: Sequence[Case] = ()
        self.run_id = ""

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def began(self, run_id: str, cases: Sequence[Case]) -> None:
        self.run_id, self.cases = run_id, cases
        budget = sum(case.measure.budget for case in cases)
        say(f"run {run_id}: {len(cases)} case{'s' * (len(cases) != 1)}, at most {units.duration(budget)}")

    def failed(self, index: int, failure: Failure) -> None:
        from fibench.cli.main import debugging

        place = f"{self.cases[index].title}: {failure.variant}"
        if debugging() and failure.detail:
            say(failure.detail.rstrip())
        complain(MeasurementError(failure.reason, where=place, hint=None if debugging() else failure.hint or None))

    def case_done(self, index: int, result: CaseResult) -> None:
        say(f"[{index + 1}/{len(self.cases)}] {result.case.title}: {answer(result)} ({units.duration(result.seconds)})")


class Live(Lines):
    """For a terminal: per case the ratio so far, its interval, the verdict when decided, and the time left."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, tuple[CaseResult, bool]] = {}
        self.budget = 0.0
        self.looked = 0.0
        self.live: Any = None

    def __enter__(self) -> Live:
        from rich.live import Live as RichLive

        self.live = RichLive(console=err(), auto_refresh=False, transient=True)
        self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.live.stop()

    def case_began(self, index: int, budget: float) -> None:
        self.budget = budget
        self._draw(index, 0.0)

    def progressed(self, index: int, record: CaseRecord, elapsed: float) -> None:
        now = time.monotonic()
        if now - self.looked >= REDRAW:
            self.rows[index] = (judge_case(record), False)
            self._draw(index, elapsed)
            self.looked = time.monotonic()

    def case_done(self, index: int, result: CaseResult) -> None:
        self.rows[index] = (result, True)
        self._draw(index, result.seconds)

    def _draw(self, index: int, elapsed: float) -> None:
        later = sum(case.measure.budget for case in self.cases[index + 1 :])
        self.live.update(self._table(index, max(0.0, self.budget - elapsed), later), refresh=True)

    def _table(self, current: int, left: float, later: float) -> Table:
        from rich.table import Table

        title = f"run {self.run_id} · case {current + 1} of {len(self.cases)} · at most {units.duration(left + later)} left"
        table = Table(title=title, title_justify="left", box=None, padding=(0, 1), expand=False)
        table.add_column("case", overflow="fold", ratio=3)
        for name, justify in (("", "left"), ("ratio so far", "right"), ("interval", "left"), ("verdict", "left")):
            table.add_column(name, justify=justify, no_wrap=name != "verdict")  # type: ignore[arg-type]
        for index in range(max(0, current - 9), min(len(self.cases), current + 4)):
            self._add(table, index, current, left)
        return table

    def _add(self, table: Table, index: int, current: int, left: float) -> None:
        title = self.cases[index].title
        if index not in self.rows:
            state = f"measuring, {units.duration(left)} left" if index == current else "waiting"
            table.add_row(_plain(title), "", "", "", _plain(state, "dim"))
            return
        result, done = self.rows[index]
        primary = [found for found in result.comparisons if found.metric == result.case.metrics[0].name]
        for number, found in enumerate(primary[:8]):
            word = found.verdict if done or found.verdict != "INCONCLUSIVE" else f"… {units.duration(left)} left"
            tone = TONE.get(found.verdict, "") if done else "dim"
            cells = (title if number == 0 else "", found.candidate, units.ratio(found.ratio), interval(found), word)
            table.add_row(*(_plain(cell) for cell in cells[:4]), _plain(cells[4], tone))
        if not primary:
            table.add_row(_plain(title), "", "", "", _plain(result.reason or ("done" if done else f"{left:.0f} s left")))


def observer(*, quiet: bool = False) -> Lines:
    """The live table on a terminal, lines elsewhere (and with --json, where stderr may still be a log)."""
    return Live() if err().is_terminal and not quiet else Lines()


def answer(result: CaseResult) -> str:
    """One line: every comparison on the first metric, or why there is none."""
    primary = [found for found in result.comparisons if found.metric == result.case.metrics[0].name]
    if result.state == "invalid" or not primary:
        return f"{result.state} {result.reason}" if result.reason else "measured"
    return "; ".join(f"{found.candidate} {units.ratio(found.ratio)} {interval(found)} {found.verdict}" for found in primary)


def interval(found: Comparison) -> str:
    """ "[1.64, 1.71]", or what is missing to one."""
    if found.low is None or found.high is None:
        return "–" if found.ratio is None else f"({found.units} units)"
    return f"[{units.ratio(found.low)[:-1]}, {units.ratio(found.high)[:-1]}]"


def _plain(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text(text, style=style)
