"""The connections of one client process: an epoll set, how they come to be, what befalls them, how they end.

Nothing here knows of requests, except that a connection may carry one: `Loop` on top of this decides what bytes mean.
A connection that the server closes while idle is no failure; it vanishes.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections import Counter

from fibench.traffic import stamps
from fibench.traffic.connection import CONNECTING, READY, SHAKING, Connection, Extra, TlsConnection, explain, make_context
from fibench.traffic.job import Job
from fibench.traffic.timer import Timer
from fibench.traffic.writer import LIMIT, Writer

IN, OUT = select.EPOLLIN, select.EPOLLOUT
EVENTS = 256
CLOCKS = 100_000_000
"""ns between two looks at the difference of the clocks."""
OPENING, OPENING_AT_ONCE = 10.0, 64
"""Seconds for the connections before the window, and how many of them wait at a time: a listener's queue is short."""
clock = time.monotonic_ns


class Links:
    """Connections of process `number`, and the one loop turn that serves them all."""

    def __init__(self, job: Job, number: int, writer: Writer) -> None:
        self.job, self.number, self.writer = job, number, writer
        self.epoll, self.timer = select.epoll(), Timer()
        self.epoll.register(self.timer.fileno(), IN)
        self.links: dict[int, Connection] = {}
        self.unready: set[Connection] = set()
        self.flying: dict[Connection, None] = {}
        """Connections with a request, in the order of sending: with one time-out for all, the first is due first."""
        self.repeats: set[Connection] = set()
        """Those that carry an earlier attempt's times, hence out of that order."""
        self.context = make_context(job.address)
        self.timeout = int(job.timeout * 1e9)
        self.period = max(1_000_000, min(CLOCKS, self.timeout // 20))
        self.start = self.end = 0
        self.opened = self.tick = 0
        self.offset = stamps.offset()
        self.notes: Counter[str] = Counter()

    # ── for subclasses ──

    def wake(self, now: int) -> None:
        """The timer rang."""
        raise NotImplementedError

    def ready(self, c: Connection) -> None:
        """A connection without a request is open."""
        raise NotImplementedError

    def vanished(self, c: Connection) -> None:
        """An idle connection, or one still being opened for nobody, is gone."""
        raise NotImplementedError

    def take(self, c: Connection, data: bytes, extra: Extra, now: int) -> None:
        """Bytes of an answer."""
        raise NotImplementedError

    def finished_by_close(self, c: Connection, now: int) -> None:
        """The server has closed a connection with a request."""
        raise NotImplementedError

    def give_up(self, c: Connection, code: int, words: str, now: int) -> None:
        """A connection with a request is broken."""
        raise NotImplementedError

    def expire(self, now: int) -> None:
        """Fail what has waited too long."""
        raise NotImplementedError

    # ── coming and going ──

    def connect(self) -> Connection:
        """Start a connection; OSError if that fails at once."""
        c = TlsConnection(self.job.address, self.context) if self.context else Connection(self.job.address)
        self.links[c.fd] = c
        self.unready.add(c)
        c.mask = IN | OUT
        self.epoll.register(c.fd, c.mask)
        return c

    def open_before(self, count: int) -> None:
        """Open connections in the background until `count` were tried; what fails is noted, requests will meet it too."""
        deadline = clock() + int(OPENING * 1e9)
        wanted = count
        while (wanted or self.unready) and clock() < deadline:
            while wanted and len(self.unready) < OPENING_AT_ONCE:
                try:
                    self.connect().user = count - wanted
                except BlockingIOError:  # a UNIX listener's queue is full: later
                    time.sleep(0.001)
                    break
                except OSError as error:
                    self.notes[f"connections not opened before the window: {explain(error)[1]}"] += 1
                wanted -= 1
            self.turn()
        for c in list(self.unready):
            self.drop(c)
            self.notes[f"connections not opened within {OPENING:g} s before the window"] += 1

    def vanish(self, c: Connection) -> None:
        """A connection without a request is gone."""
        self.drop(c)
        self.vanished(c)

    def drop(self, c: Connection) -> None:
        """Forget and close."""
        if self.links.get(c.fd) is not c:
            return
        del self.links[c.fd]
        self.unready.discard(c)
        self.flying.pop(c, None)
        self.repeats.discard(c)
        c.quick = False
        c.close()

    def close(self) -> None:
        """Close all."""
        for c in list(self.links.values()):
            self.drop(c)
        self.epoll.close()
        self.timer.close()

    # ── events ──

    def turn(self) -> None:
        """One wait, all that it brought, and housekeeping."""
        for fd, mask in self.epoll.poll(self.pause(), EVENTS):
            c = self.links.get(fd)
            if c is None:
                self.wake(clock())
            else:
                self.event(c, mask)
        self.housekeep(clock())

    def pause(self) -> float:
        """Seconds until the next housekeeping."""
        return max(0.0, (self.tick - clock()) * 1e-9)

    def event(self, c: Connection, mask: int) -> None:
        """Whatever epoll said of `c`."""
        try:
            if c.phase != READY:
                self.advance(c, mask)
                return
            if mask & OUT:
                self.push(c)
            if mask & ~OUT:
                self.pull(c)
        except OSError as error:
            self.lost(c, error)

    def advance(self, c: Connection, mask: int) -> None:
        """A step of setting up."""
        if c.phase == CONNECTING:
            number = c.link.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                raise OSError(number, os.strerror(number))
            if not mask & OUT:
                return
            c.phase = SHAKING
        if not c.shake():
            self.watch(c)
            return
        c.phase = READY
        self.unready.discard(c)
        self.opened += 1
        if c.busy:
            self.push(c)
        else:
            self.watch(c)
            self.ready(c)

    def push(self, c: Connection) -> None:
        """Send on. If the server cut that short, its answer may be there all the same: reading decides."""
        try:
            c.push()
        except OSError as error:
            c.fault, c.rest = error, None
        # the lean path is for the second request on, within the window, and nothing odd about it
        c.quick = c.rest is None and c.fault is None and c.served > 0 and c.due >= self.start > 0 and not c.bodiless
        self.watch(c)

    def watch(self, c: Connection) -> None:
        """Have epoll tell what `c` can wait for now."""
        mask = IN | OUT if c.owes() and c.fault is None else IN
        if mask != c.mask:
            c.mask = mask
            self.epoll.modify(c.fd, mask)

    def pull(self, c: Connection) -> None:
        """Read, and see what it makes of the answer."""
        data, extra = c.pull()
        self.arrived(c, data, extra, clock())

    def arrived(self, c: Connection, data: bytes, extra: Extra, now: int) -> None:
        """What a read brought: bytes of an answer, bytes that nobody had asked for, the end (`c.ended`)."""
        if c.busy and data:
            self.take(c, data, extra, now)
        elif data:
            self.notes["connections on which the server sent what nobody had asked for"] += 1
            self.vanish(c)
        if c.ended and c.fd in self.links and self.links[c.fd] is c:
            if c.busy:
                self.finished_by_close(c, now)
            else:
                self.vanish(c)
        elif c.owes():
            self.watch(c)

    def housekeep(self, now: int) -> None:
        """A few times a second, and when something may time out: time-outs, the clocks' difference, the buffer."""
        if len(self.writer.buffer) >= LIMIT:
            self.writer.flush()
        if now < self.tick:
            return
        self.offset = stamps.offset()
        self.expire(now)
        self.tick = now + self.period
        for c in self.flying:
            self.tick = min(self.tick, c.sent + self.timeout)
            break

    def lost(self, c: Connection, error: OSError) -> None:
        """The connection is broken."""
        if isinstance(error, BlockingIOError):  # told of something, and nothing was there
            return
        code, words = explain(error)
        if c.busy:
            self.give_up(c, code, words, clock())
            return
        if c.phase != READY and not self.start:
            self.notes[f"connections not opened before the window: {words}"] += 1
        self.vanish(c)
