"""The border: every statement passes here, so no SQLAlchemy exception gets past this page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from fibench.errors import StoreError
from fibench.store.address import Address
from fibench.store.engine import WRITES
from fibench.store.trouble import passing, translate

T = TypeVar("T")

_PAUSE = 0.02  # s between two attempts


class Database:
    """Transactions on one store: the work is a function, because it is done again when a lock was in the way."""

    def __init__(self, engine: Engine, address: Address, patience: float) -> None:
        self.address = address
        self._reader = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._patience = patience

    def read(self, work: Callable[[Connection], T]) -> T:
        """Do the work on one consistent view; StoreError."""
        return self._attempt(self._reader, work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do the work wholly or not at all; on return it is on the disk. StoreError."""
        return self._attempt(self._writer, work)

    def close(self) -> None:
        """Close the connections; SQLite then folds its log into the file."""
        self._reader.dispose()

    def _attempt(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                with engine.begin() as connection:
                    return work(connection)
            except SQLAlchemyError as error:
                if not passing(error) or time.monotonic() >= deadline:
                    raise translate(error, self.address) from error
            except StoreError as error:
                raise _placed(error, self.address) from error.__cause__
            time.sleep(_PAUSE)


def _placed(error: StoreError, address: Address) -> StoreError:
    """What a row or a schema has to complain about, with the place it stands in."""
    return StoreError(error.message, where=error.where or address.shown, hint=error.hint)
