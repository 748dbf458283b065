"""The raw requests of a generation's blocks (windows of load), fetched when somebody looks: most readers do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fibench.traffic.packing import unpack


class Requests:
    """Records by the position of their block; `packed` is what the store keeps of one block."""

    def __init__(self, positions: Iterable[int], fetch: Callable[[int], bytes]) -> None:
        self.positions = frozenset(positions)
        self._fetch = fetch

    @classmethod
    def of(cls, packed: Mapping[int, bytes]) -> Requests:
        """What was just measured."""
        return cls(packed, packed.__getitem__)

    def packed(self, position: int) -> bytes:
        """One block as the store keeps it."""
        return self._fetch(position)

    def records(self, position: int) -> Any:
        """One block's records, a numpy array of `fibench.traffic.record.dtype()`; empty for a block without any."""
        if position in self.positions:
            return unpack(self._fetch(position))
        import numpy

        from fibench.traffic.record import dtype

        return numpy.empty(0, dtype())
