"""What a server and all its processes use, read from /proc; what cannot be read is None, never an exception.

CPU time is the clock of each process (nanoseconds, threads that ended included) plus what its reaped children used, so
that a recycled worker is not lost. PSS shares a page among those who map it, USS counts only what a process has alone:
workers that were forked share most of their memory, hence a sum of RSS would count it many times.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Process:
    """One process at one moment; seconds, bytes and counts. A zombie has CPU time only, the rest is zero."""

    pid: int
    born: int
    """Clock ticks since boot: tells two processes with the same number apart."""
    cpu: float
    reaped: float
    """CPU seconds of the children that it has waited for, theirs included."""
    voluntary: int | None
    involuntary: int | None
    pss: int | None
    uss: int | None
    rss: int | None
    files: int | None
    threads: int
    zombie: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """A whole tree at one moment: sums over its living processes; None where one of them could not be read."""

    at: float
    """time.monotonic()."""
    cpu: float
    """CPU seconds so far, reaped children included."""
    voluntary: int | None
    involuntary: int | None
    pss: int | None
    uss: int | None
    rss: int | None
    files: int | None
    threads: int
    processes: int
    members: tuple[Process, ...] = ()


@dataclass(frozen=True, slots=True)
class Used:
    """What a tree used between two moments. With `vanished` > 0 the context switches are lower bounds."""

    seconds: float
    cpu: float
    voluntary: int | None
    involuntary: int | None
    pss: int | None
    """Growth in bytes; may be negative, as may the ones below."""
    uss: int | None
    rss: int | None
    files: int | None
    processes: int
    vanished: int = 0
    """Processes that ended in between. Their CPU time counts if their parent waited for them and is still there."""


@dataclass(frozen=True, slots=True)
class Stat:
    """The columns of /proc/PID/stat that count here."""

    parent: int
    session: int
    state: str
    born: int
    cpu: float
    reaped: float
    threads: int


def parse_stat(text: str) -> Stat:
    """The name may hold blanks and brackets, so the columns start after the last bracket."""
    words = text[text.rindex(")") + 2 :].split()
    ticks = [int(word) for word in words[11:15]]
    cpu, reaped = (ticks[0] + ticks[1]) * TICK, (ticks[2] + ticks[3]) * TICK
    return Stat(int(words[1]), int(words[3]), words[0], int(words[19]), cpu, reaped, int(words[17]))


def stat(pid: int) -> Stat | None:
    """None when there is no such process."""
    try:
        return parse_stat(_text(f"/proc/{pid}/stat"))
    except (OSError, ValueError, IndexError):
        return None


def cores() -> int:
    """CPUs that this process, and what it starts, may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def everyone() -> dict[int, Stat]:
    """All processes of the system."""
    found = {int(name): stat(int(name)) for name in _names("/proc") if name.isdigit()}
    return {pid: one for pid, one in found.items() if one is not None}


def below(pid: int, parents: dict[int, int]) -> list[int]:
    """All descendants of a process, given everyone's parent; without the process itself."""
    children: dict[int, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    for one in [pid]:
        found.extend(children.get(one, ()))
    for one in found:  # grows while it is walked
        found.extend(children.get(one, ()))
    return found


def descendants(pid: int) -> list[int]:
    """All descendants, by the kernel's own lists where it keeps them (a scan of /proc costs a busy host more)."""
    if not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        return below(pid, {child: one.parent for child, one in everyone().items()})
    found: list[int] = []
    for one in [pid]:
        found.extend(_children(one))
    for one in found:
        found.extend(_children(one))
    return found


def snapshot(pid: int, *, memory: bool = True) -> Usage:
    """The process and all its descendants now; all zero when it is gone. `memory` off spares the walk over its pages."""
    at = time.monotonic()
    seen = [look(one, memory=memory) for one in dict.fromkeys([pid, *descendants(pid)])]
    return total(at, [one for one in seen if one is not None])


def total(at: float, members: list[Process]) -> Usage:
    """The sums of a tree."""
    living = [one for one in members if not one.zombie]
    return Usage(
        at=at,
        cpu=sum(one.cpu + one.reaped for one in members),
        voluntary=_sum(one.voluntary for one in living),
        involuntary=_sum(one.involuntary for one in living),
        pss=_sum(one.pss for one in living),
        uss=_sum(one.uss for one in living),
        rss=_sum(one.rss for one in living),
        files=_sum(one.files for one in living),
        threads=sum(one.threads for one in living),
        processes=len(living),
        members=tuple(members),
    )


def between(before: Usage, after: Usage) -> Used:
    """The differences; right even when workers ended or were born in between."""
    old = {(one.pid, one.born): one for one in before.members}
    new = {(one.pid, one.born): one for one in after.members}
    gone = [one for key, one in old.items() if key not in new]
    pairs = [(old.get(key), one) for key, one in new.items()]
    own = sum(one.cpu - (was.cpu if was else 0.0) for was, one in pairs)
    reaped = sum(one.reaped - (was.reaped if was else 0.0) for was, one in pairs)
    # who was reaped brings its whole life into its parent's sum: what it had used before is not of this time
    reaped = max(0.0, reaped - sum(one.cpu + one.reaped for one in gone))
    return Used(
        seconds=after.at - before.at,
        cpu=max(0.0, own) + reaped,
        voluntary=_sum(_less(one.voluntary, was.voluntary if was else 0) for was, one in pairs if not one.zombie),
        involuntary=_sum(_less(one.involuntary, was.involuntary if was else 0) for was, one in pairs if not one.zombie),
        pss=_less(after.pss, before.pss),
        uss=_less(after.uss, before.uss),
        rss=_less(after.rss, before.rss),
        files=_less(after.files, before.files),
        processes=after.processes - before.processes,
        vanished=len(gone),
    )


def look(pid: int, *, memory: bool = True) -> Process | None:
    """One process; None when it is gone."""
    seen = stat(pid)
    if seen is None:
        return None
    if seen.state in "ZX":
        return Process(pid, seen.born, _clock(pid, seen.cpu), seen.reaped, 0, 0, 0, 0, 0, 0, 0, zombie=True)
    pages = _memory(pid) if memory else (None, None, None)
    voluntary, involuntary = _switches(pid)
    files = _count(f"/proc/{pid}/fd")
    cpu = _clock(pid, seen.cpu)
    found = Process(pid, seen.born, cpu, seen.reaped, voluntary, involuntary, *pages, files, seen.threads)
    again = stat(pid)
    if again is not None and again.state not in "ZX":
        return found
    return look(pid) if again else None  # it ended meanwhile: its None would spoil the sums of the others


def _clock(pid: int, fallback: float) -> float:
    try:
        return time.clock_gettime_ns((~pid << 3) | 2) * 1e-9  # its CPU-time clock, as clock_getcpuclockid(3) makes it
    except OSError:
        return fallback


def _memory(pid: int) -> tuple[int | None, int | None, int | None]:
    """(PSS, USS, RSS) in bytes."""
    try:
        lines = _text(f"/proc/{pid}/smaps_rollup").splitlines()[1:]
        kib = {line.partition(":")[0]: int(line.split()[1]) for line in lines}
        uss = kib["Private_Clean"] + kib["Private_Dirty"]
        return kib["Pss"] * 1024, uss * 1024, kib["Rss"] * 1024
    except (OSError, ValueError, IndexError, KeyError):
        return None, None, _try(lambda: int(_text(f"/proc/{pid}/statm").split()[1]) * PAGE)


def _switches(pid: int) -> tuple[int | None, int | None]:
    """Voluntary and involuntary context switches of all living threads: a process' own file tells its first one's only."""
    voluntary = involuntary = 0
    for thread in _names(f"/proc/{pid}/task"):
        text = _try(lambda: _text(f"/proc/{pid}/task/{thread}/status"))  # noqa: B023  # called at once
        if text is None:
            continue  # a thread that ended
        _, found, rest = text.partition("\nvoluntary_ctxt_switches:")
        if not found:
            return None, None
        words = rest.split()
        voluntary, involuntary = voluntary + int(words[0]), involuntary + int(words[2])
    return voluntary, involuntary


def _children(pid: int) -> list[int]:
    lists = (_try(lambda: _text(f"/proc/{pid}/task/{thread}/children")) for thread in _names(f"/proc/{pid}/task"))  # noqa: B023
    return [int(word) for line in lists if line for word in line.split()]


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _names(path: str) -> list[str]:
    return _try(lambda: os.listdir(path)) or []


def _count(path: str) -> int | None:
    return _try(lambda: len(os.listdir(path)))


def _try(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except OSError:
        return None


def _sum(values: Iterable[int | None]) -> int | None:
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _less(after: int | None, before: int | None) -> int | None:
    return None if after is None or before is None else after - before
