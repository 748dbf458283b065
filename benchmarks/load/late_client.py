"""A client that reads late on purpose, and writes down what a client without the kernel's stamps would have seen.

The engine's connection is replaced while a `LateReads` is open; the forked client inherits that. Every third read waits
a busy millisecond first, as one that parses, logs or collects garbage would. Each answer leaves a row in a file: due,
sent, the server's stamp out of the body, the clock after the read; all of them CLOCK_MONOTONIC ns.
"""

from __future__ import annotations

import os
import struct
import time
from types import TracebackType
from typing import Any

from fibench.traffic import links
from fibench.traffic.connection import Connection
from fibench.traffic.job import Address

LATE, EVERY = 1_000_000, 3
ROW = struct.Struct("<4q")
FIELDS = [("due", "<i8"), ("sent", "<i8"), ("truth", "<i8"), ("read", "<i8")]
DIGITS = 20
"""Digits of the server's stamp, the whole of its body."""


class LateReads:
    """Use around an `engine.run` with one process; `path` takes the rows."""

    def __init__(self, path: str) -> None:
        self.path, self.reads, self.file = path, 0, -1

    def __enter__(self) -> LateReads:
        self.original = vars(links)["Connection"]
        late = self

        class LateConnection(Connection):
            """A connection whose reads are late."""

            def __init__(self, address: Address) -> None:
                super().__init__(address)
                receive = self.receive

                def lazily(size: int, space: int) -> Any:
                    late.dawdle()
                    read = receive(size, space)
                    late.note(self, read[0], time.monotonic_ns())
                    return read

                self.receive = lazily  # type: ignore[assignment]

        vars(links)["Connection"] = LateConnection
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        vars(links)["Connection"] = self.original

    def dawdle(self) -> None:
        """Every third time a busy millisecond."""
        self.reads += 1
        if self.reads % EVERY == 0:
            end = time.monotonic_ns() + LATE
            while time.monotonic_ns() < end:
                pass

    def note(self, c: Connection, data: bytes, now: int) -> None:
        """A row for an answer that is all there."""
        if self.file < 0:  # not before the fork: the client closes what it inherits
            self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if c.busy and len(data) > DIGITS:
            os.write(self.file, ROW.pack(c.due, c.sent, int(data[-DIGITS:]), now))
