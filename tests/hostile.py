"""Servers that do what servers must not, for tests of whoever has to cope with them.

Each is a context manager: `with hostile.silent() as port:`; `hostile.at(port)` tells what happened there. They run in
threads of this process, on loopback, and are gone, threads and sockets included, when the block ends.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SLICE = 0.05
"""Seconds between two looks at whether it is over."""


class Account:
    """What happened at a port."""

    def __init__(self) -> None:
        self.accepted = 0
        self.requests = 0
        """Whole ones that were read."""
        self.seen: deque[bytes] = deque(maxlen=1000)
        """The last of them."""
        self.stopped = threading.Event()


_accounts: dict[int, Account] = {}


def at(port: int) -> Account:
    """What happened at a port, during and after its block."""
    return _accounts[port]


class Link:
    """One connection as its handler sees it."""

    def __init__(self, link: socket.socket, account: Account, number: int) -> None:
        self.socket, self.account, self.number = link, account, number
        """`number` counts connections from 0."""
        self.over = account.stopped
        self._rest = b""

    def send(self, data: bytes) -> None:
        """All of it; fails when the client is gone or the test is over."""
        view = memoryview(data)
        while view:
            self._stop_if_over()
            with contextlib.suppress(TimeoutError):
                view = view[self.socket.send(view) :]

    def receive(self) -> bytes:
        """Some bytes; empty when the client has closed its end."""
        while True:
            self._stop_if_over()
            with contextlib.suppress(TimeoutError):
                return self.socket.recv(1 << 16)

    def request(self) -> bytes:
        """The next whole request, body included (Content-Length or chunked); empty at the end."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return b""
        head = self._rest.index(b"\r\n\r\n") + 4
        fields = self._rest[:head].lower()
        end = head
        if b"transfer-encoding: chunked" in fields:
            while (last := self._rest.find(b"0\r\n\r\n", head)) < 0:
                if not self._more():
                    return b""
            end = last + 5
        elif b"content-length:" in fields:
            end = head + int(fields.partition(b"content-length:")[2].split(b"\r\n")[0])
            while len(self._rest) < end:
                if not self._more():
                    return b""
        whole, self._rest = self._rest[:end], self._rest[end:]
        self.account.requests += 1
        self.account.seen.append(whole)
        return whole

    def requests(self) -> Iterator[bytes]:
        """All requests until the client closes."""
        while whole := self.request():
            yield whole

    def sleep(self, seconds: float) -> None:
        """A pause that ends with the test."""
        if self.account.stopped.wait(seconds):
            raise ConnectionAbortedError

    def hold(self) -> None:
        """Keep the connection open until the test is over."""
        self.account.stopped.wait()

    def reset(self) -> None:
        """Close with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _more(self) -> bool:
        new = self.receive()
        self._rest += new
        return bool(new)

    def _stop_if_over(self) -> None:
        if self.over.is_set() or self.account.stopped.is_set():
            raise ConnectionAbortedError


class _Loop:
    """Accepts until stopped; a thread per connection."""

    def __init__(self, handle: Callable[[Link], None], backlog: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.listener.settimeout(SLICE)
        self.port = int(self.listener.getsockname()[1])
        self.account = _accounts[self.port] = Account()
        self.handle = handle
        self.threads: list[threading.Thread] = []
        self.acceptor = threading.Thread(target=self._accept, name="hostile")
        self.acceptor.start()

    def _accept(self) -> None:
        while not self.account.stopped.is_set():
            try:
                link, _ = self.listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return  # a handler closed the listener
            link.settimeout(SLICE)
            number, self.account.accepted = self.account.accepted, self.account.accepted + 1
            thread = threading.Thread(target=self._serve, args=(Link(link, self.account, number),), name="hostile")
            self.threads.append(thread)
            thread.start()

    def _serve(self, link: Link) -> None:
        with link.socket, contextlib.suppress(OSError):
            self.handle(link)

    def end(self) -> None:
        self.account.stopped.set()
        self.acceptor.join()
        self.listener.close()
        for thread in self.threads:
            thread.join()


@contextmanager
def serve(handle: Callable[[Link], None], *, backlog: int = 1024) -> Iterator[int]:
    """A server of your own: `handle` is called with each connection, in a thread; the connection is closed after it."""
    loop = _Loop(handle, backlog)
    try:
        yield loop.port
    finally:
        loop.end()


def answering(answer: bytes, *, close: bool = False) -> contextlib.AbstractContextManager[int]:
    """The same bytes for every request; `close`: and then the connection is closed."""

    def handle(link: Link) -> None:
        for _ in link.requests():
            link.send(answer)
            if close:
                return

    return serve(handle)


def well(body: bytes = b"ok", *, status: int = 200, delay: float = 0.0) -> contextlib.AbstractContextManager[int]:
    """A proper server, for comparison; answers after `delay` s."""
    answer = b"HTTP/1.1 %d Fine\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)

    def handle(link: Link) -> None:
        for _ in link.requests():
            if delay:
                link.sleep(delay)
            link.send(answer)

    return serve(handle)


def statuses(codes: Sequence[int]) -> contextlib.AbstractContextManager[int]:
    """One status after the other, over all connections, from the start again."""
    lock = threading.Lock()
    turn = iter(range(1 << 62))

    def handle(link: Link) -> None:
        for _ in link.requests():
            with lock:
                code = codes[next(turn) % len(codes)]
            link.send(b"HTTP/1.1 %d Some\r\nContent-Length: 2\r\n\r\nok" % code)

    return serve(handle)


@contextmanager
def refusing() -> Iterator[int]:
    """Refuses every connection; nobody else can take the port meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, not listening
        yield _still(held)


def resetting(after: int = 0) -> contextlib.AbstractContextManager[int]:
    """Resets (RST) once it has sent `after` bytes of an answer."""

    def handle(link: Link) -> None:
        if link.request():
            link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".ljust(after, b"x")[:after])
            if after:
                link.sleep(0.02)  # a reset throws away what the client has not read yet
            link.reset()

    return serve(handle)


def half_closing(*, answer: bool = False) -> contextlib.AbstractContextManager[int]:
    """Shuts its sending side down after each request (with `answer`: after a whole one), and keeps the rest open."""

    def handle(link: Link) -> None:
        if link.request():
            if answer:
                link.send(OK)
            link.socket.shutdown(socket.SHUT_WR)
            while link.receive():
                pass

    return serve(handle)


def silent() -> contextlib.AbstractContextManager[int]:
    """Accepts, reads, never answers."""

    def handle(link: Link) -> None:
        for _ in link.requests():
            pass
        link.hold()

    return serve(handle)


def slow(pause: float = 0.01, answer: bytes = OK) -> contextlib.AbstractContextManager[int]:
    """Byte by byte, `pause` s between two."""

    def handle(link: Link) -> None:
        link.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in link.requests():
            for at in range(len(answer)):
                link.send(answer[at : at + 1])
                link.sleep(pause)

    return serve(handle)


def promises_too_much(*, close: bool = True) -> contextlib.AbstractContextManager[int]:
    """Content-Length 10, but two bytes; then it closes, or (close=False) waits."""

    def handle(link: Link) -> None:
        if link.request():
            link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok")
            if not close:
                link.hold()

    return serve(handle)


def promises_too_little() -> contextlib.AbstractContextManager[int]:
    """Content-Length 2, but twelve bytes: the rest looks like the beginning of another answer."""
    return answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and some more")


def two_lengths() -> contextlib.AbstractContextManager[int]:
    """Two Content-Lengths that contradict each other."""
    return answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nok")


def broken_chunks(kind: str = "size") -> contextlib.AbstractContextManager[int]:
    """`size`: no hexadecimal number; `end`: no line break after a chunk; `cut`: closed within one; `huge`: a size of 2⁶⁴."""
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    bad = {
        "size": b"zz\r\nok\r\n0\r\n\r\n",
        "end": b"2\r\nokXX0\r\n\r\n",
        "cut": b"a\r\nok",
        "huge": b"1" + b"0" * 16 + b"\r\nok",
    }
    return answering(start + bad[kind], close=True)


def chunked(parts: Sequence[bytes] = (b"o", b"k"), *, pause: float = 0.0) -> contextlib.AbstractContextManager[int]:
    """Proper chunks, with an extension and a trailer, which are allowed."""

    def handle(link: Link) -> None:
        for _ in link.requests():
            link.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for part in parts:
                link.send(b"%x;why=not\r\n%b\r\n" % (len(part), part))
                link.sleep(pause)
            link.send(b"0\r\nX-Trailer: yes\r\n\r\n")

    return serve(handle)


def giant_headers(size: int = 1_200_000, *, end: bool = True) -> contextlib.AbstractContextManager[int]:
    """A head of `size` bytes in many lines, then a proper end; without `end` it never ends."""

    def handle(link: Link) -> None:
        line = b"X-Giant: " + b"y" * 1000 + b"\r\n"
        if not link.request():
            return
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n")
        sent = 0
        while sent < size or not end:
            link.send(line)
            sent += len(line)
        link.send(b"\r\nok")
        link.hold()

    return serve(handle)


def endless_body(*, framed: bool = False) -> contextlib.AbstractContextManager[int]:
    """A body that never ends, until the close (which never comes), or in chunks."""

    def handle(link: Link) -> None:
        if link.request():
            link.send(b"HTTP/1.1 200 OK\r\n" + (b"Transfer-Encoding: chunked\r\n\r\n" if framed else b"\r\n"))
            while True:
                link.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n" if framed else b"x" * 0x10000)

    return serve(handle)


def informational(count: int = 100) -> contextlib.AbstractContextManager[int]:
    """`count` interim answers (1xx) before each 200."""
    return answering(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * count + OK)


def redirecting() -> contextlib.AbstractContextManager[int]:
    """Redirects to itself, for ever."""
    return answering(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")


def garbage(data: bytes = b"\x16\x03\x01\x00\xffSSH-2.0-no\r\n\r\n\x00\x00") -> contextlib.AbstractContextManager[int]:
    """No HTTP at all."""
    return answering(data, close=True)


def speaks_first(data: bytes = OK) -> contextlib.AbstractContextManager[int]:
    """Answers before it is asked, then as it should."""

    def handle(link: Link) -> None:
        link.send(data)
        for _ in link.requests():
            link.send(OK)

    return serve(handle)


def closes_unanswered() -> contextlib.AbstractContextManager[int]:
    """Reads the request, closes (FIN) without a byte."""

    def handle(link: Link) -> None:
        link.request()

    return serve(handle)


def closes_at_once() -> contextlib.AbstractContextManager[int]:
    """Closes what it has just accepted."""
    return serve(lambda link: None)


def closes_every(k: int = 3) -> contextlib.AbstractContextManager[int]:
    """Every k-th connection is closed unanswered, the others are served."""

    def handle(link: Link) -> None:
        for _ in link.requests():
            if link.number % k == k - 1:
                return
            link.send(OK)

    return serve(handle)


def closes_after(requests: int = 3, *, told: bool = False) -> contextlib.AbstractContextManager[int]:
    """Closes each connection after so many answers; `told`: with Connection: close in the last of them."""

    def handle(link: Link) -> None:
        for count, _ in enumerate(link.requests(), 1):
            last = count == requests
            link.send(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1) if last and told else OK)
            if last:
                return

    return serve(handle)


def until_close(body: bytes = b"ok") -> contextlib.AbstractContextManager[int]:
    """HTTP/1.0 without a length: the body ends with the connection."""
    return answering(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body, close=True)


@contextmanager
def dying(after: int = 10) -> Iterator[int]:
    """Serves `after` requests over all connections, then dies: resets them all and refuses new ones."""
    lock = threading.Lock()
    left = iter(range(after))
    dead = threading.Event()

    def handle(link: Link) -> None:
        link.over = dead
        try:
            for _ in link.requests():
                with lock:
                    alive = next(left, None) is not None
                if not alive:
                    dead.set()
                    loop.listener.shutdown(socket.SHUT_RDWR)  # from here on it refuses
                link.send(OK)
        except ConnectionAbortedError:
            link.reset()

    loop = _Loop(handle, 1024)
    try:
        yield loop.port
    finally:
        loop.end()


@contextmanager
def full() -> Iterator[int]:
    """Listens but accepts nobody, its backlog full: a connection attempt is neither accepted nor refused."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(16):
            link = stack.enter_context(socket.socket())
            link.settimeout(0.1)
            try:
                link.connect(listener.getsockname())
            except TimeoutError:
                break
        yield _still(listener)


def _still(held: socket.socket) -> int:
    port = int(held.getsockname()[1])
    _accounts[port] = Account()
    return port


EVERY = {
    "resetting at once": resetting,
    "resetting within the head": lambda: resetting(20),
    "resetting within the body": lambda: resetting(500),
    "half-closing": half_closing,
    "promises too much": promises_too_much,
    "two lengths": two_lengths,
    "chunks: size": lambda: broken_chunks("size"),
    "chunks: end": lambda: broken_chunks("end"),
    "chunks: cut": lambda: broken_chunks("cut"),
    "chunks: huge": lambda: broken_chunks("huge"),
    "giant headers": giant_headers,
    "garbage": garbage,
    "closes unanswered": closes_unanswered,
    "closes at once": closes_at_once,
    "refusing": refusing,
    "silent": silent,
    "waits with half a body": lambda: promises_too_much(close=False),
    "endless headers": lambda: giant_headers(end=False),
    "endless body": endless_body,
    "endless chunks": lambda: endless_body(framed=True),
    "full": full,
}
"""Those from which no right answer ever comes."""
