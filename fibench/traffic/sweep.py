"""Who belongs to a server, and the end of them all.

A process belongs to it by descent, by its session, or by the mark in its environment: each alone misses some. Whoever
forks twice loses its descent, whoever calls setsid leaves the session, and whoever writes its own title (nginx,
PostgreSQL) overwrites its environment.
"""

from __future__ import annotations

import os
import signal
import time

from fibench.traffic import tree

MARKER = "FIBENCH_SERVER"


def members(root: int, mark: str, known: dict[int, int]) -> dict[int, int]:
    """Process id → time of birth of all that live, the root included; `known` are the root and others seen earlier."""
    if root <= 1:  # nobody was started; session 0 is the kernel's and init's
        return {}
    everyone = tree.everyone()
    parents = {pid: one.parent for pid, one in everyone.items()}
    found = {pid for pid, born in known.items() if pid in everyone and everyone[pid].born == born}
    if root in found or root not in everyone:  # else the number, and so the session, is somebody else's by now
        found |= {pid for pid, one in everyone.items() if one.session == root}
    wanted = f"{MARKER}={mark}".encode()
    found |= {pid for pid in everyone if carries(pid, wanted)}
    for one in list(found):
        found.update(tree.below(one, parents))
    return {pid: everyone[pid].born for pid in found - {1, os.getpid()} if everyone[pid].state not in "ZX"}


def carries(pid: int, wanted: bytes) -> bool:
    """Whether the process was started with this variable."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as environment:
            return wanted in environment.read().split(b"\0")
    except OSError:
        return False


def wait(root: int, mark: str, known: dict[int, int], seconds: float) -> None:
    """Give them time to end by themselves."""
    end = time.monotonic() + seconds
    while members(root, mark, known) and time.monotonic() < end:
        time.sleep(0.01)


def kill(root: int, mark: str, known: dict[int, int], seconds: float = 5.0) -> int:
    """SIGKILL to all of them, to those they start meanwhile too; returns how many there were."""
    killed: set[int] = set()
    end = time.monotonic() + seconds
    while (left := members(root, mark, known)) and time.monotonic() < end:
        known = {**known, **left}
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            except OSError:
                continue
        time.sleep(0.005)
    return len(killed)
