"""A server under test: started for one variant, asked until it is ready, watched, and ended with all its descendants.

It gets a session, a log file and a free port of its own. Should fibench die, the kernel sends the server the signal
that stops it, so that it can take its workers along; the session's guard sweeps away the rest.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shlex
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from fibench.traffic import ready as readiness
from fibench.traffic import sweep, tree
from fibench.traffic.command import fill, words
from fibench.traffic.errors import EngineError
from fibench.traffic.port import free_port, release, reserve
from fibench.traffic.ready import Ready

__all__ = ["Ready", "Server", "fill", "free_port", "how"]

POLL = 0.02
"""Seconds between two looks at a starting or stopping server."""
LINGER = 0.3
"""Seconds that descendants have to end by themselves after the main process has."""
_PR_SET_PDEATHSIG = 1
_TAKEN = re.compile(
    r"address (is )?already in use|EADDRINUSE|connection in use|port \d* ?is already (in use|allocated)", re.IGNORECASE
)
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Warning)\b.*")
_OF_STOPPING = ("KeyboardInterrupt", "SystemExit", "asyncio.exceptions.CancelledError", "concurrent.futures")
_LIBC = ctypes.CDLL(None)


def how(code: int) -> str:
    """ "ended with code 3" or "was killed by SIGSEGV"."""
    if code >= 0:
        return f"ended with code {code}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was killed by {known.get(-code, f'signal {-code}')}"


class Server:
    """One server process and its descendants. Use as a context manager, or `start` and `stop`.

    `env` is laid over `base` (default: this process' environment), and only `env` is filled. `values` are more names for
    {name} besides {port} and {folder}; a "port" among them is taken instead of a free one. `cpus` empty: no pinning.
    The thread that starts it must outlive it: the kernel takes that thread's end for fibench's.
    """

    def __init__(
        self,
        command: Sequence[str] | str,
        *,
        env: Mapping[str, str],
        cwd: str,
        ready: Ready,
        folder: str,
        stop_signal: str = "TERM",
        grace: float = 10.0,
        values: Mapping[str, object] | None = None,
        base: Mapping[str, str] | None = None,
        cpus: Sequence[int] = (),
    ) -> None:
        self.stop_signal, self.grace, self.cwd, self.folder = _signal(stop_signal), grace, cwd, folder
        self.ready, self.cpus = ready, tuple(cpus)
        fixed = (values or {}).get("port")
        self.port = free_port() if fixed is None else reserve(fixed)
        self.mark = uuid.uuid4().hex
        try:
            names = {"folder": folder, **(values or {}), "port": self.port}
            self.command = words(command, names)
            own = {name: fill(value, names) for name, value in env.items()}
        except EngineError:
            release(self.port)
            raise
        self.env = {**(os.environ if base is None else base), sweep.MARKER: self.mark, **own}
        self.log = os.path.join(folder, f"server-{self.port}-{self.mark[:8]}.log")
        self.process: subprocess.Popen[bytes] | None = None
        self._known: dict[int, int] = {}
        self._stopped: bool | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The main process; 0 before it is started."""
        return self.process.pid if self.process else 0

    def start(self) -> None:
        """Start and wait until it is ready; EngineError says why it is not, and then nothing of it is left."""
        if self.process is not None:
            raise EngineError("the server was started before", "a Server is good for one start")
        self._spawn()
        try:
            self._wait()
            self._remember()
        except BaseException:
            self.stop()
            raise

    def alive(self) -> bool:
        """Whether the main process runs."""
        return self.process is not None and self.process.poll() is None

    def check_alive(self) -> None:
        """EngineError that says how it ended, if it did. Call it now and then: it remembers who is there, for `stop`."""
        if self.alive():
            self._remember()
        else:
            code = self.process.returncode if self.process else None
            said = "was never started" if code is None else how(code)
            raise EngineError(f"the server {said} while it was under load{self._said()}", f"its log: {self.log}")

    def last_lines(self, n: int = 5) -> list[str]:
        """The last lines that it wrote, without blank ones; at most 300 printable characters each."""
        try:
            with open(self.log, "rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - 16384))
                text = log.read().decode("utf-8", "replace")
        except OSError:
            return []
        lines = ["".join(filter(str.isprintable, line)).strip()[:300] for line in text.splitlines()]
        return [line for line in lines if line][-n:] if n > 0 else []

    def stop(self) -> bool:
        """End it and every descendant; may be called again. Returns whether anything had to be killed."""
        release(self.port)
        if self.process is None:
            return False
        if self._stopped is None:
            try:
                self._ask(self.process)
            finally:  # an interrupt does not spare it
                self._stopped = self._end(self.process)
        return self._stopped

    def _spawn(self) -> None:
        if not os.path.isdir(self.cwd):
            release(self.port)
            raise EngineError(f"the server's folder {self.cwd} does not exist", "cwd: names the folder to start it in")
        number = self.stop_signal
        try:
            with open(self.log, "wb") as log:
                release(self.port)
                self.process = subprocess.Popen(
                    self.command,
                    cwd=self.cwd,
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=_first(number, os.getpid(), self.cpus),
                )
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            release(self.port)
            raise _unstartable(self.command[0], error) from error
        born = tree.stat(self.process.pid)
        self._known = {self.process.pid: born.born} if born else {}

    def _wait(self) -> None:
        assert self.process is not None
        probe = readiness.Probe(self.ready, port=self.port, pid=self.process.pid, log=self.log)
        end = time.monotonic() + self.ready.timeout
        while True:
            missing = probe.missing(readiness.until(end))
            if self.process.poll() is not None:  # after the question: another's answer must not count as this one's
                raise self._failed(f"the server {how(self.process.returncode)} before it was ready", ": ")
            if not missing:
                return
            if time.monotonic() >= end:
                raise self._failed(f"not ready after {self.ready.timeout:g} s: {missing}", "; last log lines: ")
            time.sleep(POLL)

    def _failed(self, what: str, joint: str) -> EngineError:
        taken = next((line for line in self.last_lines(40) if _TAKEN.search(line)), None)
        if taken is not None:
            what = (
                f"port {self.port} is already in use: {what}"
                if str(self.port) in taken
                else f"a port is already in use: {what}"
            )
        told = self.telling()
        lines = [taken] if taken and joint == ": " else [told] if told else self.last_lines(1 if joint == ": " else 3)
        hint = "" if lines else "it printed nothing; " + "run the command by hand: " + shlex.join(self.command)
        return EngineError(what + (joint + " | ".join(lines) if lines else ""), hint or f"its log: {self.log}")

    def telling(self) -> str:
        """The last line of its log that names an exception and is not about our stopping it; "" without one."""
        lines = [line for line in self.last_lines(60) if _EXCEPTION.match(line) and not line.startswith(_OF_STOPPING)]
        return lines[-1] if lines else ""

    def _said(self) -> str:
        lines = [told] if (told := self.telling()) else self.last_lines(2)
        return f": {' | '.join(lines)}" if lines else ""

    def _remember(self) -> None:
        """Once their parent has crashed, descendants that left the session without our mark are found by this only."""
        seen = {pid: tree.stat(pid) for pid in tree.descendants(self.pid)}
        self._known.update({pid: one.born for pid, one in seen.items() if one})

    def _ask(self, process: subprocess.Popen[bytes]) -> None:
        """Send the signal and wait, remembering who was there before: orphans are found by that."""
        self._known = sweep.members(process.pid, self.mark, self._known)
        if process.poll() is None:
            process.send_signal(self.stop_signal)
            try:
                process.wait(self.grace)
            except subprocess.TimeoutExpired:
                pass

    def _end(self, process: subprocess.Popen[bytes]) -> bool:
        """Kill what is left."""
        if process.poll() is not None:
            sweep.wait(process.pid, self.mark, self._known, LINGER)
        killed = sweep.kill(process.pid, self.mark, self._known)
        process.wait()
        return killed > 0


def _first(number: int, parent: int, cpus: tuple[int, ...]) -> Callable[[], None]:
    """What the new process does before it becomes the server."""

    def run() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel knew
            os._exit(127)
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(one, signal.SIG_DFL)  # whatever fibench ignores, the server shall not
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if cpus:
            os.sched_setaffinity(0, cpus)

    return run


def _signal(name: str) -> signal.Signals:
    wanted = "SIG" + name.upper().removeprefix("SIG")
    if wanted not in signal.Signals.__members__:
        raise EngineError(f"unknown signal {name}", "stop_signal: TERM, INT, QUIT …")
    return signal.Signals[wanted]


def _unstartable(program: str, error: BaseException) -> EngineError:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT:
        return EngineError(
            f"cannot start the server: command {program} not found", "is it installed, and on this variant's PATH?"
        )
    if number == errno.EACCES:
        return EngineError(
            f"cannot start the server: no permission to run {program}", f"chmod +x {program}, or start it by its interpreter"
        )
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return EngineError(f"cannot start the server with {program}: {said}")
