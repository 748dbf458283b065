"""Any command line, one execution a block; this small process spawns it and waits with `wait4`.

The worker is the launcher: a child's maxrss starts at its parent's size, so the parent must be small
(a 500 MB parent makes `true` report 488 MB).
"""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import statistics
import sys
import tempfile
import time
from typing import Any

from fibench.step import Step

FLOOR_RUNS = 9


class CommandFailedError(Exception):
    """The command ended otherwise than it should."""


class Execution:
    """Spawns the command and keeps what the kernel says of the last execution."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.words = split(params)
        self.cwd: str = params["cwd"]
        self.env = {**os.environ, **{name: fill(value, params) for name, value in params["env"].items()}}
        self.allowed = set(params["exit_codes"])
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  # both live as long as the step
        nowhere = os.devnull if params["stdout"] == "null" else None
        self.output = os.fdopen(os.open(nowhere, os.O_WRONLY), "wb") if nowhere else tempfile.TemporaryFile()  # noqa: SIM115
        self.stdin = params["stdin"]
        self.usage: Any = None
        self.exit_code = 0
        if not os.path.isdir(self.cwd):
            raise CommandFailedError(f"cwd is no folder: {self.cwd}")
        if self.stdin is not None and not os.path.isfile(os.path.join(self.cwd, self.stdin)):
            raise CommandFailedError(f"stdin is no file: {os.path.join(self.cwd, self.stdin)}")
        program = shutil.which(self.words[0], path=self.env.get("PATH")) or self.words[0]
        if not os.path.isabs(program):
            program = os.path.join(self.cwd, program)
        if not os.path.exists(program):
            raise CommandFailedError(f"command not found: {self.words[0]}")
        self.program = program

    def prepare(self) -> None:
        """Untimed: folder, and another environment size each time (Mytkowicz 2009: it moves the stack)."""
        os.chdir(self.cwd)
        self.env["FIBENCH_PAD"] = "x" * random.randrange(4096)
        for stream in (self.errors, self.output):
            if stream.seekable():
                stream.seek(0)
                stream.truncate()

    def __call__(self) -> None:
        """One execution; raises when its exit code is not allowed."""
        pid = os.posix_spawn(self.program, self.words, self.env, file_actions=self._files(), setsigdef=DEFAULTS)
        _, status, self.usage = os.wait4(pid, 0)
        self.exit_code = os.waitstatus_to_exitcode(status)
        if self.exit_code not in self.allowed:
            raise CommandFailedError(self._why())

    def metrics(self, loops: int) -> dict[str, float]:
        """CPU seconds and peak bytes of the last execution, and what spawning nothing costs in the very same minute."""
        cpu = self.usage.ru_utime + self.usage.ru_stime
        return {"cpu": cpu, "peak_memory": self.usage.ru_maxrss * 1024.0, "spawn_floor": spawn_floor(1)[0]}

    def close(self) -> None:
        """Let go of the two temporary files."""
        self.errors.close()
        self.output.close()

    def _files(self) -> list[tuple[Any, ...]]:
        stdin = self.stdin if self.stdin is not None else os.devnull
        return [
            (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, self.output.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, self.errors.fileno(), 2),
        ]

    def _why(self) -> str:
        size = os.fstat(self.errors.fileno()).st_size
        said = os.pread(self.errors.fileno(), 2000, max(0, size - 2000)).decode("utf-8", "replace").strip().splitlines()
        how = f"was killed by {signal.Signals(-self.exit_code).name}" if self.exit_code < 0 else f"exit code {self.exit_code}"
        return f"{shlex.join(self.words)[:80]}: {how}" + (f" ({said[-1][:160]})" if said else "")


DEFAULTS = [signal.SIGPIPE, signal.SIGXFSZ]
"""Python ignores these; a command expects their default."""


def open(params: dict[str, Any]) -> Step:
    """Find the program, measure what spawning nothing costs, hand over the execution."""
    execution = Execution(params)
    memory = spawn_floor(1)[1]

    def once() -> object:
        execution.prepare()
        execution()
        return NotImplemented  # what a command prints is its own affair

    return Step(
        execution,
        once=True,
        before=execution.prepare,
        after=execution.metrics,
        outcome=once,
        facts=lambda: {"memory_floor": memory, "exit_code": execution.exit_code},
        close=execution.close,
    )


def split(params: dict[str, Any]) -> list[str]:
    """The argument vector, matrix values filled in."""
    command = params["command"]
    if params.get("shell"):
        return ["/bin/sh", "-c", fill(command if isinstance(command, str) else shlex.join(command), params)]
    parts = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    if not parts:
        raise CommandFailedError("the command is empty")
    return [fill(part, params) for part in parts]


def fill(text: str, params: dict[str, Any]) -> str:
    """Replace {name} by the matrix value of that name; other braces stay."""
    for name, value in {"python": sys.executable, **params.get("values", {})}.items():
        text = text.replace("{" + name + "}", value)
    return text


def spawn_floor(runs: int = FLOOR_RUNS) -> tuple[float, int]:
    """Median seconds and most bytes of a process that does nothing."""
    program = shutil.which("true") or "/bin/true"
    times, memory = [], 0
    for _ in range(runs):
        start = time.perf_counter()
        pid = os.posix_spawn(program, ["true"], os.environ)
        _, _, usage = os.wait4(pid, 0)
        times.append(time.perf_counter() - start)
        memory = max(memory, usage.ru_maxrss * 1024)
    return statistics.median(times), memory
