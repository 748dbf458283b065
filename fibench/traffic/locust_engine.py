"""Locust as an engine: user journeys in a closed loop, on one machine or on several.

Locust is never imported here (it patches sockets, threads and epoll of the whole process): it runs as a child, writes each
request as it ends, and is closed with its whole group whatever happens. Its latencies are a user's: due = sent, nothing is
due while a user waits. A request costs it about 0.15 ms of CPU, so that it shows its own limit at some 6000 a second and
process; `Health.cpu` tells. For rates there is the native engine.
"""

from __future__ import annotations

import json
import math
import os
import shlex
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fibench.traffic.errors import EngineError
from fibench.traffic.job import Closed, Job, Shot
from fibench.traffic.locust_result import complaint, shot
from fibench.traffic.locust_script import bundle, script_for, statuses, target_of
from fibench.traffic.peer_process import PeerProcess

STARTUP = 60.0
"""Seconds that Locust may take to start and to end, beside all that it is asked to do."""
SPREAD = 0.3, 1.0
"""Least and most seconds over which users that Locust starts at once (a batch each second) are put out of step."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LocustJob:
    """One window of journeys. `locustfile` (a path) or `script` (its text) says what a user does."""

    host: str
    """Base URL, e.g. `http://127.0.0.1:8000`; it takes the place of the one in the file."""
    users: int
    spawn_rate: float
    """Users a second; the window begins when all of them are there."""
    seconds: float
    locustfile: str | None = None
    script: str | None = None
    processes: int = 1
    """Of each machine."""
    remote_workers: int = 0
    """Machines that run `worker_commands`; 0: this one."""
    bind: str = "127.0.0.1"
    """Address of this machine where workers find the master."""
    port: int = 0
    """Of the master; 0: a free one."""
    python: str = sys.executable
    timeout: float = 10.0
    """s, for a request to which the file gives no limit of its own, and for what is under way at the window's end."""
    tags: tuple[str, ...] = ()
    """Only the tasks with these tags."""
    wait_for_workers: float = 60.0
    """Seconds, after which those that have come begin."""
    settle: float = 0.0
    """Seconds between the last user's start and the window."""
    statuses: frozenset[int] = frozenset(range(100, 400))
    """A status with which an answer can be right: if it has one and was still marked as failed, that is a failed CHECK."""
    cpus: tuple[int, ...] = ()


def run(job: Job, folder: str, /) -> Shot:
    """The `Engine` protocol: a native closed loop, sent by Locust's users instead."""
    return run_locust(as_journey(job), folder)


def as_journey(job: Job) -> LocustJob:
    """The Locust job for a native one; EngineError for an open loop and for what Locust cannot send."""
    load = job.load
    spread = min(max(SPREAD[0], load.ramp), SPREAD[1]) if isinstance(load, Closed) else 0.0
    script = script_for(job, spread=spread)
    assert isinstance(load, Closed)  # script_for refuses the rest
    rate = load.users / load.ramp if load.ramp > 0 else float(load.users)
    return LocustJob(
        target_of(job), load.users, rate, job.seconds, script=script, processes=job.processes, timeout=job.timeout,
        settle=spread, statuses=statuses(job), cpus=job.cpus,
    )  # fmt: skip


def run_locust(job: LocustJob, folder: str, say: Say = lambda line: None) -> Shot:
    """Run the window; `say` gets what somebody has to do. EngineError with Locust's own last words if it fails."""
    _check(job)
    if not job.port and _workers(job) > 1:
        job = replace(job, port=_free_port(job.bind))
    work = tempfile.mkdtemp(prefix="locust-", dir=folder)
    try:
        with PeerProcess(_command(job, _written(job, work)), work, loopback=_host(job.host), cpus=job.cpus) as peer:
            if job.remote_workers:
                say(f"Locust waits {job.wait_for_workers:g} s for {_workers(job)} workers; on each machine run:")
                for line in dict.fromkeys(worker_commands(job)):
                    say(f"  {line}")
            limit = STARTUP + _length(job)
            code = peer.wait(limit)
        path = Path(work, "summary.json")
        if not path.exists():
            raise complaint(peer.said(), code, limit, job.python)
        summary: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return shot(summary, job.users, job.seconds, peer)
    finally:
        _tidy(work)


def worker_commands(job: LocustJob) -> list[str]:
    """What to run, machine by machine, so that it works for this job; EngineError without a port to be told."""
    if not job.port:
        raise EngineError("workers must be told the master's port", "give the job a port")
    host = socket.gethostname() if job.bind in ("0.0.0.0", "::", "*") else job.bind  # noqa: S104  # a comparison
    words = ["locust", "-f", "-", "--worker", "--master-host", host, "--master-port", str(job.port)]
    return [shlex.join([*words, *_forks(job)])] * job.remote_workers


def _check(job: LocustJob) -> None:
    if (job.locustfile is None) == (job.script is None):
        raise EngineError("a Locust job has either a locustfile or a script", "name one of them")
    if job.locustfile is not None and not os.path.isfile(job.locustfile):
        raise EngineError(f"no locustfile {job.locustfile}", "the path is relative to where fibench was started")
    if not job.host.startswith(("http://", "https://")):
        raise EngineError(f"no base URL: {job.host!r}", "write it as http://127.0.0.1:8000")
    if job.users < 1 or not job.spawn_rate > 0 or not job.seconds > 0:
        raise EngineError("a Locust job needs users, a spawn rate and a length", "each of them is more than 0")


def _workers(job: LocustJob) -> int:
    """Locust processes that run users."""
    return max(1, job.remote_workers) * max(1, job.processes)


def _forks(job: LocustJob) -> list[str]:
    return ["--processes", str(job.processes)] if job.processes > 1 else []


def _length(job: LocustJob) -> float:
    waited = job.wait_for_workers if job.remote_workers else 0.0
    return waited + job.users / job.spawn_rate + job.settle + job.seconds + 2 * job.timeout


def _written(job: LocustJob, work: str) -> str:
    """Path of the file for Locust."""
    source = os.path.abspath(job.locustfile) if job.locustfile else "script.py"
    text = Path(source).read_text("utf-8") if job.locustfile else job.script or ""
    settings = {
        "folder": work, "seconds": job.seconds, "settle": job.settle, "timeout": job.timeout, "wait": job.wait_for_workers,
        "statuses": sorted(job.statuses), "ship": job.remote_workers > 0,
    }  # fmt: skip
    path = Path(work, "fibench_locustfile.py")
    path.write_text(bundle(text, source, settings), "utf-8")
    return str(path)


def _command(job: LocustJob, path: str) -> list[str]:
    command = [
        job.python, "-m", "locust", "-f", path, "--headless", "--only-summary", "--exit-code-on-error", "0",
        "-u", str(job.users), "-r", f"{job.spawn_rate:.6g}", "--host", job.host,
    ]  # fmt: skip
    if job.tags:
        command += ["--tags", *job.tags]
    if job.remote_workers or job.processes > 1:
        command += ["--master-bind-host", job.bind, "--master-bind-port", str(job.port)]
        command += ["--expect-workers-max-wait", str(math.ceil(job.wait_for_workers) + 1)]
    if job.remote_workers:
        return [*command, "--master", "--expect-workers", str(_workers(job))]
    return [*command, "--master-host", job.bind, "--master-port", str(job.port), *_forks(job)] if _forks(job) else command


def _free_port(host: str) -> int:
    """A port that is free now; should it be taken in the next second, Locust says so and the run fails."""
    with socket.socket() as probe:
        probe.bind(("" if host == "*" else host, 0))
        return int(probe.getsockname()[1])


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _tidy(work: str) -> None:
    """Only records stay; the folder goes with the last of them."""
    for path in Path(work).iterdir():
        if path.suffix != ".bin" and path.is_file():
            path.unlink()
    if not any(Path(work).iterdir()):
        os.rmdir(work)
