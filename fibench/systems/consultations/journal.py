"""When a row is written. An append returns when its rows are in the store, or raises; there is nothing in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

from fibench.systems.consultations.codec import Row


class Store(Protocol):
    """Where rows go; synchronous, it blocks whoever calls."""

    def append(self, rows: Sequence[Row], /) -> None: ...
    def rows(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class Journal(Protocol):
    """What an endpoint sees of the store."""

    async def append(self, rows: Sequence[Row], /) -> None: ...


class Direct:
    """As in the document: every event by itself, at once, and the event loop waits."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def append(self, rows: Sequence[Row], /) -> None:
        """Write now."""
        self.store.append(rows)


class Grouped:
    """Group commit: what is appended in one turn of the event loop is written together, and then acknowledged."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rows: list[Row] = []
        self.waiting: list[asyncio.Future[None]] = []

    async def append(self, rows: Sequence[Row], /) -> None:
        """Wait for the commit at the end of this turn; raises what the store raised."""
        loop = asyncio.get_running_loop()
        if not self.waiting:
            loop.call_soon(self._commit)
        mine = loop.create_future()
        self.waiting.append(mine)
        self.rows.extend(rows)
        await mine

    def _commit(self) -> None:
        rows, waiting = self.rows, self.waiting
        self.rows, self.waiting = [], []
        try:
            self.store.append(rows)
        except Exception as error:  # whatever it is: each of them waits for an answer
            for one in waiting:
                if not one.done():
                    one.set_exception(error)
            return
        for one in waiting:
            if not one.done():  # its client may have gone: the row is stored, nobody is told
                one.set_result(None)
