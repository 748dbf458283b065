"""One connection and the request on it: non-blocking, in the clear or under TLS, with the kernel's time of every read.

TLS runs on memory buffers, so that its reads are stamped as well. Nothing here decides: what an event means is the loop's
business; this reports how far it got, and raises OSError (ssl.SSLError is one) when the connection is broken.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import ssl

from fibench.traffic import stamps
from fibench.traffic.job import Address
from fibench.traffic.record import CLOSED, DESCRIPTORS, OTHER, PORTS, REFUSED, RESET, TIMEOUT, TLS
from fibench.traffic.response import Answer, Heads

CONNECTING, SHAKING, READY = range(3)
ROOM, MOST_ROOM = 1 << 14, 1 << 18
"""Bytes asked for by a read: most answers are small, and a large buffer for each costs; it grows where it was filled."""
PIECE = 1 << 16
"""Bytes encrypted at a time, so that a large request is not in memory twice."""
Extra = list[tuple[int, int, bytes]]

CODES = {
    errno.ECONNREFUSED: REFUSED,
    errno.ENOENT: REFUSED,  # no such UNIX socket
    errno.EAGAIN: REFUSED,  # the queue of a UNIX listener is full
    errno.ECONNRESET: RESET,
    errno.EPIPE: RESET,
    errno.ETIMEDOUT: TIMEOUT,
    errno.EMFILE: DESCRIPTORS,
    errno.ENFILE: DESCRIPTORS,
    errno.EADDRNOTAVAIL: PORTS,
}


def explain(error: OSError) -> tuple[int, str]:
    """(failure code, in words) of a broken connection."""
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return CLOSED, "closed by the server within TLS"
    if isinstance(error, ssl.SSLCertVerificationError):
        return TLS, f"certificate not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return TLS, f"TLS: {error.reason or error}"
    number = error.errno or 0
    return CODES.get(number, OTHER), os.strerror(number) if number else str(error)


def make_context(address: Address) -> ssl.SSLContext | None:
    """One for all connections of a client process; None without TLS."""
    if not address.tls:
        return None
    context = ssl.create_default_context(cafile=address.ca_file)
    context.set_alpn_protocols(["http/1.1"])
    if not address.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Connection:
    """A connection in the clear. Times are CLOCK_MONOTONIC ns; `first` is 0 until the first byte of the answer."""

    __slots__ = (
        "again", "answer", "bodiless", "busy", "due", "ended", "fault", "fd", "first", "heads", "link", "mask", "message",
        "phase", "quick", "receive", "rest", "room", "send", "sent", "served", "user",
    )  # fmt: skip

    def __init__(self, address: Address) -> None:
        """Start to connect; OSError if that fails at once."""
        self.link = socket.socket(address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            unix = address.family == socket.AF_UNIX
            if not unix:
                self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                stamps.enable(self.link)
            number = self.link.connect_ex(address.host if unix else (address.host, address.port))
            if number not in (0, errno.EINPROGRESS):
                raise OSError(number, os.strerror(number))
        except OSError:
            self.link.close()
            raise
        self.fd = self.link.fileno()
        self.receive, self.send = self.link.recvmsg, self.link.send
        self.phase, self.mask, self.room = CONNECTING, 0, ROOM
        self.user = self.served = self.due = self.sent = self.first = 0
        self.busy = self.again = self.ended = self.quick = False
        self.fault: OSError | None = None
        self.message = b""
        self.rest: memoryview | None = None
        self.answer: Answer | None = None
        self.heads: Heads | None = None
        self.bodiless = False

    def begin(self, message: bytes, due: int, sent: int, heads: Heads) -> None:
        """Take a request; `push` sends it."""
        self.message, self.due, self.sent, self.heads = message, due, sent, heads
        self.rest, self.busy, self.first, self.answer = memoryview(message), True, 0, None
        self.bodiless = heads.bodiless

    def rested(self) -> None:
        """The answer is there: free for the next request."""
        self.busy = self.quick = self.again = False
        self.answer = None
        self.served += 1

    @property
    def untouched(self) -> bool:
        """Not one byte of an answer has come."""
        return self.answer is None and not self.first

    def shake(self) -> bool:
        """Set up what lies above TCP; True when that is done."""
        return True

    def push(self) -> bool:
        """Send what is left of the request; True when the kernel has all of it."""
        while self.rest:
            try:
                sent = self.send(self.rest)
            except BlockingIOError:
                return False
            self.rest = self.rest[sent:] if sent < len(self.rest) else None
        self.rest = None
        return True

    def pull(self) -> tuple[bytes, Extra]:
        """Read once: data (none and `ended`: the other side has closed) and the stamp. BlockingIOError if there is none."""
        data, extra, _, _ = self.receive(self.room, stamps.SPACE)
        if len(data) == self.room:
            self.room = min(4 * self.room, MOST_ROOM)
        self.ended = not data
        return data, extra

    def owes(self) -> bool:
        """Something waits for room in the kernel's send buffer."""
        return self.rest is not None

    def close(self) -> None:
        """Give the descriptor back (epoll forgets it by itself)."""
        self.link.close()


class TlsConnection(Connection):
    """The same under TLS."""

    __slots__ = ("cipher", "incoming", "outgoing", "ragged", "tls")

    def __init__(self, address: Address, context: ssl.SSLContext) -> None:
        super().__init__(address)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=address.server_name or None)
        self.cipher = memoryview(b"")
        self.ragged = False
        """The connection ended without TLS saying so: an answer that the end delimits may be cut."""

    def shake(self) -> bool:
        """One step of the handshake, with whatever has arrived."""
        with contextlib.suppress(BlockingIOError):
            self._read()
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except ssl.SSLError:
            with contextlib.suppress(OSError):  # tell the server why
                self._flush()
            raise
        self._flush()
        return True

    def push(self) -> bool:
        """Encrypt and send piece by piece."""
        while self._flush():
            if not self.rest:
                self.rest = None
                return True
            piece, self.rest = self.rest[:PIECE], self.rest[PIECE:]
            self.tls.write(piece)
        return False

    def pull(self) -> tuple[bytes, Extra]:
        """Read once and decrypt all of it; no data and not `ended`: half a TLS record."""
        extra = self._read()
        parts = []
        try:
            while part := self.tls.read(MOST_ROOM):
                parts.append(part)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        except ssl.SSLEOFError:
            self.ended = self.ragged = True
        self._flush()
        return b"".join(parts), extra

    def owes(self) -> bool:
        """Something waits for room in the kernel's send buffer."""
        return self.rest is not None or bool(self.cipher)

    def close(self) -> None:
        """Say goodbye if that does not block."""
        if self.phase == READY:
            with contextlib.suppress(OSError):
                self.tls.unwrap()
            with contextlib.suppress(OSError):
                self._flush()
        self.link.close()

    def _read(self) -> Extra:
        data, extra, _, _ = self.receive(self.room, stamps.SPACE)
        if len(data) == self.room:
            self.room = min(4 * self.room, MOST_ROOM)
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()
        return extra

    def _flush(self) -> bool:
        """Send ciphertext; True when none is left."""
        while self.cipher or self.outgoing.pending:
            if not self.cipher:
                self.cipher = memoryview(self.outgoing.read())
            try:
                self.cipher = self.cipher[self.send(self.cipher) :]
            except BlockingIOError:
                return False
        return True
