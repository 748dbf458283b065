"""Answers: what arrived, whether it is whole, and what to make of it. Pure: bytes in, verdicts out.

The head is parsed by httptools once; identical heads are then looked up (only the Date changes, once a second). Framing follows
RFC 9112 §6.3: no body after HEAD, 1xx, 204 and 304; else chunked, else Content-Length, else until the connection closes.
"""

from __future__ import annotations

from dataclasses import dataclass

import httptools

from fibench.traffic.job import Expect
from fibench.traffic.record import CHECK, MALFORMED, TOO_LARGE

LARGEST_HEAD = 256 * 1024
CHUNKED, UNTIL_CLOSE = -1, -2
END = b"\r\n\r\n"
_CACHED_HEAD, _CACHED_HEADS = 4096, 512
_CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class BadAnswerError(Exception):
    """The answer is broken or too large; `code` is its failure code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Shape:
    """All that a head says."""

    status: int
    length: int
    """Bytes of the body, or CHUNKED, or UNTIL_CLOSE."""
    keep: bool
    """The connection may be used again."""
    right: bool
    """The status is an expected one."""
    fault: str
    """What is not as expected, in words; empty if nothing is."""
    code: int
    """What to record if the body is right too."""


class Heads:
    """The heads seen so far, for one kind of request: after a HEAD the same head has no body."""

    def __init__(self, expect: Expect, largest: int, *, bodiless: bool = False) -> None:
        self.expect, self.largest, self.bodiless = expect, largest, bodiless
        self._known: dict[bytes, Shape] = {}

    def shape(self, head: bytes) -> Shape:
        """What `head` (up to and with the empty line) means; BadAnswerError if it is none."""
        shape = self._known.get(head)
        if shape is None:
            shape = read_head(head, self.expect, bodiless=self.bodiless)
            if shape.length > self.largest:
                raise BadAnswerError(TOO_LARGE, f"Content-Length {shape.length} is beyond {self.largest} bytes")
            if len(head) <= _CACHED_HEAD:
                if len(self._known) >= _CACHED_HEADS:  # every answer has a head of its own: do not collect them
                    self._known.clear()
                self._known[head] = shape
        return shape

    def whole(self, data: bytes) -> Shape | None:
        """The shape of `data` if it is exactly one answer, with a known head, in which nothing is left to check."""
        end = data.find(END) + 4
        shape = self._known.get(data[:end])
        if shape is None or shape.length != len(data) - end or shape.fault or self.expect.contains or shape.status < 200:
            return None
        return shape


class _Head:
    """httptools' callbacks: collects the headers."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        self.complete = True

    def tokens(self, name: str) -> list[str]:
        return [token.strip().lower() for token in self.headers.get(name, "").split(",")]


def read_head(head: bytes, expect: Expect, *, bodiless: bool) -> Shape:
    """Parse a whole head."""
    found = _Head()
    parser = httptools.HttpResponseParser(found)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise BadAnswerError(MALFORMED, f"broken head: {error}") from None
    status, version = parser.get_status_code(), parser.get_http_version()
    if not found.complete or version not in ("1.0", "1.1") or status < 100:
        raise BadAnswerError(MALFORMED, f"not an HTTP/1.1 answer: {head[:60]!r}")
    length = _length(found, status, bodiless)
    keep = "close" not in found.tokens("connection") and (version == "1.1" or "keep-alive" in found.tokens("connection"))
    right = status in expect.statuses if expect.statuses else 200 <= status < 300
    fault = "" if right else head.lstrip().partition(b"\r\n")[0].decode("latin-1")
    missing = [name for name, part in expect.headers if part not in found.headers.get(name, "\0")] if right else []
    if missing:
        fault = f"header {missing[0]} is {found.headers.get(missing[0], 'missing')!r}"
    keep = keep and length != UNTIL_CLOSE and status != 101
    return Shape(status, length, keep, right, fault, CHECK if missing else status)


def _length(head: _Head, status: int, bodiless: bool) -> int:
    if bodiless or status < 200 or status in (204, 304):
        return 0
    if "transfer-encoding" in head.headers:
        return CHUNKED if head.tokens("transfer-encoding")[-1] == "chunked" else UNTIL_CLOSE
    return int(head.headers["content-length"]) if "content-length" in head.headers else UNTIL_CLOSE


class _Chunks:
    """httptools' callbacks for a chunked body; holds no parser, so that the two form no cycle (the collector is off)."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.complete = self.more = False

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_begin(self) -> None:
        self.more = self.complete

    def on_message_complete(self) -> None:
        self.complete = True


class Answer:
    """One answer as it arrives in pieces. After `feed` or `close` said True: `code`, `size`, `shape`, `fault`."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self._held = b""
        self._probe: httptools.HttpResponseParser | None = None
        self._chunks: _Chunks | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._tail = b""
        self._missing = heads.expect.contains
        self.shape: Shape | None = None
        self.size = 0

    @property
    def begun(self) -> bool:
        """The first byte of the final answer is here (1xx do not count)."""
        return bool(self._held) or self.shape is not None

    @property
    def fault(self) -> str:
        """Why the answer is not as expected; empty if it is."""
        assert self.shape
        lacks = self._missing and not self.shape.fault
        return f"the body lacks {self._missing[:80]!r}" if lacks else self.shape.fault

    @property
    def code(self) -> int:
        """What to record."""
        assert self.shape
        return CHECK if self._missing and self.shape.right else self.shape.code

    def feed(self, data: bytes) -> bool:
        """Take what arrived; True when the answer is whole. BadAnswerError if it cannot become so."""
        if self.shape is None:
            rest = self._head(data)
            if rest is None:
                return False
            data = rest
        assert self.shape
        if self.shape.length == CHUNKED:
            return self._feed_chunks(data)
        self._count(data)
        if self.shape.length == UNTIL_CLOSE:
            return False
        if self.size > self.shape.length and self.shape.status != 101:
            raise BadAnswerError(MALFORMED, f"{self.size - self.shape.length} bytes after the end of the answer")
        return self.size >= self.shape.length

    def close(self) -> bool:
        """The connection ended: True if that was the end of the answer."""
        return self.shape is not None and self.shape.length == UNTIL_CLOSE

    def _head(self, data: bytes) -> bytes | None:
        """The bytes after the final answer's head; None if that is not complete yet."""
        held = self._held + data if self._held else data
        start = max(0, len(self._held) - 3)
        while (end := held.find(END, start) + 4) >= 4:
            shape = self._heads.shape(held[:end])
            held, start, data, self._probe = held[end:], 0, held[end:], None
            if shape.status >= 200 or shape.status == 101:
                self.shape, self._held = shape, b""
                return held
        self._held = held
        if len(held) > LARGEST_HEAD:
            raise BadAnswerError(TOO_LARGE, f"a head of more than {LARGEST_HEAD} bytes")
        self._try(data)
        return None

    def _try(self, data: bytes) -> None:
        """Garbage should be called so at once, not time out: the pieces of an unfinished head must parse."""
        if self._probe is None:
            self._probe = httptools.HttpResponseParser(object())
        try:
            self._probe.feed_data(data)
        except httptools.HttpParserError as error:
            raise BadAnswerError(MALFORMED, f"broken head: {error}: {self._held[:60]!r}") from None

    def _feed_chunks(self, data: bytes) -> bool:
        if self._parser is None or self._chunks is None:
            self._chunks = _Chunks()
            self._parser = httptools.HttpResponseParser(self._chunks)
            self._parser.feed_data(_CHUNKED_HEAD)
        chunks = self._chunks
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not chunks.complete:
                raise BadAnswerError(MALFORMED, f"broken chunk: {error}") from None
        if chunks.more:
            raise BadAnswerError(MALFORMED, "bytes after the end of the answer")
        for piece in chunks.pieces:
            self._count(piece)
        chunks.pieces.clear()
        return chunks.complete

    def _count(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > self._heads.largest:
            raise BadAnswerError(TOO_LARGE, f"a body of more than {self._heads.largest} bytes")
        if self._missing:
            window = self._tail + piece
            if self._missing in window:
                self._missing = self._tail = b""
            else:
                self._tail = window[-len(self._missing) + 1 :] if len(self._missing) > 1 else b""
