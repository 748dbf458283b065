"""The child's bench: opens steps, tries them, times them. Standard library only.

Used by a worker that holds all variants, and by each member of a ring that holds one.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import os
import signal
import sys
import time
from typing import Any

from fibench.measure import ending, marker
from fibench.measure.block import timer
from fibench.measure.layout import Scatter
from fibench.measure.outcome import describe
from fibench.step import Step

STRAY = 0.2
"""Seconds within which a fork that comes back is noticed at the latest."""
LONG = 1.0
"""Seconds of a first call after which a second one is not worth its time."""
LONGEST = 300
"""Characters of a message."""


class TargetError(Exception):
    """Something the target did: what, of which variant, where in the user's code."""

    def __init__(self, variant: str, error: BaseException, doing: str) -> None:
        super().__init__(_message(error))
        import traceback  # only when something went wrong: it costs every worker 3 ms

        self.report = {
            "variant": variant,
            "doing": doing,
            "type": type(error).__name__,
            "message": _message(error),
            "where": _place(error),
            "hint": str(getattr(error, "hint", "") or ""),
            "traceback": "".join(traceback.format_exception(error, chain=True))[-8000:],
        }


class Bench:
    """Steps by variant number, with the marker that tells the parent what was running if this process dies."""

    def __init__(self, operation: str, mark: int) -> None:
        self.operation = operation
        self.mark_fd = mark
        self.names: dict[int, str] = {}
        self.entries: dict[int, bytes] = {}
        self.steps: dict[int, Step] = {}
        self.timers: dict[int, Any] = {}
        self.pid = os.getpid()
        self.scatter = Scatter()
        self.forks = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_parent=self._count_fork)
        # when this process dies or hangs, the stack goes behind the marker's own bytes
        faulthandler.enable(mark, all_threads=False)
        faulthandler.register(signal.SIGUSR1, mark, all_threads=False)

    def open(self, number: int, variant: dict[str, Any]) -> dict[str, Any]:
        """Import and set up one variant; returns its facts."""
        self.names[number], self.entries[number] = variant["name"], marker.entry(number)
        self.mark(number)
        for folder in reversed(variant.get("path", [])):
            if folder not in sys.path:
                sys.path.insert(0, folder)
        with _Guarded(self, number, "setting up"):
            module, _, name = self.operation.partition(":")
            step = getattr(importlib.import_module(module), name)(variant["params"])
        step.call = self.scatter.copy(step.call)
        self.steps[number] = step
        self.timers[number] = timer(step)
        with _Guarded(self, number, "describing itself"):
            return dict(step.facts())

    def try_once(self, number: int) -> dict[str, Any]:
        """The smoke pass: one or two untimed calls; `seconds` is how long the last took, `parallel` if it used more cores."""
        self.mark(number)
        with _Guarded(self, number, "its first call"):
            first = self._outcome(number)
            self._wait_for_strays()
            if self.steps[number].once or first["seconds"] > LONG:
                return first  # macro work: a second call costs too much to learn only whether the answer varies
            second = self._outcome(number)
        if first["same"] != second["same"]:
            return {**second, "same": None, "tree": None, "why": "it differs from call to call"}
        return second

    def _outcome(self, number: int) -> dict[str, Any]:
        cpu, start = os.times(), time.perf_counter()
        value = self.steps[number].outcome()
        seconds, used = time.perf_counter() - start, os.times()
        children = used.children_user + used.children_system > cpu.children_user + cpu.children_system
        busy = used.user + used.system - cpu.user - cpu.system > 1.2 * seconds + 0.02  # os.times() ticks every 10 ms
        parallel = children or busy or self.forks > 0 or _threads() > 1
        lasts = self.steps[number].lasts
        return {**describe(value), "seconds": seconds if lasts is None else lasts, "parallel": parallel}

    def seconds_per_call(self, number: int, target: float) -> float:
        """Double the loops until a block lasts `target` seconds; the best of the last two attempts."""
        self.mark(number)
        loops = 1
        while True:
            with _Guarded(self, number, "calibration"):
                wall = min(self._run(number, loops)["wall"] for _ in range(1 if loops == 1 else 2))
            if wall * loops >= target / 2 or self.steps[number].once or loops >= 1 << 30:
                return float(wall)
            loops = max(loops * 2, min(loops * 100, int(target / max(wall, 1e-9))))

    def warm_up(self, number: int, loops: int, seconds: float) -> None:
        """Untimed blocks until `seconds` have passed; at least one, for caches and specialised bytecode."""
        self.mark(number)
        end = time.perf_counter() + seconds
        with _Guarded(self, number, "warm-up"):
            self._run(number, loops)
            while time.perf_counter() < end and not self.steps[number].once:
                self._run(number, loops)

    def settle(self, collect: bool) -> None:
        """Move everything alive out of the collector's sight, so that a full collection costs every variant the same."""
        gc.collect()
        gc.freeze()
        (gc.enable if collect else gc.disable)()

    def block(self, number: int, loops: int) -> dict[str, float]:
        """One timed block."""
        self.mark(number)
        try:
            return self._run(number, loops)
        except BaseException as error:
            self.leave_if_forked()
            raise TargetError(self.names[number], error, "a timed block") from error

    def remark(self, number: int) -> dict[str, Any]:
        """What the step tells of the block that it has just run."""
        told = self.steps[number].remark
        return told() if told is not None else {}

    def close(self) -> None:
        """Close every step; a step that fails to close is not worth losing its numbers for."""
        for step in self.steps.values():
            try:
                step.close()
            except Exception as error:
                print(f"fibench: close failed: {error}", file=sys.stderr)

    def mark(self, number: int) -> None:
        """Say what runs now: the parent reads this byte when the worker dies or hangs."""
        marker.set_running(self.mark_fd, self.entries[number])

    def leave_if_forked(self) -> None:
        """A target that forks and comes back twice must not answer twice, nor measure twice."""
        if os.getpid() != self.pid:
            marker.set_forked(self.mark_fd)
            os._exit(0)

    def _run(self, number: int, loops: int) -> dict[str, float]:
        metrics: dict[str, float] = self.timers[number](loops)
        self.leave_if_forked()  # at once: every further block would double the processes
        return metrics

    def _count_fork(self) -> None:
        self.forks += 1

    def _wait_for_strays(self) -> None:
        """Where the first call forked, give the other process the moment it needs to come back and be noticed."""
        self.leave_if_forked()
        end = time.monotonic() + STRAY
        while self.forks and time.monotonic() < end and not marker.forked(self.mark_fd):
            time.sleep(0.005)


def _threads() -> int:
    """Threads of this process, those of C libraries too; 1 where the system does not say."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


class _Guarded:
    """Turns whatever the target raises (SystemExit too) into a TargetError."""

    def __init__(self, bench: Bench, number: int, doing: str) -> None:
        self.bench, self.number, self.doing = bench, number, doing

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.bench.leave_if_forked()
        if error is not None:
            raise TargetError(self.bench.names[self.number], error, self.doing) from error


def _message(error: BaseException) -> str:
    """One line: a target's message may be anything, and its `__str__` may fail as well."""
    if isinstance(error, SystemExit):
        return f"called sys.exit({error.code!r})"[:LONGEST]
    try:
        words = str(error).split()
    except Exception as again:
        words = [f"(its __str__ raises {type(again).__name__})"]
    text = "".join(filter(str.isprintable, " ".join(words))) or type(error).__name__
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _place(error: BaseException) -> str:
    """The user's deepest frame, or the file that cannot be compiled."""
    import traceback

    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    return ending.choose((frame.filename, frame.lineno or 0) for frame in reversed(frames))
