"""Little servers for the engine's tests: real sockets, threads, one behaviour each; and a window's records as arrays."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import tempfile
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy

from fibench.traffic import engine, record
from fibench.traffic.job import Address, Closed, Job, Open, Shot

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
Talk = Callable[[socket.socket, int], None]


def read_request(link: Any, rest: bytes = b"") -> bytes:
    """One request with its body; b"" at the end of the connection. Requests are never pipelined."""
    data = rest
    while b"\r\n\r\n" not in data:
        part = link.recv(1 << 16)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        part = link.recv(1 << 20)
        if not part:
            return b""
        body += part
    return head + b"\r\n\r\n" + body


def answering(*pieces: bytes, times: int = 1 << 30, end: bool = False) -> Talk:
    """Answers each request with `pieces`; closes after `times` requests, or after each one if `end`."""

    def talk(link: socket.socket, number: int) -> None:
        for _ in range(times):
            if not read_request(link):
                return
            for piece in pieces:
                link.sendall(piece)
            if end:
                return

    return talk


def reset(link: socket.socket) -> None:
    """Close with RST."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    link.close()


class Server:
    """A thread per connection, each running `talk(connection, its number from 0)`."""

    def __init__(self, talk: Talk, *, path: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.talk, self.tls = talk, tls
        self.accepted = 0
        self.threads: list[threading.Thread] = []
        self.links: list[Any] = []
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.bind(path or ("127.0.0.1", 0))
        self.listener.listen(512)
        name = self.listener.getsockname()
        self.address = Address(path, 0, socket.AF_UNIX) if path else Address(*name, socket.AF_INET)
        self.thread = threading.Thread(target=self._accept)
        self.thread.start()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            self.links.append(link)
            if link.family != socket.AF_UNIX:
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(link, self.accepted))
            self.accepted += 1
            self.threads.append(thread)
            thread.start()

    def _serve(self, link: Any, number: int) -> None:
        with contextlib.suppress(OSError):
            if self.tls:
                link = self.tls.wrap_socket(link, server_side=True)
                self.links.append(link)
            self.talk(link, number)
        link.close()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for link in list(self.links):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for link in self.links:
            link.close()


@contextlib.contextmanager
def serving(talk: Talk, **more: Any) -> Iterator[Server]:
    server = Server(talk, **more)
    try:
        yield server
    finally:
        server.close()


def evenly(rate: float, seconds: float) -> Open:
    """A constant schedule."""
    return Open(array("Q", [int(k * 1e9 / rate) for k in range(round(rate * seconds))]))


def fire(address: Address, load: Open | Closed, *, message: bytes | Sequence[bytes] = GET, **more: Any) -> tuple[Shot, Any]:
    """Run a window; (its Shot, its records as an array)."""
    shots = [message] if isinstance(message, bytes) else message
    seconds = more.pop("seconds", None)
    if seconds is None:
        seconds = (int(load.dues[-1]) * 1e-9 + 0.01) if isinstance(load, Open) else 0.3
    with tempfile.TemporaryDirectory() as folder:
        shot = engine.run(Job(address, shots, load, seconds, **more), folder)
        assert sorted(os.path.join(folder, name) for name in os.listdir(folder)) == sorted(shot.files)
        rows = numpy.concatenate([numpy.array(record.read(path)) for path in shot.files])
    return shot, rows


def statuses(rows: Any) -> dict[int, int]:
    """How often each status."""
    return {int(code): int(count) for code, count in zip(*numpy.unique(rows["status"], return_counts=True), strict=True)}
