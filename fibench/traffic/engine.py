"""The native engine: forks client processes, starts them at one instant, watches their CPU, and adds up what they report.

The parent does nothing else during the window: it sleeps, and once a second reads how much CPU each client had. Whatever ends
it, an exception or its own death, ends the clients.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from fibench.traffic import client
from fibench.traffic.job import Health, Job, Open, Shot
from fibench.traffic.open_loop import quantile

MARGIN = 0.05
"""Seconds between "all are ready" and the start: time enough to tell all."""
GRACE = 60.0
"""Seconds beyond any time the window can take, after which a client counts as hung."""
SHORTEST = 0.25
"""Seconds of a window's last, broken second that give a CPU share worth telling: the kernel counts in 10 ms."""
EARLY = ("early", "early_right", "carried")
TICK = os.sysconf("SC_CLK_TCK")


class Client:
    """The parent's end of one client process."""

    def __init__(self, job: Job, number: int, path: str) -> None:
        self.path = path
        self.rest = b""
        self.report: dict[str, Any] | None = None
        """What it said at its end."""
        commands_out, self.commands = os.pipe()
        self.answers, answers_in = os.pipe()
        parent = os.getpid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python ≥ 3.12 warns if threads run; the child uses none of their locks
            try:
                self.pid = os.fork()
            except OSError:
                for descriptor in (commands_out, self.commands, self.answers, answers_in):
                    os.close(descriptor)
                raise
        if self.pid == 0:
            client.main(job, number, path, commands_out, answers_in, parent)
        os.close(commands_out)
        os.close(answers_in)

    def tell(self, text: bytes) -> None:
        """Send a command; a client that is gone shows when it is asked."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.commands, text)

    def hear(self, deadline: float) -> dict[str, Any]:
        """Its next message; RuntimeError if it failed, ended or says nothing until `deadline` (time.monotonic)."""
        while b"\n" not in self.rest:
            if not _readable([self.answers], deadline - time.monotonic()):
                raise RuntimeError("a load client hangs: no report after the window; report this as a bug of fibench")
            part = os.read(self.answers, 1 << 16)
            if not part:
                raise RuntimeError("a load client ended without a report (killed? out of memory?)")
            self.rest += part
        line, _, self.rest = self.rest.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        if "error" in message:
            raise RuntimeError(f"a load client failed: {message['error']}")
        return message

    def cpu(self) -> float:
        """CPU seconds so far; -1.0 once it has ended."""
        try:
            with open(f"/proc/{self.pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return -1.0
        return (int(fields[11]) + int(fields[12])) / TICK

    def end(self) -> None:
        """Kill, reap, close."""
        os.kill(self.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
        os.waitpid(self.pid, 0)
        os.close(self.commands)
        os.close(self.answers)


def run(job: Job, folder: str, look: Callable[[], object] = lambda: None) -> Shot:
    """Run one window; record files go into `folder`. RuntimeError if a client process fails (a bug, or no memory).

    `look` is called at the window's start and at its end: whoever watches the server then sees the window and no more.
    """
    clients: list[Client] = []
    stem = f"{os.getpid()}-{time.monotonic_ns()}"
    try:
        for number in range(job.processes):
            clients.append(Client(job, number, os.path.join(folder, f"{stem}-{number}.records")))
        return _window(job, clients, look)
    finally:
        for one in clients:
            one.end()


def _window(job: Job, clients: list[Client], look: Callable[[], object]) -> Shot:
    for one in clients:
        one.tell(b"!")
    ready_by = time.monotonic() + GRACE
    for one in clients:
        one.hear(ready_by)
    ramp = 0.0 if isinstance(job.load, Open) else job.load.ramp
    start = time.monotonic_ns() + int((MARGIN + ramp) * 1e9)
    started = time.time() + (start - time.monotonic_ns()) * 1e-9
    for one in clients:
        one.tell(b"%d\n" % start)
    _sleep_until(clients, start * 1e-9)
    look()
    cpu = _watch(clients, start * 1e-9, job.seconds)
    look()
    hung = start * 1e-9 + job.seconds + 2 * job.timeout + GRACE
    reports = [one.report or one.hear(hung) for one in clients]
    lasted = (max(report["last"] for report in reports) - start) * 1e-9
    files = tuple(one.path for one in clients)
    return Shot(files, job.seconds, max(lasted, 0.0), started, _health(job, reports, cpu), not isinstance(job.load, Open))


def _watch(clients: list[Client], start: float, seconds: float) -> tuple[float, ...]:
    """Sleep through the window; the busiest client's CPU share of each second, or of the whole window if it is shorter."""
    shares: list[float] = []
    before, used = time.monotonic(), [one.cpu() for one in clients]
    while (left := start + seconds - before) > (SHORTEST if shares else 0.0):
        alive = _sleep_until(clients, before + min(1.0, left))
        now, each = time.monotonic(), [one.cpu() for one in clients]
        pairs = zip(used, each, strict=True)
        shares.append(max([b - a for a, b in pairs if a >= 0 and b >= 0], default=0.0) / max(now - before, 1e-9))
        before, used = now, each
        if not alive:
            break
    return tuple(shares)


def _sleep_until(clients: list[Client], instant: float) -> bool:
    """Take early reports (little work, or a failure, which raises) on the way; False once no client is at work."""
    while working := [one for one in clients if one.report is None]:
        if not _readable([one.answers for one in working], instant - time.monotonic()):
            return True
        for one in working:
            if _readable([one.answers], 0.0):
                one.report = one.hear(time.monotonic() + GRACE)
    return False


def _readable(descriptors: list[int], seconds: float) -> bool:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1e3))


def _health(job: Job, reports: list[dict[str, Any]], cpu: tuple[float, ...]) -> Health:
    """Sums over the clients; the first example of each code; lateness over all requests."""
    total = {name: sum(report[name] for report in reports) for name in ("records", "unsent", "stamped", "opened", *EARLY)}
    late: Counter[int] = Counter()
    notes: Counter[str] = Counter()
    examples: dict[int, str] = {}
    for report in reports:
        late.update(dict(report["late"]))
        notes.update(report["notes"])
        for code, text in report["examples"]:
            examples.setdefault(code, text)
    return Health(
        offered=len(job.load.dues) if isinstance(job.load, Open) else total["records"],
        sent=total["records"] - total["unsent"],
        cpu=cpu,
        opened=total["opened"],
        **{name: total[name] for name in EARLY},
        stamped=total["stamped"],
        examples=examples,
        late=quantile(dict(late), 0.99),
        notes=tuple(f"{count} {text}" for text, count in sorted(notes.items())),
        priority=reports[0]["priority"],
    )
