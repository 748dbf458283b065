"""A client that is woken when its answer is there, although the server under test wants the same CPU.

A loaded server on the client's core makes it wait for milliseconds (2 cores, open loop of 500/s beside gunicorn: p99 of
1.7 ms late, 0.17 ms with a real-time priority). Only the client process asks for it, no setting of the machine is touched:

    open loop      the lowest real-time priority where the system grants it: what is due is sent. It sleeps most of the
                   time, and a window in which it does not is refused anyway (`validity`: 85 % of a core)
    closed loop    a higher priority where it is granted, and a shorter time slice, which anybody may ask for (Linux ≥ 6.12):
                   its users take turns with the server, and a real-time client without thinking times would starve it
"""

from __future__ import annotations

import ctypes
import os
import struct

SLICE = 100_000
"""ns, the shortest that the scheduler grants."""
NICE = -10
"""The client needs a tenth of a core beside a server that would like all of it."""
_SYSCALL = {"x86_64": 314, "aarch64": 274}
_ATTR = struct.Struct("<IIQiIQQQ")


def claim(*, real_time: bool) -> str:
    """What was granted, for the record: "real-time priority", "nice -10, short time slice", or ""."""
    if real_time:
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(os.sched_get_priority_min(os.SCHED_RR)))
            return "real-time priority"
        except OSError:
            pass  # it takes CAP_SYS_NICE
    raised = _raised()
    number = _SYSCALL.get(os.uname().machine)
    attributes = _ATTR.pack(_ATTR.size, 0, 0, os.getpriority(os.PRIO_PROCESS, 0), 0, SLICE, 0, 0)
    shorter = number is not None and ctypes.CDLL(None).syscall(number, 0, attributes, 0) == 0 and _slice_counts()
    return ", ".join(filter(None, (raised, "short time slice" if shorter else "")))


def _raised() -> str:
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        return f"nice {NICE}"
    except OSError:
        return ""  # it takes CAP_SYS_NICE


def _slice_counts() -> bool:
    """Older kernels take the wish and forget it."""
    parts = os.uname().release.split(".")[:2]
    return all(part.isdigit() for part in parts) and tuple(map(int, parts)) >= (6, 12)
