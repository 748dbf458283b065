"""A timer that an epoll set can wait for: timerfd on CLOCK_MONOTONIC, absolute, to the nanosecond.

epoll's own time-out counts in milliseconds and starts anew with each call; a schedule needs instants. Python has timerfd from
3.13 on; before, ctypes has it, for 1 µs a call.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

TFD_TIMER_ABSTIME = 1
FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class _Setting(ctypes.Structure):
    """struct itimerspec."""

    _fields_ = [(name, ctypes.c_long) for name in ("again", "again_ns", "value", "value_ns")]


class Timer:
    """One alarm at a time; `fileno` is readable from the instant on, until it is set anew or cleared."""

    def __init__(self) -> None:
        self._fileno = _created()
        self._setting = _Setting()
        self._pointer = ctypes.byref(self._setting)

    def fileno(self) -> int:
        """For epoll."""
        return self._fileno

    def set(self, instant: int) -> None:
        """Ring at `instant` (ns, CLOCK_MONOTONIC), at once if it has passed; 0 never rings. Forgets an earlier ring."""
        if sys.version_info >= (3, 13):
            os.timerfd_settime_ns(self._fileno, flags=os.TFD_TIMER_ABSTIME, initial=instant)
            return
        self._setting.value, self._setting.value_ns = divmod(instant, 1_000_000_000)
        if _LIBRARY.timerfd_settime(self._fileno, TFD_TIMER_ABSTIME, self._pointer, None):
            raise OSError(ctypes.get_errno(), "timerfd_settime failed")

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._fileno)


_LIBRARY = ctypes.CDLL(None, use_errno=True)


def _created() -> int:
    if sys.version_info >= (3, 13):
        return os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
    found: int = _LIBRARY.timerfd_create(time.CLOCK_MONOTONIC, FLAGS)
    if found < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create failed")
    return found
