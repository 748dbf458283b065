"""The closed loop: each user waits for its answer, thinks, and asks again.

Without thinking time this is a race for requests per second, and `_rush` is its lean path: one read, one look-up, one send and
one record per answer, everything unusual handed to the common loop. Latencies of a closed loop are self-throttled: a server
that stalls is asked less.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

from fibench.traffic import stamps
from fibench.traffic.connection import ROOM, Connection
from fibench.traffic.job import Closed, Job
from fibench.traffic.links import EVENTS, IN, clock
from fibench.traffic.loop import Loop
from fibench.traffic.record import PACK
from fibench.traffic.writer import Writer

BACKOFF, LONGEST_BACKOFF = 1_000_000, 100_000_000
"""ns that a user waits after a failure: a refusing server must not spin the client."""


def thinking(load: Closed, seed: str) -> Callable[[], int]:
    """Draws a thinking time in ns."""
    if load.think > 0 and load.random_think:
        draw, rate = random.Random(seed).expovariate, 1e-9 / load.think
        return lambda: int(draw(rate))
    return lambda: int(load.think * 1e9)


class ClosedLoop(Loop):
    """The users of process `number`: every `processes`-th one."""

    def __init__(self, job: Job, number: int, writer: Writer) -> None:
        super().__init__(job, number, writer)
        assert isinstance(job.load, Closed)
        self.load = job.load
        self.users = range(number, job.load.users, job.processes)
        self.think = thinking(job.load, f"{job.seed}-{number}")
        self.backoff = [0] * len(self.users)
        self.links_of: list[Connection | None] = [None] * len(self.users)
        self.waiting: list[tuple[int, int]] = []
        """(ns, user of this process, from 0): who asks when, a heap."""
        self._k = number - job.processes
        self._rung = 0

    def prepare(self) -> None:
        """One connection per user, unless each request brings its own."""
        if self.job.keep_alive:
            self.open_before(len(self.users))

    def run(self, start: int, end: int) -> None:
        """Start the users over the ramp before `start`; at `end` nobody asks any more."""
        self.start = self.writer.start = start
        self.writer.end = end
        self.end, self.tick = end, 0
        ramp = int(self.load.ramp * 1e9)
        for place, user in enumerate(self.users):
            heapq.heappush(self.waiting, (start - ramp + ramp * user // self.load.users, place))
        self._set_timer()
        lean = self.load.think == 0 and self.context is None and self.job.keep_alive
        while self.flying or self.waiting:
            if lean and clock() < end:
                self._rush()
            else:
                self.turn()

    def _rush(self) -> None:  # noqa: PLR0915  # split up, it costs 10 % more CPU per request
        """As `turn`, again and again: a whole, known, right answer gets its record and its successor in this very function."""
        get, poll, flying, whole, offset = self.links.get, self.epoll.poll, self.flying, self.plain.whole, self.offset
        buffer, pack, unpack, start, end = self.writer.buffer, PACK.pack, stamps.PAIR.unpack, self.start, self.end
        event, only = self.event, self.job.shots[0] if self._shots == 1 else b""
        same, shape, until, room, space = b"", None, min(self.tick, end), ROOM, stamps.SPACE
        while (now := clock()) < until:
            for fd, mask in poll((until - now) * 1e-9, EVENTS):
                c = get(fd)
                if c is None or not c.quick or mask != IN:
                    self.wake(clock()) if c is None else event(c, mask)
                    continue
                try:
                    data, extra, _, _ = c.receive(room, space)
                except OSError as error:
                    self.lost(c, error)
                    continue
                now = clock()
                if data != same:
                    same, shape = data, whole(data)
                if shape is None or not shape.keep or now >= end or not extra:
                    same, c.ended = b"", not data
                    self.arrived(c, data, extra, now)
                    continue
                seconds, rest = unpack(extra[0][2])
                stamp, due, sent = seconds * 1_000_000_000 + rest - offset, c.due, c.sent
                if not sent <= stamp <= now:
                    self.arrived(c, data, extra, now)
                    continue
                c.due, c.message = now, (message := only or self._another(c))
                c.sent = clock()
                try:
                    done = c.send(message)
                except OSError:
                    done = 0  # the common way below meets it again
                flying[c] = flying.pop(c)  # to the end of the order of sending
                begun, service, lag = (sent - due) * 1e-9, (stamp - sent) * 1e-9, (now - stamp) * 1e-9
                buffer += pack((due - start) // 1000, begun, service, service, lag, shape.code, shape.length)
                if done != len(message):
                    self._resume(c, done)
        self.housekeep(clock())

    def _resume(self, c: Connection, done: int) -> None:
        """The kernel took only `done` bytes of the request."""
        c.rest = memoryview(c.message)[done:]
        self.push(c)

    def _another(self, c: Connection) -> bytes:
        """The next request, for the lean path; a HEAD leaves it."""
        message = self._next_shot()
        c.heads = self.heads(message)
        c.bodiless = c.heads.bodiless
        c.quick = not c.bodiless
        return message

    def _next_shot(self) -> bytes:
        self._k += self.job.processes
        return self.shot(self._k)

    def wake(self, now: int) -> None:
        """Those whose time has come ask."""
        while self.waiting and self.waiting[0][0] <= now:
            due, user = heapq.heappop(self.waiting)
            if now < self.end:
                self._ask(user, due)
        self._rung = -1  # it has rung: set it even if nobody waits, or it stays readable and the loop spins
        self._set_timer()

    def ready(self, c: Connection) -> None:
        """Open before the window: parked at its user."""
        self.links_of[c.user] = c

    def vanished(self, c: Connection) -> None:
        """The server closed the connection of a thinking user, who will open another one."""
        if self.links_of[c.user] is c:
            self.links_of[c.user] = None

    def answered(self, c: Connection, now: int, *, reusable: bool) -> None:
        """The user thinks."""
        self.links_of[c.user] = c if reusable else None
        self.backoff[c.user] = 0
        self._next(c.user, now + self.think(), now)

    def failed(self, user: int, now: int) -> None:
        """The user thinks, and waits longer after each failure in a row."""
        self.links_of[user] = None
        wait = min(max(BACKOFF, 2 * self.backoff[user]), LONGEST_BACKOFF)
        self.backoff[user] = wait
        self._next(user, now + max(wait, self.think()), now)

    def _next(self, user: int, due: int, now: int) -> None:
        if due >= self.end:
            return
        if due <= now:
            self._ask(user, due)
            return
        heapq.heappush(self.waiting, (due, user))
        self._set_timer()

    def _ask(self, user: int, due: int) -> None:
        c = self.links_of[user]
        if c is None:
            self.ask_fresh(self._next_shot(), due, user)
        else:
            self.ask(c, self._next_shot(), due)

    def _set_timer(self) -> None:
        """Ring for the first in the heap, if it does not already."""
        first = self.waiting[0][0] if self.waiting else 0
        if first != self._rung:
            self._rung = first
            self.timer.set(first)
