"""A foreign load generator as a child: its own session, its output drained, its CPU sampled, its end certain.

The child leads a process group. Whatever happens here — a deadline, Ctrl-C, a bug — `end` closes the group: SIGTERM, a
moment, SIGKILL; the leader is reaped last, so that its number cannot have become somebody else's in between.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType

from fibench.traffic.errors import EngineError

MOMENT = 1.0
"""Seconds between SIGTERM and SIGKILL: the records are on disk already, there is nothing to say good-bye for."""
LOOK = 0.05
_TICK = os.sysconf("SC_CLK_TCK")


class PeerProcess:
    """A running generator; a context manager that ends it."""

    def __init__(self, command: Sequence[str], folder: str, *, loopback: str = "", cpus: Sequence[int] = ()) -> None:
        """Start `command` in `folder`; `loopback`: a host that no proxy of the environment may stand in front of."""
        try:
            self._process = subprocess.Popen(
                list(command), cwd=folder, env=_environment(loopback, folder), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise EngineError(f"cannot start {command[0]}: {error.strerror}", "name a Python that is there") from error
        self.pid = self._process.pid
        self.lines: deque[str] = deque(maxlen=400)
        self.samples: list[tuple[float, float]] = []
        """(time.time() at the end of the second, CPU share of the busiest process in it)."""
        self._drain = threading.Thread(target=self._read, daemon=True)
        self._ticks, self._looked = dict[int, int](), time.monotonic()
        try:
            self._drain.start()
            if cpus:
                with contextlib.suppress(OSError):  # it has ended, or the CPU is not ours: both show in what follows
                    os.sched_setaffinity(self.pid, cpus)
        except BaseException:  # Ctrl-C just now: nobody else knows of the child
            self.end()
            raise

    def __enter__(self) -> PeerProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def wait(self, seconds: float) -> int | None:
        """Sample the CPU until the child has ended: its exit code, negative for a signal; None after `seconds`."""
        deadline = time.monotonic() + seconds
        while not self._ended():
            if time.monotonic() > deadline:
                return None
            time.sleep(LOOK)
            if time.monotonic() - self._looked >= 1.0:
                self._sample()
        self.end()
        return self._process.returncode

    def end(self) -> None:
        """Close the whole group; harmless when it has ended."""
        if self._process.returncode is not None:
            return
        try:
            self._signal(signal.SIGTERM)
            deadline = time.monotonic() + MOMENT
            while time.monotonic() < deadline and (not self._ended() or _ticks(self.pid)):
                time.sleep(0.01)
        finally:  # a second Ctrl-C shortens the moment, no more
            self._signal(signal.SIGKILL)
            self._process.wait()
        if self._drain.ident:
            self._drain.join(2.0)
        if self._process.stdout and not self._drain.is_alive():
            self._process.stdout.close()

    def cpu(self, started: float, seconds: float) -> tuple[float, ...]:
        """The samples of the window that began at time.time() `started`: one a second, at least one if there is any."""
        within = [share for at, share in self.samples if started + 0.5 <= at <= started + seconds + 0.1]
        nearest = [share for at, share in self.samples if at > started][:1]
        return tuple(within or nearest)

    def said(self) -> list[str]:
        """The last of what it printed, oldest first."""
        self._drain.join(0.5)
        return [line for line in self.lines if line.strip()]

    def _ended(self) -> bool:
        """Without reaping it: while it is a zombie its group's number is not given away."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _sample(self) -> None:
        now, ticks = time.monotonic(), _ticks(self.pid)
        took = now - self._looked
        spent = [used - self._ticks.get(pid, 0) for pid, used in ticks.items()]
        self.samples.append((time.time(), max(spent, default=0) / _TICK / took))
        self._ticks, self._looked = ticks, now

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.lines.append(line[:2000].decode("utf-8", "replace").rstrip())


def _environment(loopback: str, folder: str) -> dict[str, str]:
    """Ours, without what would steer the peer from outside, and with its temporary files kept in the folder."""
    steering = ("LOCUST_", "PYTHONSTARTUP", "PYTHONINSPECT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    if loopback:
        for name in ("no_proxy", "NO_PROXY"):
            kept[name] = ",".join(filter(None, (kept.get(name, ""), loopback)))
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": folder}


def _ticks(session: int) -> dict[int, int]:
    """CPU ticks so far of each living process of a session."""
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):  # it ended while we looked
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            if int(fields[3]) == session and fields[0] != b"Z":
                found[int(name)] = int(fields[11]) + int(fields[12])
    return found
