"""How far a part has got, and how long it still takes, on stderr: one line that is written over on a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType


class Progress:
    """Use as a context manager. `plan` says how many s of work there are; `doing` what comes next and how long it takes."""

    def __init__(self, part: str) -> None:
        self.part, self.planned, self.done, self.under_way = part, 0.0, 0.0, 0.0
        self.began, self.live = time.monotonic(), sys.stderr.isatty()
        self.width = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.live and self.width:
            sys.stderr.write("\r" + " " * self.width + "\r")
            sys.stderr.flush()

    def plan(self, seconds: float) -> None:
        """The length of all that `doing` will tell of."""
        self.planned, self.began = seconds, time.monotonic()

    def doing(self, what: str, seconds: float) -> None:
        """What was under way is done; now `what`, for about so many s."""
        self.done += self.under_way
        self.under_way = seconds
        line = f"{self.part}: {what}; {_spoken(left(self.planned, self.done, time.monotonic() - self.began))} left"
        if self.live:
            sys.stderr.write("\r" + line.ljust(self.width))
        else:
            sys.stderr.write(line + "\n")
        self.width = len(line)
        sys.stderr.flush()


def left(planned: float, done: float, spent: float) -> float:
    """s that are left: the plan's rest, at the pace seen so far once a tenth of it is done."""
    rest = max(0.0, planned - done)
    return rest * spent / done if done >= 0.1 * planned > 0 else rest


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
