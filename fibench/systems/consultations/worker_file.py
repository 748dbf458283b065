"""V2: a file per worker process, `events-<pid>-<n>.h5`, kept open; no lock is shared, so nobody is refused.

The rows are lines of one long byte stream. `blocks` holds its full 64 KiB pieces, each compressed once, when it is full;
`tail` holds the rest, uncompressed and overwritten in place; `committed` = [bytes, rows, CRC-32] says how far it counts.
An append writes the tail, then `committed` (24 bytes in one system call): a worker that is killed between the two has
stored nothing, one that is killed after has stored everything. HDF5's single-writer mode orders the growth of `blocks`
likewise, so every file can be read at every moment. Written means handed to the operating system: this survives the death
of the process, not of the machine.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from fibench.systems.consultations import reading
from fibench.systems.consultations.codec import Row
from fibench.systems.consultations.settings import FILTERS
from fibench.systems.consultations.shared_file import StoreUnavailableError

BLOCK = reading.BLOCK


class WorkerFile:
    """The rows of this process; a fork, or a write that failed, begins a new file."""

    def __init__(self, folder: Path, compression: str) -> None:
        self.folder = folder
        self.options = FILTERS[compression]
        self.log: _Log | None = None
        self.pid = 0

    def append(self, rows: Sequence[Row]) -> None:
        """Write the rows in one go; after this they are in the system's hands. Raises StoreUnavailableError."""
        try:
            if self.log is None or self.pid != os.getpid():
                self.log, self.pid = self._create(), os.getpid()
            self.log.append(rows)
        except (OSError, RuntimeError, ValueError) as error:
            self._abandon()
            raise StoreUnavailableError(f"{self.folder}: {error}") from error

    def rows(self) -> Iterator[bytes]:
        """Every row of every worker: its own file through the open handle, the others as a reader beside the writer."""
        own = None if self.log is None else self.log.path
        for path in reading.files(self.folder):
            if path == own and self.log is not None:
                yield from reading.rows(self.log.file)
                continue
            try:
                yield from reading.rows_of(path)
            except reading.CorruptStoreError as error:
                raise StoreUnavailableError(str(error)) from error

    def close(self) -> None:
        """End the file properly; without it a reader has to ask for a writer's file."""
        if self.log is not None and self.pid == os.getpid():
            self.log.file.close()
        self.log = None

    def _abandon(self) -> None:
        """What the file holds up to `committed` stays good; what was being written is not in it."""
        try:
            self.close()
        except (OSError, RuntimeError):
            self.log = None

    def _create(self) -> _Log:
        names = (self.folder / f"events-{os.getpid()}-{number}.h5" for number in count(1))
        return _Log(next(path for path in names if not path.exists()), self.options)


class _Log:
    """One open file. `sealed` = length of `blocks`, `used` = bytes in use of `tail`."""

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self.path = path
        unfinished = path.with_suffix(".new")  # a reader never meets a file that is not yet one
        self.file = h5py.File(unfinished, "w", libver="latest", locking=False)  # nobody else writes it
        self.blocks = self.file.create_dataset("blocks", (0,), np.uint8, maxshape=(None,), chunks=(BLOCK,), **options)
        self.tail = self.file.create_dataset("tail", data=np.zeros(BLOCK, np.uint8))
        self.committed = self.file.create_dataset("committed", data=np.array([0, 0, reading.EMPTY], np.uint64))
        self.file.flush()
        self.file.swmr_mode = True
        unfinished.rename(path)
        self.sealed = self.used = self.count = 0
        self.crc = reading.EMPTY

    def append(self, rows: Sequence[Row]) -> None:
        lines = [row.encode() if isinstance(row, str) else row for row in rows]
        text = b"\n".join([*lines, b""])
        self.crc = zlib.crc32(text, self.crc)
        stream = np.frombuffer(text, np.uint8)
        while len(stream):
            part, stream = stream[: BLOCK - self.used], stream[BLOCK - self.used :]
            self.tail[self.used : self.used + len(part)] = part
            self.used += len(part)
            if self.used == BLOCK:
                self._seal()
        self.count += len(lines)
        self.tail.flush()
        self.committed[:] = np.array([self.sealed + self.used, self.count, self.crc], np.uint64)
        self.committed.flush()

    def _seal(self) -> None:
        """The full tail becomes a block, and is in the file before the tail is overwritten."""
        self.blocks.resize((self.sealed + BLOCK,))
        self.blocks[self.sealed :] = self.tail[:]
        self.blocks.flush()
        self.sealed, self.used = self.sealed + BLOCK, 0
