"""What our own server used in a window, and whether every answer that it gave has left its row."""

from __future__ import annotations

import importlib
import math
import time
from typing import Any

from fibench.traffic import tree
from fibench.traffic.errors import EngineError
from fibench.traffic.server import Server

METRICS = (
    "server_cpu", "server_cores", "server_work", "server_memory", "server_pss", "server_growth", "server_switches",
    "server_files",
)  # fmt: skip
REST, LONGEST_REST, IDLE = 0.03, 2.0, 0.1
"""Seconds between two looks at a server that comes to rest, the longest wait for it, and the share of a core that is rest."""


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

    def begin_window(self) -> None:
        """Before a window: the server lives; its processes' peaks are forgotten."""
        self.server.check_alive()
        self.seen: list[tree.Usage] = []
        self.resident = {pid: forget_peak(pid) for pid in _processes(self.server.pid)}

    def look(self) -> None:
        """At the window's start and at its end: what lies between is the load's, not the client's preparations."""
        self.seen.append(tree.snapshot(self.server.pid, memory=bool(self.seen)))

    def used(self, throughput: float) -> dict[str, float]:
        """The metrics of the window, in which `throughput` requests a second were answered rightly."""
        self.server.check_alive()
        if len(self.seen) < 2:  # an engine of somebody else's, which calls nobody: its whole run then
            return dict.fromkeys(METRICS, math.nan)
        usage, used = self.seen[-1], tree.between(self.seen[0], self.seen[-1])
        seconds = max(used.seconds, 1e-9)
        switches = sum(count for count in (used.voluntary, used.involuntary) if count is not None)
        values = (
            used.cpu / seconds / self.cores,
            used.cpu / seconds,
            used.cpu / seconds / throughput if throughput else math.nan,
            _number(usage.uss),
            _number(usage.pss),
            float(sum(max(0, peak(pid) - held) for pid, held in self.resident.items())),
            switches / seconds,
            _number(usage.files),
        )
        return dict(zip(METRICS, values, strict=True))

    def rest(self) -> None:
        """Wait until the server has done what this window left it to do: the next variant's shall not pay for it."""
        end, before = time.monotonic() + LONGEST_REST, tree.snapshot(self.server.pid, memory=False)
        while time.monotonic() < end:
            time.sleep(REST)
            now = tree.snapshot(self.server.pid, memory=False)
            if now.cpu - before.cpu < IDLE * (now.at - before.at):
                return
            before = now

    def answered(self, right: int, unknown: int) -> None:
        """So many more requests were answered rightly; of so many others nobody knows what they left behind."""
        self.right, self.unknown = self.right + right, self.unknown + unknown

    def insist_on_rows(self) -> None:
        """EngineError when rows of acknowledged requests are not there: a store that loses rows is not fast, it is wrong."""
        if self.count is None:
            return
        try:
            rows, least = self.count(self.folder) - self.begun_with, self.right * self.rows_each
        except Exception as error:
            said = " ".join(str(error).split())[:120]
            raise EngineError(
                f"the rows cannot be counted: {type(error).__name__}: {said}", "see the audit function"
            ) from error
        most = (self.right + self.unknown) * self.rows_each
        if rows < least:
            raise EngineError(
                f"{least - rows:,} of {least:,} acknowledged rows are lost", "the server acknowledges what it drops"
            )
        if rows > most:
            raise EngineError(
                f"{rows - most:,} rows more than requests were sent ({most:,})", "does one request write several? rows:"
            )


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
