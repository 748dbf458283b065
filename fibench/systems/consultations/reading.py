"""The rows of a store, read from any process while the workers hold their files open.

Locks are not asked for: a shared file is meant to be read between two appends, a worker's file is safe at any moment.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from fibench.systems.consultations.lines import Splitter

BLOCK = 65536
"""Bytes of a block of a worker's file: h5py's usual chunk, eight windows of lzf."""

EMPTY = 1
"""Checksum (CRC-32) of no bytes at all; not 0, which is what a file reads as where it was cut off."""

AT_ONCE = 16
"""Blocks that are read together: 1 MiB."""


class CorruptStoreError(RuntimeError):
    """A file of the store cannot be read, or holds something else than it says; the message names it."""


def files(folder: Path) -> list[Path]:
    """The files of a store, sorted by name; those that a worker was still making are none. Raises CorruptStoreError."""
    if not folder.is_dir():
        raise CorruptStoreError(f"{folder}: there is no such folder")
    return sorted(folder.glob("events*.h5"))


def rows_of(path: Path) -> Iterator[bytes]:
    """The rows of a file in the order of writing. Raises CorruptStoreError."""
    with _opened(path) as file:
        yield from rows(file)


def rows(file: Any) -> Iterator[bytes]:
    """The rows of an open file, of either layout. Raises CorruptStoreError."""
    if "committed" in file:
        yield from _lines(file)
    elif "events" in file:
        yield from _texts(file["events"])
    elif len(file):
        raise CorruptStoreError(f"{file.filename}: not an event store: it holds {', '.join(list(file)[:5])}")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A worker's file that is open, or whose worker was killed, opens only for a reader beside a writer."""
    try:
        try:
            file = h5py.File(path, "r", locking=False)
        except OSError as error:
            if "already open" not in str(error):  # a reader beside a writer is not told that a file was cut off
                raise
            file = h5py.File(path, "r", locking=False, swmr=True)
        with file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        if isinstance(error, CorruptStoreError):
            raise
        raise CorruptStoreError(f"{path}: cannot be read: {error}") from error


def tally(path: Path) -> int:
    """The number of rows of a file: all of it is read and its checksum compared, no row is parsed. Raises CorruptStoreError."""
    with _opened(path) as file:
        if "committed" in file:
            return sum(piece.count(b"\n") for piece in _verified(file))
        return sum(1 for _ in rows(file))


def _texts(dataset: Any) -> Iterator[bytes]:
    for start in range(0, dataset.shape[0], 1024):
        yield from dataset[start : start + 1024]


def _lines(file: Any) -> Iterator[bytes]:
    splitter = Splitter(longest=1 << 40)
    for piece in _verified(file):
        yield from splitter.feed(piece)


def _verified(file: Any) -> Iterator[bytes]:
    """The committed bytes, in pieces of at most 1 MiB; what they are is compared with what was committed at the end."""
    committed, stated, checksum = (int(value) for value in file["committed"][:])
    found, crc, piece = 0, EMPTY, b"\n"
    for piece in _stream(file, committed):
        crc = zlib.crc32(piece, crc)
        found += piece.count(b"\n")
        yield piece
    if found != stated or crc != checksum or not piece.endswith(b"\n"):
        differs = "their checksum differs" if found == stated else f"{found} are there"
        raise CorruptStoreError(f"{file.filename}: {stated} rows were committed, {differs}")


def _stream(file: Any, committed: int) -> Iterator[bytes]:
    blocks = file["blocks"]
    sealed = min(committed, blocks.shape[0])
    for start in range(0, sealed, AT_ONCE * BLOCK):
        yield blocks[start : min(sealed, start + AT_ONCE * BLOCK)].tobytes()
    if committed - sealed > BLOCK:
        raise CorruptStoreError(f"{file.filename}: {committed} bytes were committed, {sealed + BLOCK} are there at most")
    if committed > sealed:
        yield file["tail"][: committed - sealed].tobytes()
