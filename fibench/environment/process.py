"""Which process is this, and is that one still alive? A process id alone is reused."""

from __future__ import annotations

import platform

import psutil


def me() -> str:
    """ "host pid start" of this process."""
    process = psutil.Process()
    return f"{platform.node()} {process.pid} {process.create_time():.2f}"


def alive(owner: str) -> bool:
    """True when that very process still runs here; one on another host is believed to be alive."""
    host, _, rest = owner.partition(" ")
    pid, _, start = rest.partition(" ")
    if host != platform.node():
        return bool(host)
    try:
        process = psutil.Process(int(pid))
        return f"{process.create_time():.2f}" == start and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False
