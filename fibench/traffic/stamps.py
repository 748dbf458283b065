"""When the kernel received it: SO_TIMESTAMPNS, on this process's monotonic clock.

A client that is late to read must not charge its lateness to the server. The kernel stamps every segment on arrival, in
CLOCK_REALTIME; the difference of the two clocks is sampled ten times a second, so that a clock that is slewed does no harm.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time

SO_TIMESTAMPNS = 35
"""asm-generic/socket.h; Python has no name for it. The ancillary message has the same number."""
SPACE = socket.CMSG_SPACE(16)
PAIR = struct.Struct("qq")
"""struct timespec: seconds, nanoseconds."""


def enable(link: socket.socket) -> None:
    """Ask for a stamp with every read; sockets that cannot (UNIX) read without."""
    with contextlib.suppress(OSError):
        link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def keep_on() -> socket.socket:
    """A socket that keeps the kernel stamping while it lives: it starts late after each pause in which nobody asks."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    enable(link)
    return link


def offset() -> int:
    """CLOCK_REALTIME − CLOCK_MONOTONIC in ns, from the tightest of five readings."""
    best, value = 1 << 62, 0
    for _ in range(5):
        before, real, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        if after - before < best:
            best, value = after - before, real - (before + after) // 2
    return value


def arrival(extra: list[tuple[int, int, bytes]], difference: int) -> int:
    """The monotonic ns at which what was read had arrived; 0 if the kernel did not say."""
    for _, kind, data in extra:
        if kind == SO_TIMESTAMPNS and len(data) == PAIR.size:
            seconds, rest = PAIR.unpack(data)
            return int(seconds * 1_000_000_000 + rest - difference)
    return 0
