"""Order statistics that refuse to guess."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

NEEDED = {0.5: 1, 0.9: 36, 0.95: 72, 0.99: 368, 0.999: 3688}
"""Samples below which a quantile is not quoted: the two-sided 95 % order-statistic interval needs that many."""


def quantile(values: Sequence[float], q: float) -> float | None:
    """The q-quantile, or None when n is too small to say (p95 ≥ 72, p99 ≥ 368, p99.9 ≥ 3,688 samples)."""
    if len(values) < needed(q):
        return None
    found = np.asarray(values, dtype=float)
    # among infinities (percentiles beyond a timeout) nothing lies between two values
    return float(np.quantile(found, q, method="linear" if np.isfinite(found).all() else "higher"))


def needed(q: float) -> int:
    """The smallest n whose order statistics can bound the q-quantile from above at 95 % (both sides 97.5 %)."""
    if q in NEEDED:
        return NEEDED[q]
    tail = max(q, 1 - q)
    return 1 if tail <= 0.5 else math.ceil(math.log(0.025) / math.log(tail))
