"""One request in 24 bytes, as every engine writes it and every reader sees it.

The columns (numpy dtype `DTYPE`, struct `PACK`), little-endian:

    due       u4  µs from the window's start until the request was due (closed loop: until its user was ready)
    dispatch  f4  s, sent − due: what the generator, and the wait for a free connection, cost
    first     f4  s, first byte of the answer − sent; NaN without an answer
    service   f4  s, end of the answer (or of the attempt) − sent
    lag       f2  s, when the client read the answer's end − when the kernel had it; NaN where no stamp was had
    status    u2  the HTTP status, or one of FAILURES
    size      u4  bytes of the answer's body

Times of arrival are the kernel's (SO_TIMESTAMPNS) wherever it gives them. response = dispatch + service.
"""

from __future__ import annotations

import struct
from typing import Any

PACK = struct.Struct("<IfffeHI")
FIELDS = [
    ("due", "<u4"),
    ("dispatch", "<f4"),
    ("first", "<f4"),
    ("service", "<f4"),
    ("lag", "<f2"),
    ("status", "<u2"),
    ("size", "<u4"),
]

TIMEOUT, REFUSED, RESET, CLOSED, MALFORMED, TLS, DNS, DESCRIPTORS, PORTS, TOO_LARGE, SHED, CHECK, OTHER = range(1001, 1014)
FAILURES = {
    TIMEOUT: "timeout",
    REFUSED: "connection refused",
    RESET: "connection reset",
    CLOSED: "closed before the answer was complete",
    MALFORMED: "malformed answer",
    TLS: "TLS failed",
    DNS: "name not resolved",
    DESCRIPTORS: "no file descriptors left",
    PORTS: "no local ports left",
    TOO_LARGE: "answer beyond the limit",
    SHED: "never sent: too many in flight",
    CHECK: "answer failed its check",
    OTHER: "network error",
}
"""Codes above every HTTP status: why there is no (right) answer. CHECK: the status was as expected, something else not."""


def dtype() -> Any:
    """The numpy dtype of a record (numpy is imported after the window, not before)."""
    import numpy

    return numpy.dtype(FIELDS)


def read(path: str) -> Any:
    """All records of a file, shape (n,), as a read-only memory map; an empty file gives an empty array."""
    import os

    import numpy

    if os.path.getsize(path) < PACK.size:
        return numpy.empty(0, dtype())
    return numpy.memmap(path, dtype(), mode="r")
