"""Was the machine busy with other work while a run went on? Then its notes say so."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from fibench.environment.noise import busy_elsewhere, cpu_ticks
from fibench.measure.plan import shares_process
from fibench.model.note import Note
from fibench.model.run import CaseRecord

CODE = "busy-machine"
BUSY = 0.25
"""Cores' worth of other work from which it is worth a word."""
SHORTEST = 1.0
"""Seconds of a run below which the kernel's counters say too little."""


class Watch:
    """Looks at the kernel's counters when it is made, and again when it is asked."""

    def __init__(self) -> None:
        self.ticks, self.own, self.start = cpu_ticks(), _own(), time.monotonic()

    def note(self, before: Sequence[CaseRecord], after: Sequence[CaseRecord]) -> Note | None:
        """What others did meanwhile; `before` and `after` tell which generations were measured in this time."""
        if time.monotonic() - self.start < SHORTEST:
            return None
        unseen = sum(_unseen(new) - _unseen(old) for old, new in zip(before, after, strict=True))
        busy = busy_elsewhere(self.ticks, cpu_ticks(), _own() - self.own + unseen)
        if busy <= BUSY:
            return None
        then = "intervals are wide, absolute times are not to be trusted"
        text = f"other work used about {busy:.1f} of {os.cpu_count()} cores: {then}"
        return Note(CODE, text, "stop it and run again")


def _own() -> float:
    """CPU seconds of this process and of all children that have ended."""
    return sum(os.times()[:4])


def _unseen(record: CaseRecord) -> float:
    """Processes that end with their parent, where each variant has one, are in nobody's account: they share one CPU for
    a generation at most. Rather too much than blame others for our own work."""
    return 0.0 if shares_process(record.case) else sum(generation.seconds for generation in record.generations)
