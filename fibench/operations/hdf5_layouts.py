"""Three ways to lay one thousand texts into an HDF5 file, each written and read per item or in bulk.

vlen          variable-length strings, as in the document: the dataset holds 16-byte descriptors, the text lies in
              the global heap, which no filter touches
fixed         "S1024"-like cells, as wide as the longest event rounded up to 64 bytes, in chunks of 64 events
concatenated  all bytes one after the other (uint8, chunks of 64 KiB) and an int64 table of offsets
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Protocol

import h5py
import numpy as np

ROWS = 64
BYTES = 65536
DESCRIPTOR = 16
"""Bytes of a variable-length string inside its dataset: length, heap address, index."""


class Layout(Protocol):
    """`create` or `find` the datasets in an open file, then `write` or `read` all events."""

    payload: int

    def create(self, file: Any) -> None: ...
    def find(self, file: Any) -> None: ...
    def write(self) -> None: ...
    def read(self) -> list[bytes]: ...


class Vlen:
    """As in the document; access "memoryview" is its proposal 3 B."""

    def __init__(self, events: list[str], options: dict[str, Any], access: str, accepted: bool) -> None:
        self.events, self.options = events, options
        self.payload = sum(len(event.encode()) for event in events)
        self.dataset: Any = None
        writers = {"item": self._items, "bulk": self._bulk, "memoryview": self._views if accepted else self._copies}
        self.write = writers[access]
        self.read = self._read_bulk if access == "bulk" else self._read_items

    def create(self, file: Any) -> None:
        """Shape, type and filter as the document gives them; the chunks are h5py's choice."""
        text = h5py.special_dtype(vlen=str)
        self.dataset = file.create_dataset("events", shape=(len(self.events),), dtype=text, **self.options)

    def find(self, file: Any) -> None:
        self.dataset = file["events"]

    def _items(self) -> None:
        dataset = self.dataset
        for i, event in enumerate(self.events):
            dataset[i] = event

    def _bulk(self) -> None:
        self.dataset[:] = self.events

    def _views(self) -> None:
        dataset = self.dataset
        for i, event in enumerate(self.events):
            dataset[i] = memoryview(event.encode("utf-8"))

    def _copies(self) -> None:
        """What a caller must do where h5py refuses a memoryview: make the copy that it was to save."""
        dataset = self.dataset
        for i, event in enumerate(self.events):
            dataset[i] = bytes(memoryview(event.encode("utf-8")))

    def _read_items(self) -> list[bytes]:
        return list(self.dataset)

    def _read_bulk(self) -> list[bytes]:
        found: list[bytes] = self.dataset[:].tolist()
        return found


class Fixed:
    """Cells of one width; the filter sees every byte, and the padding."""

    def __init__(self, events: list[str], options: dict[str, Any], access: str, accepted: bool) -> None:
        self.events, self.options = events, options
        sizes = [len(event.encode()) for event in events]
        self.payload = sum(sizes)
        self.type = np.dtype(f"S{-(-max(sizes) // 64) * 64}")
        self.dataset: Any = None
        self.write = self._bulk if access == "bulk" else self._items
        self.read = self._read_bulk if access == "bulk" else self._read_items

    def create(self, file: Any) -> None:
        """The same chunks with every filter and without one."""
        count = len(self.events)
        self.dataset = file.create_dataset("events", (count,), self.type, chunks=(min(ROWS, count),), **self.options)

    def find(self, file: Any) -> None:
        self.dataset = file["events"]

    def _items(self) -> None:
        dataset = self.dataset
        for i, event in enumerate(self.events):
            dataset[i] = event.encode()

    def _bulk(self) -> None:
        self.dataset[:] = np.array([event.encode() for event in self.events], dtype=self.type)

    def _read_items(self) -> list[bytes]:
        return list(self.dataset)

    def _read_bulk(self) -> list[bytes]:
        found: list[bytes] = self.dataset[:].tolist()
        return found


class Concatenated:
    """Bytes and offsets; per item both are written, so that a reader may come at any time."""

    def __init__(self, events: list[str], options: dict[str, Any], access: str, accepted: bool) -> None:
        self.events, self.options = events, options
        self.payload = sum(len(event.encode()) for event in events)
        self.data: Any = None
        self.offsets: Any = None
        self.write = self._bulk if access == "bulk" else self._items
        self.read = self._read_bulk if access == "bulk" else self._read_items

    def create(self, file: Any) -> None:
        """The same chunks with every filter and without one."""
        size, ends = max(1, self.payload), len(self.events) + 1
        self.data = file.create_dataset("events", (size,), np.uint8, chunks=(min(BYTES, size),), **self.options)
        self.offsets = file.create_dataset("offsets", (ends,), np.int64, chunks=(min(8192, ends),), **self.options)

    def find(self, file: Any) -> None:
        self.data, self.offsets = file["events"], file["offsets"]

    def _items(self) -> None:
        data, offsets, end = self.data, self.offsets, 0
        for i, event in enumerate(self.events):
            raw = np.frombuffer(event.encode(), np.uint8)
            data[end : end + len(raw)] = raw
            end += len(raw)
            offsets[i + 1] = end

    def _bulk(self) -> None:
        raw = [event.encode() for event in self.events]
        self.data[:] = np.frombuffer(b"".join(raw), np.uint8)
        self.offsets[:] = np.cumsum([0, *map(len, raw)], dtype=np.int64)

    def _read_items(self) -> list[bytes]:
        data, ends = self.data, self.offsets[:].tolist()
        return [data[start:end].tobytes() for start, end in pairwise(ends)]

    def _read_bulk(self) -> list[bytes]:
        whole, ends = self.data[:].tobytes(), self.offsets[:].tolist()
        return [whole[start:end] for start, end in pairwise(ends)]


LAYOUTS: dict[str, Any] = {"vlen": Vlen, "fixed": Fixed, "concatenated": Concatenated}


def stored(file: Any) -> int:
    """Bytes that the datasets take in the file, heap and metadata not counted."""
    return sum(dataset.id.get_storage_size() for dataset in file.values())


def described(file: Any) -> dict[str, Any]:
    """Filters of the dataset of events, its chunks, what it stores, and how many bytes ever reach a filter."""
    dataset = file["events"]
    plist = dataset.id.get_create_plist()
    filters = [plist.get_filter(number) for number in range(plist.get_nfilters())]
    variable = h5py.check_string_dtype(dataset.dtype) is not None and dataset.dtype.kind == "O"
    return {
        "filters": [f"{name.decode().partition(';')[0]} {list(values)}" for _, _, values, name in filters],
        "chunks": list(dataset.chunks) if dataset.chunks else None,
        "type": "variable-length string" if variable else str(dataset.dtype),
        "storage": stored(file),
        "filter_sees": dataset.size * (DESCRIPTOR if variable else dataset.dtype.itemsize),
    }
