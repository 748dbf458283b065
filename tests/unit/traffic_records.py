"""Records and shots by hand for the tests of `fibench.traffic`: windows whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from fibench.traffic import record
from fibench.traffic.job import Health, Shot


def records(
    due: Any, service: Any, *, dispatch: Any = 0.0, first: Any = None, lag: Any = np.nan, status: Any = 200, size: Any = 2
) -> Any:
    """Records of requests due at `due` s; the other columns are arrays or one value for all."""
    due = np.asarray(due, float)
    found = np.empty(len(due), record.dtype())
    found["due"] = np.round(due * 1e6)
    found["dispatch"], found["service"], found["lag"] = dispatch, service, lag
    found["first"] = service if first is None else first
    found["status"], found["size"] = status, size
    return found


def shot(requests: int, seconds: float, *, closed: bool = False, lasted: float | None = None, **health: Any) -> Shot:
    """A shot by a client in good health unless told otherwise."""
    facts: dict[str, Any] = {"offered": requests, "sent": requests, "cpu": (0.3,) * max(1, int(seconds)), **health}
    return Shot((), seconds, seconds if lasted is None else lasted, 0.0, Health(**facts), closed)
