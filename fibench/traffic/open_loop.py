"""The open loop: request k is due when the schedule says, whatever the server does.

Nothing is skipped and the schedule is never re-anchored: what finds no free connection waits in a backlog and keeps the time at
which it was due. Connections are taken first in, first out, so that the load spreads over them and the server's workers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from fibench.traffic.connection import Connection
from fibench.traffic.job import Job, Open
from fibench.traffic.links import EVENTS, clock
from fibench.traffic.loop import Loop
from fibench.traffic.record import SHED, TIMEOUT
from fibench.traffic.writer import Writer

CHUNK = 4096
"""Due times made Python ints at a time: there may be ten million of them."""
BURST = 64
"""Requests sent between two looks at what has arrived, however many are due."""
NEVER = 1 << 62
FINE, COARSE = 10, 20
"""Lateness is counted in steps of 2**10 ns (1 µs) up to 16 ms, and of 2**20 ns (1 ms) beyond."""


def bucket(late: int) -> int:
    """The number of the step that a lateness of `late` ns falls into."""
    return late >> FINE if late < 1 << 24 else (1 << 14) + (late >> COARSE)


def quantile(counts: dict[int, int], share: float) -> float:
    """The lateness in s (upper end of its step) that `share` of the counted ones do not exceed; 0.0 if there are none."""
    left = share * sum(counts.values())
    for step in sorted(counts):
        left -= counts[step]
        if left <= 0:
            fine = step < 1 << 14
            return ((step + 1 << FINE) if fine else (step - (1 << 14) + 1 << COARSE)) * 1e-9
    return 0.0


def due_times(load: Open, number: int, processes: int) -> Iterator[tuple[int, int]]:
    """(k, ns after the window's start) of every request of process `number`."""
    for begin in range(number, len(load.dues), CHUNK * processes):
        part = load.dues[begin : begin + CHUNK * processes : processes]
        times = part.tolist() if hasattr(part, "tolist") else part
        for place, due in enumerate(times):
            yield begin + place * processes, int(due)


class OpenLoop(Loop):
    """The share of process `number`: every `processes`-th request, and its part of the connections."""

    def __init__(self, job: Job, number: int, writer: Writer) -> None:
        super().__init__(job, number, writer)
        assert isinstance(job.load, Open)
        self._times = due_times(job.load, number, job.processes)
        self.connections = max(1, len(range(number, job.connections, job.processes)))
        self.most = max(1, job.most_in_flight // job.processes)
        self.idle: deque[Connection] = deque()
        self.backlog: deque[tuple[int, int]] = deque()
        self._refilling = False
        self._k, self._due = 0, NEVER

    def prepare(self) -> None:
        """All connections, unless each request brings its own."""
        if self.job.keep_alive:
            self.open_before(self.connections)

    def run(self, start: int, end: int) -> None:
        """Send all that is due, then wait for the rest."""
        self.start = self.writer.start = start
        self.writer.end = end
        self.end, self.tick = end, 0
        self._advance()
        self.timer.set(min(self._due, NEVER) if self._due != NEVER else 0)
        while self._due != NEVER or self.flying or self.backlog:
            self._turn()

    def _turn(self) -> None:
        """Like `turn`, but a due request goes first even in the middle of many answers."""
        get, event = self.links.get, self.event
        for fd, mask in self.epoll.poll(self.pause(), EVENTS):
            c = get(fd)
            if c is not None:
                event(c, mask)
            if clock() >= self._due:
                self.release()
        self.housekeep(clock())

    def wake(self, now: int) -> None:
        """Before the window there is nothing to wake for."""

    def release(self) -> None:
        """Send what is due, at most a burst of it; the timer rings at once if more is."""
        for _ in range(BURST):
            late = clock() - self._due
            if late < 0:
                break
            step = bucket(late)
            self.late[step] = self.late.get(step, 0) + 1
            self._dispatch(self._k, self._due)
            self._advance()
        self.timer.set(self._due if self._due != NEVER else 0)

    def _dispatch(self, k: int, due: int) -> None:
        """A connection, a place in the backlog, or nothing left to give."""
        c = self._free()
        if c is not None:
            self.ask(c, self.shot(k), due)
        elif len(self.flying) + len(self.backlog) >= self.most:
            now = clock()
            self.writer.unsent += 1
            self.writer.failure(due, now, 0, now, SHED, f"more than {self.job.most_in_flight} requests in flight")
        elif len(self.links) < self.connections:
            self.ask_fresh(self.shot(k), due)
        else:
            self.backlog.append((k, due))

    def _free(self) -> Connection | None:
        """The connection that has been idle longest."""
        while self.idle:
            c = self.idle.popleft()
            if self.links.get(c.fd) is c:
                return c
        return None

    def _advance(self) -> None:
        k, due = next(self._times, (0, NEVER))
        self._k, self._due = k, due if due == NEVER else due + self.start

    def ready(self, c: Connection) -> None:
        """Free: the oldest waiting request takes it."""
        if self.backlog:
            k, due = self.backlog.popleft()
            self.ask(c, self.shot(k), due)
        else:
            self.idle.append(c)

    def answered(self, c: Connection, now: int, *, reusable: bool) -> None:
        """Next, on this connection or on one in its place."""
        if reusable:
            self.ready(c)
        else:
            self._refill()
            self._replace(c)

    def failed(self, user: int, now: int) -> None:
        """There is room for a connection."""
        self._refill()

    def vanished(self, c: Connection) -> None:
        """The server closed an idle connection."""
        self._refill()
        self._replace(c)

    def _replace(self, c: Connection) -> None:
        """Keep the number of connections, so that the spread over workers stays; only where the server has served before."""
        if not self.job.keep_alive or not c.served or len(self.links) >= self.connections:
            return
        if self._due == NEVER and not self.backlog:
            return
        try:
            self.connect()
        except OSError:  # a request that needs one will meet the same, and say so
            return
        self.notes["connections replaced after the server had closed them, not in any request's time"] += 1

    def _refill(self) -> None:
        """Fresh connections for the backlog; not recursive, since one that fails at once calls this again."""
        if self._refilling:
            return
        self._refilling = True
        while self.backlog and len(self.links) < self.connections:
            k, due = self.backlog.popleft()
            self.ask_fresh(self.shot(k), due)
        self._refilling = False

    def expire(self, now: int) -> None:
        """Also what has never been sent."""
        while self.backlog and now - self.backlog[0][1] >= self.timeout:
            _, due = self.backlog.popleft()
            self.writer.unsent += 1
            words = f"no free connection within {self.job.timeout:g} s"
            self.writer.failure(due, now, 0, now, TIMEOUT, words)
        super().expire(now)
