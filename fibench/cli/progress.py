"""The live part of the screen: the running case with a row for each candidate, and a bar with the time left.

Every column has its width before the first number is known, so nothing jumps. Drawn twice a second by rich's thread
while the main one waits for the workers: what is shown is replaced as a whole, never changed in place.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions
from rich.text import Text

from fibench import units
from fibench.cli import live_load
from fibench.cli.labels import left, primary, style
from fibench.cli.live_load import Row
from fibench.model.case import Case
from fibench.model.result import CaseResult, Comparison
from fibench.model.run import CaseRecord
from fibench.report import words
from fibench.stats.sequential import fewest_units

MOST = 8
"""So many candidates have a row."""
NAME, GAIN, INTERVAL = 20, 8, 18
BAR = 30


class Progress:
    """A renderable that rich asks again and again."""

    def __init__(self, cases: Sequence[Case], labels: Sequence[str]) -> None:
        self.cases, self.labels = cases, labels
        self.index, self.start, self.budget = 0, time.monotonic(), 0.0
        self.rows: tuple[Row, ...] = ()
        self.more = ""
        self.took: tuple[float, ...] = ()
        longest = max((len(one.name) for case in cases for one in case.variants[-MOST:]), default=0)
        self.name = min(NAME, longest)

    def begin(self, index: int, budget: float) -> None:
        """A case starts; it takes at most `budget` seconds."""
        self.start, self.budget, self.index = time.monotonic(), budget, index
        names = [one.name for one in self.cases[index].variants]
        shown = names if live_load.expected(self.cases[index]) else names[1:] or names
        self.more = f"and {len(shown) - MOST} more" if len(shown) > MOST else ""
        self.rows = tuple((name, "", "", "starting", "dim") for name in shown[:MOST])

    def show(self, result: CaseResult, record: CaseRecord) -> None:
        """What is known of the running case by now."""
        compared = live_load.rows(result, record) or [_row(found, record) for found in primary(result)]
        self.rows = tuple((compared or _alone(result, record))[:MOST])

    def end(self, seconds: float) -> None:
        """The running case is done."""
        self.rows, self.more, self.took = (), "", (*self.took, seconds)
        self.index, self.start, self.budget = self.index + 1, time.monotonic(), 0.0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        if self.index < len(self.cases):
            for line in (*self._case(), self._bar(console.width)):
                line.no_wrap, line.overflow = True, "ellipsis"
                yield line

    def _case(self) -> Iterator[Text]:
        if not self.rows:
            return
        yield Text(self.labels[self.index], "bold")
        for name, gain, interval, state, tone in self.rows:
            shown = name if len(name) <= self.name else name[: self.name - 1] + "…"
            yield Text(f"  {shown:{self.name}}  {gain:>{GAIN}}  {interval:{INTERVAL}}  ") + Text(state, tone)
        if self.more:
            yield Text(f"  {self.more}", "dim")

    def _bar(self, width: int) -> Text:
        spent = time.monotonic() - self.start
        share = (self.index + min(1.0, spent / self.budget if self.budget else 0.0)) / len(self.cases)
        size = max(10, min(BAR, width - 44))
        full = int(share * size)
        said = f"case {self.index + 1} of {len(self.cases)} · {self._left(spent)}"
        return Text.assemble(("━" * full, "green"), ("─" * (size - full), "dim"), f" {share:4.0%} · ", said)

    def _left(self, spent: float) -> str:
        """The budgets are the most it can take; once cases are done, the others will take about as long as those."""
        here = max(0.0, self.budget - spent)
        later = [case.measure.budget for case in self.cases[self.index + 1 :]]
        if not self.took:
            return f"at most {left(here + sum(later))} left"
        usual = sum(self.took) / len(self.took)
        here = min(here, usual - spent) if spent < usual else here
        return f"about {left(here + sum(min(usual, budget) for budget in later))} left"


def _row(found: Comparison, record: CaseRecord) -> Row:
    if found.candidate in record.failures or found.baseline in record.failures:
        return found.candidate, "", "", "failed", "red"
    if found.verdict == "INVALID":
        return found.candidate, "", "", "no answer so far", "yellow"
    if found.low is None and found.high is None:
        fewest = fewest_units(record.case.measure.alpha)
        return found.candidate, words.gain(found), "", f"{found.units} of {words.count(fewest, record.unit)}", "dim"
    undecided = found.verdict == "INCONCLUSIVE"
    state = "undecided so far" if undecided else f"{found.verdict} so far"
    return found.candidate, words.gain(found), words.interval(found), state, "dim" if undecided else style(found.verdict)


def _alone(result: CaseResult, record: CaseRecord) -> list[Row]:
    """A variant that has nothing to be compared with."""
    done = words.count(len(record.generations), "generation")
    rows: list[Row] = []
    for name, metrics in result.summaries.items():
        value = next((units.show(one.median, one.unit) for one in metrics.values()), "")
        rows.append((name, value, "", "failed" if name in record.failures else done, "dim"))
    return rows
