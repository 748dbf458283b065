"""One client process: prepare, say so, wait for the common start, run the loop, report.

It is a fork of the parent and must leave nothing of it in its way: descriptors it does not need are closed (a listener kept
open by accident would answer for a server that is gone), signals have their default meaning, and it dies with its parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import traceback
from typing import Any

from fibench.traffic import punctual, stamps
from fibench.traffic.closed_loop import ClosedLoop
from fibench.traffic.job import Job, Open
from fibench.traffic.loop import Loop
from fibench.traffic.open_loop import OpenLoop
from fibench.traffic.record import PACK
from fibench.traffic.writer import Writer

PR_SET_PDEATHSIG = 1


def main(job: Job, number: int, path: str, commands: int, answers: int, parent: int) -> None:
    """Everything the process does; never returns."""
    try:
        _settle(job, number, {commands, answers}, parent)
        _serve(job, number, path, commands, answers)
    except BaseException:
        with contextlib.suppress(OSError):
            _say(answers, {"error": traceback.format_exc()})
        os._exit(1)
    os._exit(0)


def _settle(job: Job, number: int, keep: set[int], parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGALRM):
        signal.signal(name, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ^C goes to the whole group: the parent decides
    gc.collect()
    gc.freeze()  # a socket object of the parent's, collected later, would close one of ours that has its number by then
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor not in keep:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    with contextlib.suppress(ValueError, OSError):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if job.cpus:
        os.sched_setaffinity(0, {job.cpus[number % len(job.cpus)]})


def _serve(job: Job, number: int, path: str, commands: int, answers: int) -> None:
    writer, keeper = Writer(path, job.expect.statuses), stamps.keep_on()
    loop: Loop = OpenLoop(job, number, writer) if isinstance(job.load, Open) else ClosedLoop(job, number, writer)
    os.read(commands, 1)  # all are forked: whoever is forked later inherits no connection
    loop.prepare()
    priority = punctual.claim(real_time=isinstance(job.load, Open))
    _say(answers, {"ready": True})
    start = int(_line(commands))
    gc.collect()
    gc.freeze()
    gc.disable()
    loop.run(start, start + int(job.seconds * 1e9))
    loop.close()
    keeper.close()
    writer.close()
    _say(answers, {**summary(loop, writer), "priority": priority})


def summary(loop: Loop, writer: Writer) -> dict[str, Any]:
    """What the parent adds up (the process has nothing else to tell)."""
    assert writer.written * PACK.size == os.path.getsize(writer.path)
    return {
        "records": writer.written,
        "unsent": writer.unsent,
        "stamped": writer.written - writer.failed - writer.unstamped,
        "opened": loop.opened,
        "early": writer.early,
        "early_right": writer.early_right,
        "carried": writer.carried,
        "last": writer.last,
        "late": list(loop.late.items()),
        "examples": list(writer.examples.items()),
        "notes": dict(loop.notes),
    }


def _line(commands: int) -> bytes:
    """A line from the parent; the parent's end kills us, so there is no time-out."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(commands, 64)
        if not part:
            os._exit(1)
        line += part
    return line


def _say(answers: int, message: dict[str, Any]) -> None:
    data = memoryview(json.dumps(message).encode() + b"\n")
    while data:
        data = data[os.write(answers, data) :]
