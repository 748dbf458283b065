"""What our own server used in a window, and whether every answer that it gave has left its row."""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from typing import Any

from fibench.traffic import tree
from fibench.traffic.server import Server


@dataclass(frozen=True, slots=True)
class Before:
    """The server's processes at the start of a window."""

    usage: tree.Usage
    resident: dict[int, int]


class Watched:
    """A running server with the account of what it acknowledged."""

    def __init__(self, server: Server, folder: str, params: dict[str, Any], cores: int) -> None:
        self.server, self.folder = server, folder
        self.rows_each, self.cores = params["rows"], cores
        module, _, name = (params["audit"] or "").partition(":")
        self.count = getattr(importlib.import_module(module), name) if module else None
        self.right = self.unknown = self.begun_with = 0

    def begin(self) -> None:
        """The server is ready: rows that it has already, from being asked whether it is, are not of our requests."""
        if self.count is not None:
            try:
                self.begun_with = self.count(self.folder)
            except Exception:
                self.begun_with = 0  # a store that begins with its first row

    def before(self) -> Before:
        """Look at the processes and forget their peaks."""
        self.server.check_alive()
        usage = tree.snapshot(self.server.pid)
        return Before(usage, {pid: forget_peak(pid) for pid in _processes(self.server.pid)})

    def after(self, before: Before, good: int) -> dict[str, float]:
        """The metrics of the window in which `good` requests were answered rightly."""
        self.server.check_alive()
        usage = tree.snapshot(self.server.pid)
        used = tree.between(before.usage, usage)
        seconds = max(used.seconds, 1e-9)
        switches = sum(count for count in (used.voluntary, used.involuntary) if count is not None)
        return {
            "server_cpu": used.cpu / seconds / self.cores,
            "server_cores": used.cpu / seconds,
            "server_work": used.cpu / good if good else math.nan,
            "server_memory": _number(usage.uss),
            "server_pss": _number(usage.pss),
            "server_growth": float(sum(max(0, peak(pid) - held) for pid, held in before.resident.items())),
            "server_switches": switches / seconds,
            "server_files": _number(usage.files),
        }

    def answered(self, right: int, unknown: int) -> None:
        """So many more requests were answered rightly; of so many others nobody knows what they left behind."""
        self.right, self.unknown = self.right + right, self.unknown + unknown

    def rows_missing(self) -> list[str]:
        """The reason why the server must not be believed: acknowledged rows that are not there."""
        if self.count is None:
            return []
        try:
            rows, least = self.count(self.folder) - self.begun_with, self.right * self.rows_each
        except Exception as error:
            return [f"the rows cannot be counted: {type(error).__name__}: {' '.join(str(error).split())}"[:160]]
        most = (self.right + self.unknown) * self.rows_each
        if rows < least:
            return [f"{least - rows:,} of {least:,} acknowledged rows are lost"]
        return [f"{rows - most:,} rows more than were sent ({most:,})"] if rows > most else []


def forget_peak(pid: int) -> int:
    """Reset the peak of a process' resident memory; returns what it holds now, in bytes (0 when it is gone)."""
    try:
        with open(f"/proc/{pid}/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass  # not ours to reset: the peak since its start then stands in for that of the window
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """The peak of a process' resident memory since it was forgotten, in bytes."""
    return _status(pid, "VmHWM")


def _status(pid: int, key: str) -> int:
    try:
        with open(f"/proc/{pid}/status") as lines:
            return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":")), 0)
    except OSError:
        return 0


def _processes(pid: int) -> list[int]:
    return [pid, *tree.descendants(pid)]


def _number(value: int | None) -> float:
    return math.nan if value is None else float(value)
