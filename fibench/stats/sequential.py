"""An interval and a test that stay valid however often one looks: the reason why fibench may stop early.

Two test martingales for "the d_i are symmetric about θ", averaged (an average of e-processes is one):

- sign: a uniform mixture over the success probability, E = 2ⁿ / ((n+1)·C(n, k))        [Ville 1939; Robbins 1970]
- self-normalised: a normal mixture of exp(λS − λ²V/2), E = (1+ρ²V)^−½ · exp(ρ²S² / (2(1+ρ²V))), with
  z_i = clip(d_i / σ̂_{i−1}, ±2); symmetric d make E[exp(λz − λ²z²/2)] ≤ 1        [de la Peña 1999; Howard 2021]

P(E ever reaches 1/α) ≤ α. Shifting d_i − θ and keeping every θ with E < 1/α gives a confidence sequence.
With V1 and V2 in random order the no-difference test is exact: the coin makes d_i symmetric whatever the noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RHO_SQUARED = 1 / 16
CLIP = 2.0
_GRID = 96


@dataclass(frozen=True, slots=True)
class Interval:
    """The estimate (median) of θ and its any-time-valid bounds; infinite while there are too few units."""

    estimate: float
    low: float
    high: float
    units: int

    @property
    def bounded(self) -> bool:
        """False while n is too small for any bound at this level."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def log_e_values(differences: Floats, shift: float = 0.0) -> Floats:
    """ln E after each unit (shape (n,)), testing that the d_i are symmetric about `shift`."""
    found: Floats = _log_e(np.asarray(differences, dtype=float)[None, :] - shift)[0]
    return found


def sup_e_value(differences: Floats, shift: float = 0.0, *, side: int = 0) -> float:
    """The largest E so far; 1/E is a p-value valid at any stop. `side=+1` counts only evidence for θ > shift."""
    d = np.asarray(differences, dtype=float)
    if len(d) == 0:
        return 1.0
    logs = log_e_values(d, shift)
    if side:
        lead = side * np.cumsum(np.sign(d - shift))
        logs = np.where(lead > 0, logs, 0.0)
    return float(np.exp(min(700.0, max(0.0, logs.max()))))


def confidence_sequence(differences: Floats, alpha: float) -> Interval:
    """All θ that the e-process has not rejected at level `alpha`, as an interval around the median."""
    d = np.asarray(differences, dtype=float)
    n = len(d)
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, 0)
    centre = float(np.median(d))
    threshold = -math.log(alpha)
    return Interval(centre, -_bound(-d, -centre, threshold), _bound(d, centre, threshold), n)


def _bound(d: Floats, centre: float, threshold: float) -> float:
    """The largest θ ≥ centre with ln E(θ) < threshold; +inf when even a far-away θ is not rejected."""
    far = d.max() + 8 * (d.max() - d.min()) + 1e-9
    if _final(d, np.array([far]))[0] < threshold:
        return math.inf
    inner = np.quantile(d[d >= centre], np.linspace(0, 1, _GRID)) if len(d) > 1 else np.array([centre])
    grid = np.unique(np.concatenate([[centre], inner, d.max() + (far - d.max()) * np.linspace(0, 1, 9) ** 3]))
    kept = np.flatnonzero(_final(d, grid) < threshold)
    if len(kept) == 0:
        return centre
    low, high = grid[kept[-1]], grid[min(kept[-1] + 1, len(grid) - 1)]
    for _ in range(4):  # each pass narrows the bracket 16 times
        points = np.linspace(low, high, 17)
        inside = np.flatnonzero(_final(d, points) < threshold)
        last = inside[-1] if len(inside) else 0
        low, high = points[last], points[min(last + 1, 16)]
    return float(high)


def _final(d: Floats, shifts: Floats) -> Floats:
    return _log_e(d[None, :] - shifts[:, None])[:, -1]


def _log_e(x: Floats) -> Floats:
    """ln ½(E_sign + E_sn) after each unit, for every row of shifted differences (shape (m, n))."""
    return np.logaddexp(_log_sign(x), _log_self_normalised(x)) - math.log(2)


def _log_sign(x: Floats) -> Floats:
    positive = np.cumsum(x > 0, axis=1)
    n = np.cumsum(x != 0, axis=1)  # an exact tie says nothing about the sign
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, x.shape[1] + 2)))])
    log_choose = log_factorial[n] - log_factorial[positive] - log_factorial[n - positive]
    found: Floats = n * math.log(2) - np.log(n + 1) - log_choose
    return found


def _log_self_normalised(x: Floats) -> Floats:
    size = np.abs(x)
    scale = np.empty_like(x)
    scale[:, 0] = 0.0
    scale[:, 1:] = np.cumsum(size, axis=1)[:, :-1] / np.arange(1, x.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(scale > 0, x / scale, np.sign(x) * CLIP)
    z = np.clip(z, -CLIP, CLIP)
    total, variance = np.cumsum(z, axis=1), np.cumsum(z * z, axis=1)
    damping = 1 + RHO_SQUARED * variance
    return -0.5 * np.log(damping) + RHO_SQUARED * total**2 / (2 * damping)
