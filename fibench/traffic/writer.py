"""Records out of the loop and onto the disk, 24 bytes a request and no object that stays.

The hot loop appends to `buffer` itself; everyone else calls `answer` or `failure`. A flush of 128 KiB goes to the page cache
and takes some 30 µs, so it does not show in the lateness.
"""

from __future__ import annotations

import math
import os

from fibench.traffic.record import FAILURES, PACK

LIMIT = 1 << 17
MOST = (1 << 32) - 1


class Writer:
    """The records of one client process, in the order of completion. All times are CLOCK_MONOTONIC ns."""

    def __init__(self, path: str, statuses: frozenset[int] = frozenset()) -> None:
        self.path, self.statuses = path, statuses
        self.start = self.end = 0
        self.buffer = bytearray()
        self.written = self.failed = self.unstamped = self.unsent = self.last = 0
        self.early = self.early_right = self.carried = 0
        self.examples: dict[int, str] = {}
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def answer(self, due: int, sent: int, first: int, done: int, lag: float, code: int, size: int) -> None:
        """A whole answer; `lag` in s, NaN if the kernel did not stamp it."""
        if due < self.start:  # the ramp is no part of the window
            self._outside(done, code)
            return
        self.last = max(self.last, done)
        if lag != lag:
            self.unstamped += 1
        head = min((due - self.start) // 1000, MOST), (sent - due) * 1e-9
        self.buffer += PACK.pack(*head, (first - sent) * 1e-9, (done - sent) * 1e-9, lag, code, min(size, MOST))

    def _outside(self, done: int, code: int) -> None:
        """A user's first request began in the ramp; what it brings in the window is the window's."""
        right = code in self.statuses if self.statuses else 200 <= code < 300
        self.early += 1
        self.early_right += right
        self.carried += right and self.start <= done <= self.end

    def failure(self, due: int, sent: int, first: int, done: int, code: int, message: str, size: int = 0) -> None:
        """No answer, or no whole one; `first` is 0 if no byte of it came."""
        if due < self.start:
            self.early += 1
            return
        self.example(code, message)
        self.failed += 1
        self.last = max(self.last, done)
        begun = (first - sent) * 1e-9 if first else math.nan
        head = min((due - self.start) // 1000, MOST), (sent - due) * 1e-9
        self.buffer += PACK.pack(*head, begun, (done - sent) * 1e-9, math.nan, code, min(size, MOST))

    def example(self, code: int, message: str) -> None:
        """Keep the first message of each code."""
        if code not in self.examples:
            self.examples[code] = (message or FAILURES.get(code, str(code)))[:200]

    def flush(self) -> None:
        """To the file with it."""
        self.written += len(self.buffer) // PACK.size
        rest = memoryview(bytes(self.buffer))
        self.buffer.clear()
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def close(self) -> None:
        """Flush and close; `written` is final afterwards."""
        self.flush()
        os.close(self._file)
