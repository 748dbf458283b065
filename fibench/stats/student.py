"""Student's t: the two-sided critical value, without a 35 MB dependency."""

from __future__ import annotations

import math

import numpy as np


def critical(alpha: float, freedom: float) -> float:
    """t with P(|T| > t) = alpha, to about 1e-4, by bisection on the integrated density (freedom ≥ 1)."""
    low, high = 0.0, 1e4
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if two_tails(middle, freedom) > alpha else (low, middle)
    return high


def two_tails(t: float, freedom: float) -> float:
    """P(|T| > t): with T = √ν·tan φ the density becomes c·cos^(ν−1) φ on a finite range."""
    angle = math.atan(t / math.sqrt(freedom))
    grid = np.linspace(angle, math.pi / 2, 4001)
    constant = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    density = np.maximum(np.cos(grid), 0.0) ** (freedom - 1)
    return 2 * constant * float(np.trapezoid(density, grid))
