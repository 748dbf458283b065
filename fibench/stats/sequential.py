"""An interval and a test that stay valid however often one looks: the reason why fibench may stop early.

Each unit either lies above θ or not. If θ is the q-quantile, the number k of n units at or below it is binomial, and
the mixture over all success probabilities p,

    E = ∫₀¹ pᵏ(1−p)ⁿ⁻ᵏ dp / (qᵏ(1−q)ⁿ⁻ᵏ) = 1 / ((n+1)·C(n, k)·qᵏ(1−q)ⁿ⁻ᵏ),

is a test martingale: P(E ever reaches 1/α) ≤ α [Ville 1939; Robbins 1970]. Every θ with E < 1/α forms a confidence
sequence, in closed form between two order statistics. For the median of log-ratios (q = ½, E = 2ⁿ/((n+1)·C(n, k))) no
assumption is made on the noise but independence of its signs; with V1 and V2 in random order the no-difference test
is exact even without it: the coin makes the signs fair whatever the noise.

A self-normalised martingale beside it (MEASUREMENT §4) is dropped: it tests symmetry about θ, which nothing grants
away from θ = 0, and shrinks around wrong values under skewed noise (99 % of misses at a nominal 1 % after 1,000 units).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """The estimate of θ and its any-time-valid bounds; infinite while there are too few units."""

    estimate: float
    low: float
    high: float
    units: int

    @property
    def bounded(self) -> bool:
        """False while n is too small for a bound on both sides at this level."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def confidence_sequence(values: ArrayLike, alpha: float, quantile: float = 0.5) -> Interval:
    """All θ that may be the `quantile` of the values' distribution, at level 1 − `alpha`, valid at any stop."""
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, 0)
    kept = np.flatnonzero(_log_e(np.arange(n + 1), n, quantile) < -math.log(alpha))
    fewest, most = int(kept[0]), int(kept[-1])  # counts at or below θ that are not rejected
    low = float(ordered[fewest - 1]) if fewest > 0 else -math.inf
    high = float(ordered[most]) if most < n else math.inf
    if np.isfinite(ordered).all():
        return Interval(float(np.quantile(ordered, quantile)), low, high, n)
    return Interval(float(np.quantile(ordered, quantile, method="higher")), low, high, n)  # nothing lies between infinities


def fewest_units(alpha: float) -> int:
    """The shortest streak that decides at level `alpha`: 8 at 5 %, 11 at 1 %, 14 at 0.1 %."""
    n = 1
    while 2**n / (n + 1) < 1 / alpha:
        n += 1
    return n


def log_e_values(values: ArrayLike, shift: float = 0.0) -> Floats:
    """ln E after each unit (shape (n,)), testing that the median is `shift`; exact ties say nothing."""
    x = np.asarray(values, dtype=float) - shift
    below, n = np.cumsum(x < 0, dtype=np.int64), np.cumsum(x != 0, dtype=np.int64)
    found: Floats = _log_e(below, n, 0.5)
    return found


def sup_e_value(values: ArrayLike, shift: float = 0.0, *, side: int = 0) -> float:
    """The largest E so far; 1/E is a p-value valid at any stop.

    `side` = −1 counts only evidence for a median below `shift`, +1 only for one above it. That stays valid for the
    one-sided null: its paths lead on the wrong side less often than those of a median exactly at `shift`.
    """
    x = np.asarray(values, dtype=float)
    if len(x) == 0:
        return 1.0
    logs = log_e_values(x, shift)
    if side:
        logs = np.where(side * np.cumsum(np.sign(x - shift)) > 0, logs, 0.0)
    return float(np.exp(min(700.0, max(0.0, float(logs.max())))))


def _log_e(below: NDArray[np.int64], n: NDArray[np.int64] | int, q: float) -> Floats:
    """ln E for `below` of `n` units at or below the q-quantile."""
    size = int(np.max(n)) if np.size(n) else 0
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + 2)))])
    log_choose = log_factorial[n] - log_factorial[below] - log_factorial[n - below]
    found: Floats = -(np.log(np.asarray(n) + 1) + log_choose + below * math.log(q) + (n - below) * math.log1p(-q))
    return found
