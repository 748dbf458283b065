"""Bytes that arrive in any pieces become whole lines, with never more in memory than a piece and one unfinished line."""

from __future__ import annotations

from collections.abc import Iterator


class LineTooLongError(ValueError):
    """A line exceeds the limit, finished or not."""


class Splitter:
    """Feed it pieces; the last line needs no newline. `longest` is in bytes, without the newline."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.rest = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The lines that this piece completes, in order; exhaust it before the next piece. Raises LineTooLongError."""
        *closed, last = piece.split(b"\n")
        for part in closed:
            self._check(part)
            if self.rest:
                self.rest += part
                part, self.rest = bytes(self.rest), bytearray()
            yield part
        self._check(last)
        self.rest += last

    def end(self) -> Iterator[bytes]:
        """The line that no newline closed, if there is one."""
        rest, self.rest = bytes(self.rest), bytearray()
        if rest:
            yield rest

    def _check(self, part: bytes) -> None:
        if len(self.rest) + len(part) > self.longest:
            raise LineTooLongError(f"a line may have {self.longest:,} bytes")
