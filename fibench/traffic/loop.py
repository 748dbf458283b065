"""What the open and the closed loop share: the life of a request.

A request is asked on a ready connection, or on a fresh one whose set-up is then part of its time. It ends in one of `finish`
(a whole answer) and `fail`; either writes one record and tells the subclass, which owns who asks next. When the server closes
an idle connection at the moment of asking, without a byte of answer, that is a race which every client knows: the request is
asked once more, on a fresh connection, with the times of the first attempt.
"""

from __future__ import annotations

import math

from fibench.traffic import stamps
from fibench.traffic.connection import Connection, Extra, explain
from fibench.traffic.job import Job
from fibench.traffic.links import Links, clock
from fibench.traffic.record import CLOSED, TIMEOUT
from fibench.traffic.response import Answer, BadAnswerError, Heads
from fibench.traffic.writer import Writer

SOON = 100_000_000
"""ns after sending within which a server that closes has hardly worked on the request: it had closed its idle connection
before. The news takes microseconds on the wire, but a busy machine may wake the client much later."""
SAFE = (b"GET ", b"HEAD ", b"OPTIONS ", b"PUT ", b"DELETE ")
"""Requests that may be sent again (RFC 9110 §9.2.2): of any other nobody knows whether it has been carried out."""


class Loop(Links):
    """One client process's window."""

    def __init__(self, job: Job, number: int, writer: Writer) -> None:
        super().__init__(job, number, writer)
        self.plain = Heads(job.expect, job.largest)
        self.bodiless = Heads(job.expect, job.largest, bodiless=True)
        self.late: dict[int, int] = {}
        """How often the loop woke so late, see `open_loop.bucket`."""
        self._shots = len(job.shots)

    # ── for subclasses ──

    def prepare(self) -> None:
        """Open connections, before the window."""
        raise NotImplementedError

    def run(self, start: int, end: int) -> None:
        """The window, from `start` to `end` (ns), and what is in flight at its end."""
        raise NotImplementedError

    def answered(self, c: Connection, now: int, *, reusable: bool) -> None:
        """The request on `c` has its answer."""
        raise NotImplementedError

    def failed(self, user: int, now: int) -> None:
        """The request of `user` has failed; its connection is gone."""
        raise NotImplementedError

    # ── asking ──

    def shot(self, k: int) -> bytes:
        """Request k."""
        return self.job.shots[k % self._shots if self._shots else k]

    def ask(self, c: Connection, message: bytes, due: int) -> None:
        """Send on a ready connection."""
        c.begin(message, due, clock(), self.heads(message))
        self.flying[c] = None
        self.push(c)

    def ask_fresh(self, message: bytes, due: int, user: int = 0, sent: int = 0) -> None:
        """Send on a connection opened for it. `sent` is given when this is a second attempt."""
        again, sent = bool(sent), sent or clock()
        try:
            c = self.connect()
        except OSError as error:
            code, words = explain(error)
            now = clock()
            self.writer.failure(due, sent, 0, now, code, words)
            self.failed(user, now)
            return
        c.user, c.again = user, again
        c.begin(message, due, sent, self.heads(message))
        self.flying[c] = None
        if again:
            self.repeats.add(c)

    def heads(self, message: bytes) -> Heads:
        """How to read the answer to `message`."""
        return self.bodiless if message.startswith(b"HEAD ") else self.plain

    def take(self, c: Connection, data: bytes, extra: Extra, now: int) -> None:
        """Bytes of an answer."""
        assert c.heads
        stamp = stamps.arrival(extra, self.offset)
        if not c.sent <= stamp <= now:
            stamp = 0
        if c.answer is None:
            shape = c.heads.whole(data)
            if shape is not None:
                c.first = stamp or now
                self.finish(c, shape.code, shape.length, stamp, now, keep=shape.keep)
                return
            c.answer, c.quick = Answer(c.heads), False
        answer = c.answer
        try:
            whole = answer.feed(data)
        except BadAnswerError as bad:
            self.fail(c, bad.code, str(bad), now)
            return
        if not c.first and answer.begun:
            c.first = stamp or now
        if whole:
            self.whole(c, answer, stamp, now)

    def whole(self, c: Connection, answer: Answer, stamp: int, now: int) -> None:
        """An answer that came by the long way is complete."""
        assert answer.shape
        if answer.fault:
            self.writer.example(answer.code, answer.fault)
        self.finish(c, answer.code, answer.size, stamp, now, keep=answer.shape.keep)

    # ── ends ──

    def finish(self, c: Connection, code: int, size: int, stamp: int, now: int, *, keep: bool) -> None:
        """The record of an answer; `stamp` is 0 where the kernel gave none."""
        done, lag = (stamp, (now - stamp) * 1e-9) if stamp else (now, math.nan)
        self.writer.answer(c.due, c.sent, min(c.first, done), done, lag, code, size)
        reusable = keep and self.job.keep_alive and not c.owes() and c.fault is None and not c.ended
        self.flying.pop(c, None)
        self.repeats.discard(c)
        c.rested()
        if not reusable:
            self.drop(c)
        self.answered(c, now, reusable=reusable)

    def finished_by_close(self, c: Connection, now: int) -> None:
        """The server has closed."""
        if c.answer is not None and c.answer.close() and not getattr(c, "ragged", False):
            self.whole(c, c.answer, 0, now)
        elif c.fault is not None:
            self.lost(c, c.fault)
        else:
            self.give_up(c, CLOSED, "closed before the answer was complete" if c.answer else "closed without an answer", now)

    def give_up(self, c: Connection, code: int, words: str, now: int) -> None:
        """No (whole) answer: ask again if the connection had been idle before, else fail."""
        if c.served and not c.again and c.untouched and now - c.sent < SOON and c.message.startswith(SAFE):
            self.notes["requests sent again, the server having closed their idle connection"] += 1
            self.drop(c)
            self.ask_fresh(c.message, c.due, c.user, c.sent)
        else:
            self.fail(c, code, words, now)

    def fail(self, c: Connection, code: int, words: str, now: int) -> None:
        """The record of a failure."""
        self.drop(c)
        self.writer.failure(c.due, c.sent, c.first, now, code, words, c.answer.size if c.answer else 0)
        self.failed(c.user, now)

    def expire(self, now: int) -> None:
        """Fail what has waited too long."""
        late = [c for c in self.repeats if now - c.sent >= self.timeout]
        for c in self.flying:
            if now - c.sent < self.timeout:
                break
            late.append(c)
        for c in dict.fromkeys(late):
            self.fail(c, TIMEOUT, f"no answer within {self.job.timeout:g} s", clock())
