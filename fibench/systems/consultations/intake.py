"""An upload of newline-delimited events: `streamed` with bounded memory, `whole` as the document's clients do it today.

Both take the same bodies and answer the same. A bad line ends the upload: the lines before it are stored, and the answer
says how many. Blank lines count as lines, not as events; the last line needs no newline.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fibench.systems.consultations.codec import Codec, MalformedError, Row
from fibench.systems.consultations.journal import Journal
from fibench.systems.consultations.lines import LineTooLongError, Splitter

LONGEST_LINE = 1 << 20
"""Bytes of a line: 1 MiB."""

BATCH_ROWS, BATCH_BYTES = 256, 1 << 18
"""What is written at once: as many events, or as many bytes of lines, whichever comes first."""


@dataclass(frozen=True, slots=True)
class Received:
    """A complete upload: events stored, bytes of its body."""

    events: int
    bytes: int


class RefusedError(ValueError):
    """A line was not taken: HTTP status, number of the line (from 1), events that were stored before it."""

    def __init__(self, status: int, line: int, stored: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}; {stored} events before it are stored")
        self.status, self.line, self.stored = status, line, stored


async def streamed(body: AsyncIterator[bytes], consultation: str, codec: Codec, journal: Journal) -> Received:
    """Store the lines as they come, a batch at a time. Raises RefusedError, and what the journal raises."""
    intake, splitter = _Intake(consultation, codec, journal), Splitter(LONGEST_LINE)
    try:
        async for piece in body:
            intake.bytes += len(piece)
            for line in splitter.feed(piece):
                await intake.take(line)
        for line in splitter.end():
            await intake.take(line)
    except (MalformedError, LineTooLongError) as error:
        await intake.refuse(error)
    await intake.write()
    return Received(intake.events, intake.bytes)


async def whole(body: bytes, consultation: str, codec: Codec, journal: Journal) -> Received:
    """Store a body that is in memory already, in one write. Raises as `streamed` does."""
    intake = _Intake(consultation, codec, journal, batched=False)
    intake.bytes = len(body)
    try:
        for line in body.split(b"\n"):
            if len(line) > LONGEST_LINE:
                raise LineTooLongError(f"a line may have {LONGEST_LINE:,} bytes")
            await intake.take(line)
    except (MalformedError, LineTooLongError) as error:
        await intake.refuse(error)
    await intake.write()
    return Received(intake.events, intake.bytes)


class _Intake:
    """The batch being filled, and the counts of what was read and stored."""

    def __init__(self, consultation: str, codec: Codec, journal: Journal, *, batched: bool = True) -> None:
        self.consultation, self.codec, self.journal, self.batched = consultation, codec, journal, batched
        self.lines = self.events = self.bytes = self.pending = 0
        self.batch: list[Row] = []

    async def take(self, line: bytes) -> None:
        if line.strip():
            self.batch.append(self.codec.event(self.consultation, line))
            self.pending += len(line)
        self.lines += 1
        if self.batched and (len(self.batch) >= BATCH_ROWS or self.pending >= BATCH_BYTES):
            await self.write()

    async def write(self) -> None:
        if self.batch:
            await self.journal.append(self.batch)
            self.events += len(self.batch)
            self.batch, self.pending = [], 0

    async def refuse(self, error: ValueError) -> None:
        """The line after those that were taken is the bad one."""
        await self.write()
        status = 413 if isinstance(error, LineTooLongError) else 422
        raise RefusedError(status, self.lines + 1, self.events, str(error)) from None
