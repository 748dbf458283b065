"""When a server counts as ready: all that was asked of it holds at once.

An answer over HTTP, a port that accepts, a line in its log, and as many processes as it shall have: a server of eight
workers answers as soon as the first of them does, and would then be measured with one. Workers count once they are at
rest, because one that still imports its application exists, too.
"""

from __future__ import annotations

import http.client
import socket
import time
from dataclasses import dataclass

from fibench.traffic import tree

REST = 0.1
"""Seconds over which the processes must have been at rest."""
IDLE = 0.25
"""The share of one CPU below which all the processes together count as at rest."""
RESTLESS = 3.0
"""Seconds after which it no longer matters: some servers never rest."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What is asked of a server before it is measured."""

    http: str = "/"
    """Path that a GET must answer; empty: not asked."""
    statuses: frozenset[int] = frozenset()
    """Statuses that will do; empty: any below 500."""
    tcp: bool = False
    """The port must accept a connection."""
    line: str = ""
    """Text that a line of the log must contain."""
    processes: int = 0
    """Least number of processes besides the first one (multiprocessing's resource tracker does not count)."""
    timeout: float = 20.0
    """Seconds until it is given up."""
    host: str = "127.0.0.1"


def will_do(status: int, statuses: frozenset[int]) -> bool:
    """Whether this status was asked for."""
    return status in statuses if statuses else status < 500


class Probe:
    """Asks a starting server again and again; remembers what it need not ask again."""

    def __init__(self, ready: Ready, *, port: int, pid: int, log: str) -> None:
        self.ready, self.port, self.pid, self.log = ready, port, pid, log
        self._read, self._rest, self._told = 0, b"", not ready.line
        self._before: tree.Usage | None = None
        self._enough: float | None = None

    def missing(self, seconds: float) -> str:
        """What is still missing, in words; empty when ready. Waits for an answer at most so many seconds."""
        ready = self.ready
        if not self._line():
            return f'no line of its log has "{ready.line}"'
        wrong = self._tcp(seconds) if ready.tcp else ""
        wrong = wrong or (self._http(seconds) if ready.http else "")
        return wrong or (self._processes() if ready.processes else "")

    def _line(self) -> bool:
        if not self._told:
            with open(self.log, "rb") as log:
                log.seek(self._read)
                new = log.read()
            self._read += len(new)
            whole, _, self._rest = (b"\n" + self._rest + new).rpartition(b"\n")
            wanted = self.ready.line.encode()
            self._told = wanted in self._rest or any(wanted in line for line in whole.split(b"\n"))
        return self._told

    def _tcp(self, seconds: float) -> str:
        try:
            with socket.create_connection((self.ready.host, self.port), timeout=seconds) as link:
                if link.getsockname() == link.getpeername():  # nobody listens: it met itself
                    return f"nothing listens on port {self.port}"
                return ""
        except TimeoutError:
            return f"port {self.port} did not accept within {seconds:.3g} s"
        except OSError as error:
            return f"port {self.port}: {_why(error)}"

    def _http(self, seconds: float) -> str:
        asked = f"GET http://{self.ready.host}:{self.port}{self.ready.http}"
        link = http.client.HTTPConnection(self.ready.host, self.port, timeout=seconds)
        try:
            link.request("GET", self.ready.http, headers={"Connection": "close", "User-Agent": "fibench"})
            status = link.getresponse().status
        except TimeoutError:
            return f"{asked} was not answered within {seconds:.3g} s"
        except http.client.RemoteDisconnected:
            return f"{asked} was closed without an answer"
        except http.client.HTTPException as error:
            return f"{asked} was not answered in HTTP ({type(error).__name__})"
        except OSError as error:
            return f"{asked}: {_why(error)}"
        finally:
            link.close()
        return "" if will_do(status, self.ready.statuses) else f"{asked} answered {status}"

    def _processes(self) -> str:
        usage = tree.snapshot(self.pid, memory=False)
        workers = [one for one in usage.members if not one.zombie and one.pid != self.pid and not helper(one.pid)]
        if len(workers) < self.ready.processes:
            self._before = self._enough = None
            return f"{len(workers)} of {self.ready.processes} processes are there"
        if self._before is None or self._enough is None:
            self._before, self._enough = usage, usage.at
            return "its processes were only just started"
        if usage.at - self._before.at < REST:
            return "its processes are still busy with their start"
        used = tree.between(self._before, usage)
        self._before = usage
        if used.cpu < IDLE * used.seconds or usage.at - self._enough > RESTLESS:
            return ""
        return "its processes are still busy with their start"


def helper(pid: int) -> bool:
    """True for multiprocessing's resource tracker and fork server, which serve nobody."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as words:
            command = words.read()
    except OSError:
        return False
    return b"multiprocessing.resource_tracker" in command or b"multiprocessing.forkserver" in command


def until(end: float) -> float:
    """Seconds that one question may take: a first answer may be slow, the deadline is kept."""
    return min(5.0, max(0.05, end - time.monotonic()))


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
