"""How busy the machine is: load, stolen time, pressure. Read from /proc; absent facts are left out."""

from __future__ import annotations

import os
from pathlib import Path


def noise() -> dict[str, float]:
    """`load1`, `steal` (share of CPU time taken by the hypervisor since boot), `pressure` (% waiting for CPU, 10 s)."""
    found: dict[str, float] = {}
    try:
        found["load1"] = round(os.getloadavg()[0], 2)
    except OSError:
        pass
    ticks = cpu_ticks()
    if sum(ticks) and len(ticks) > 7:
        found["steal"] = round(ticks[7] / sum(ticks), 5)
    try:
        first = Path("/proc/pressure/cpu").read_text(encoding="ascii").split()
        found["pressure"] = float(first[1].partition("=")[2])
    except (OSError, IndexError, ValueError):
        pass
    return found


def cpu_ticks() -> tuple[int, ...]:
    """The counters of /proc/stat's first line: user, nice, system, idle, iowait, irq, softirq, steal …"""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except (OSError, IndexError):
        return ()
    return tuple(int(word) for word in first.split()[1:9])


def busy_elsewhere(before: tuple[int, ...], after: tuple[int, ...], own: float) -> float:
    """CPUs' worth of work that others did between two readings, given our own CPU seconds; 0 when unknown."""
    if len(before) < 8 or len(after) < 8:
        return 0.0
    spent = [late - early for early, late in zip(before, after, strict=True)]
    total = sum(spent)
    busy = total - spent[3] - spent[4]
    hertz = os.sysconf("SC_CLK_TCK")
    cores = os.cpu_count() or 1
    elapsed = total / hertz / cores
    return max(0.0, (busy / hertz - own) / elapsed) if elapsed > 0 else 0.0
