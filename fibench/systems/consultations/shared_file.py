"""V1: one file `events.h5` for all, a row of variable-length text per event, opened and closed by every append.

HDF5 locks the file while it is open for writing. With several workers the later one finds it locked and is refused: that
is said (503), never retried and never hidden. The filter sees the 16-byte descriptors only, not the text.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py

from fibench.systems.consultations import reading
from fibench.systems.consultations.codec import Row
from fibench.systems.consultations.settings import FILTERS

NAME = "events.h5"


class StoreUnavailableError(RuntimeError):
    """The event store did not take the rows, or cannot be read now; none of the rows counts as stored."""


class SharedFile:
    """The document's event store."""

    def __init__(self, folder: Path, compression: str) -> None:
        self.path = folder / NAME
        self.options = FILTERS[compression]

    def append(self, rows: Sequence[Row]) -> None:
        """Write the rows one by one, as the document does, and close the file. Raises StoreUnavailableError."""
        try:
            with h5py.File(self.path, "a") as file:
                dataset = self._dataset(file)
                first = dataset.shape[0]
                dataset.resize((first + len(rows),))
                for index, row in enumerate(rows, first):
                    dataset[index] = row
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise StoreUnavailableError(f"{NAME}: {error}") from error

    def rows(self) -> Iterator[bytes]:
        """Every row; the file is locked against writers of other processes meanwhile."""
        if not self.path.exists():
            return
        try:
            with h5py.File(self.path, "r") as file:
                yield from reading.rows(file)
        except (OSError, reading.CorruptStoreError) as error:
            raise StoreUnavailableError(f"{NAME}: {error}") from error

    def close(self) -> None:
        """Nothing is open between two appends."""

    def _dataset(self, file: Any) -> Any:
        if "events" in file:
            return file["events"]
        return file.create_dataset("events", (0,), h5py.string_dtype(), maxshape=(None,), chunks=True, **self.options)


def prepare(folder: Path) -> None:
    """Make the folder, and say at the start what would fail at every request. Raises StoreUnavailableError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"{folder}: cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise StoreUnavailableError(f"{folder}: cannot be written: give another folder in CONSULTATIONS_STORE")
