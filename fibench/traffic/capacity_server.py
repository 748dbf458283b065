"""A server of exactly known capacity, to try capacity searches and load generators on: one queue, one virtual server.

Each request takes 1/rate s of a server that does one after the other: it is answered at max(its arrival, the end of the
one before) + 1/rate (M/D/1 under Poisson arrivals). Nothing is computed in that time, so what the answers cost this process
does not count as long as it keeps up, and `rate` is the capacity by construction. HTTP/1.1 with keep-alive and
pipelining; every answer bears `Server: fibench-simulated`, for nobody to take it for a real service.

    python -m fibench.traffic.capacity_server --port 0 --rate 800

prints its port and serves loopback until SIGTERM or SIGINT, with --with-parent also until its standard input ends.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import socket
import sys
import time
from collections import deque

import httptools

from fibench.traffic.timer import Timer

BODY = b"ok\n"
HEAD = b"HTTP/1.1 200 OK\r\nServer: fibench-simulated\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"
ANSWER = HEAD + b"\r\n" + BODY
LAST_ANSWER = HEAD + b"Connection: close\r\n\r\n" + BODY
WRONG = b"HTTP/1.1 400 Bad Request\r\nServer: fibench-simulated\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
NS = 1_000_000_000


class Link:
    """One connection: bytes in, requests out; httptools calls `on_message_complete`."""

    def __init__(self, server: Server, link: socket.socket) -> None:
        self.server, self.link, self.open = server, link, True
        self.parser = httptools.HttpRequestParser(self)

    def on_message_complete(self) -> None:
        """A request is there in full."""
        self.server.accept(self, self.parser.should_keep_alive())

    def read(self) -> None:
        """What has come; end of file and nonsense close the connection."""
        try:
            data = self.link.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.write(WRONG, keep=False)

    def write(self, answer: bytes, *, keep: bool) -> None:
        """An answer; whoever does not read so few bytes is cut off."""
        if self.open:
            try:
                keep = self.link.send(answer) == len(answer) and keep
            except OSError:
                keep = False
            if not keep:
                self.close()

    def close(self) -> None:
        """Its requests that wait are still served, to nobody: the virtual server does not know."""
        if self.open:
            self.open = False
            self.server.links.pop(self.link.fileno())
            self.link.close()


class Server:
    """The loop: listener, connections and the timer in one epoll."""

    def __init__(self, rate: float, port: int = 0) -> None:
        """`rate`: requests per second; `port` 0: any free one (then `port` says which)."""
        self.service, self.free = round(NS / rate), 0
        self.waiting: deque[tuple[int, Link, bool]] = deque()
        self.links: dict[int, Link] = {}
        self.listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self.timer, self.poll = Timer(), select.epoll()
        self.poll.register(self.listener, select.EPOLLIN)
        self.poll.register(self.timer.fileno(), select.EPOLLIN)
        self.running = True

    def accept(self, link: Link, keep: bool) -> None:
        """Queue a request: its end is known already."""
        self.free = max(time.monotonic_ns(), self.free) + self.service
        self.waiting.append((self.free, link, keep))
        if len(self.waiting) == 1:
            self.timer.set(self.free)

    def run(self, until: int | None = None) -> None:
        """Serve until `running` is False, or until the descriptor `until` has nothing more to read."""
        if until is not None:
            self.poll.register(until, select.EPOLLIN)
        while self.running:
            for number, _ in self.poll.poll():
                if number in self.links:
                    self.links[number].read()
                elif number == self.timer.fileno():
                    self._answer()
                elif number == self.listener.fileno():
                    self._connect()
                elif number == until and not os.read(number, 4096):  # others: closed since epoll spoke of them
                    self.running = False

    def close(self) -> None:
        """Close everything; waiting requests get no answer."""
        for link in list(self.links.values()):
            link.close()
        self.poll.close()
        self.timer.close()
        self.listener.close()

    def _answer(self) -> None:
        """Whatever is done by now."""
        waiting, now = self.waiting, time.monotonic_ns()
        while waiting and waiting[0][0] <= now:
            _, link, keep = waiting.popleft()
            link.write(ANSWER if keep else LAST_ANSWER, keep=keep)
        self.timer.set(waiting[0][0] if waiting else 0)

    def _connect(self) -> None:
        """Everybody who knocked."""
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:  # nobody left, or no descriptors: they wait in the backlog
                return
            link.setblocking(False)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.links[link.fileno()] = Link(self, link)
            self.poll.register(link.fileno(), select.EPOLLIN)


def main(words: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m fibench.traffic.capacity_server", description="a server of known capacity")
    parser.add_argument("--rate", type=float, required=True, help="capacity in requests per second")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--with-parent", action="store_true", help="end with standard input")
    chosen = parser.parse_args(words)
    if not 0.001 <= chosen.rate <= 1e6:
        parser.error("--rate must be within 0.001 and 1000000")
    server = Server(chosen.rate, chosen.port)

    def end(*_: object) -> None:
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        print(server.port, flush=True)
        server.run(sys.stdin.fileno() if chosen.with_parent else None)
    finally:
        server.close()


if __name__ == "__main__":
    main()
