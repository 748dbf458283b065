"""Values measured one after the other remember each other; a test that takes them for independent is wrong."""

from __future__ import annotations

import numpy as np

from fibench.stats.sequential import Floats

TOLERATED = 0.1
"""Lag-1 autocorrelation below which neighbours are taken for independent."""
FEWEST = 8


def decorrelated(values: Floats) -> Floats:
    """Means of neighbours, joined in pairs until their lag-1 autocorrelation is small or few are left."""
    joined = np.asarray(values, dtype=float)
    if not np.isfinite(joined).all():
        return joined  # a window whose percentile lies among failed requests has no mean with its neighbour
    while len(joined) >= 2 * FEWEST and autocorrelation(joined) > TOLERATED:
        even = joined[: len(joined) // 2 * 2]
        joined = (even[::2] + even[1::2]) / 2
    return joined


def autocorrelation(values: Floats) -> float:
    """Lag-1 autocorrelation, 0 for constant or fewer than three values."""
    centred = np.asarray(values, dtype=float) - np.mean(values)
    power = float(np.sum(centred**2))
    return float(np.sum(centred[1:] * centred[:-1])) / power if len(centred) > 2 and power > 0 else 0.0
