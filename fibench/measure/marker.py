"""A few shared bytes that say what runs now, read by the parent when a worker dies or hangs. Standard library only.

Byte 0: the variant's number; 1–4: the process that runs it; 5: 1 when a target forked and came back; from 6 on: the
stack that `faulthandler` leaves when the process is asked for it, or dies.
"""

from __future__ import annotations

import os

STACK = 6
_FORKED = 5


def entry(number: int) -> bytes:
    """What `set_running` writes for a variant in this process; made once, written before every block."""
    return bytes([number]) + os.getpid().to_bytes(4, "little")


def set_running(mark: int, said: bytes) -> None:
    """One system call, outside the timed part."""
    os.pwrite(mark, said, 0)


def running(mark: int) -> tuple[int | None, int | None]:
    """(number, process id) of what ran last; None while nothing has."""
    found = os.pread(mark, _FORKED, 0)
    return (found[0], int.from_bytes(found[1:], "little") or None) if len(found) == _FORKED else (None, None)


def set_forked(mark: int) -> None:
    """A forked copy of a target came back to the loop; it must end."""
    os.pwrite(mark, b"\1", _FORKED)


def forked(mark: int) -> bool:
    """True once that has happened."""
    return os.pread(mark, 1, _FORKED) == b"\1"


def stack(mark: int) -> str:
    """What `faulthandler` left."""
    size = os.fstat(mark).st_size
    return os.pread(mark, 20_000, STACK).decode("utf-8", "replace") if size > STACK else ""
