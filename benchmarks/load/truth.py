"""The capacity that a search should find: M/D/1, from the tail of its waiting time.

P(W > t) = C·e^(−θt) with θ = λ(e^(θD) − 1) and C = (1 − ρ)/(ρ·e^(θD) − 1): exact up to terms that vanish within a few
service times D, and the limits used here are many of those. A long simulation agrees (see the tests of the search).
"""

from __future__ import annotations

import math
from typing import Any


def decay(rate: float, service: float) -> float:
    """θ in 1/s: the positive root, for a load rate·service below 1."""
    low = (1 - rate * service) / service * 1e-3
    high = low
    while rate * math.expm1(high * service) < high:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if rate * math.expm1(middle * service) < middle else (low, middle)
    return low


def above(rate: float, capacity: float, below: float) -> float:
    """Share of the requests whose response (wait and service) takes more than `below` s."""
    service = 1 / capacity
    load, theta = rate * service, decay(rate, service)
    factor = (1 - load) / (load * math.exp(theta * service) - 1)
    return factor * math.exp(-theta * (below - service))


def limit(capacity: float, below: float, quantile: float = 0.95) -> float:
    """The rate in 1/s at which that quantile of the response is `below` s; near `capacity` where `below` is large."""
    low, high = 0.05 * capacity, capacity * (1 - 1e-6)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle, capacity, below) < 1 - quantile else (low, middle)
    return low


def responses(dues: Any, capacity: float) -> Any:
    """s that each request, due then (s, ascending), takes if one after the other is served in 1/capacity s; shape (n,)."""
    import numpy

    dues = numpy.asarray(dues, float)
    before = numpy.arange(len(dues)) / capacity
    return numpy.maximum.accumulate(dues - before) + before + 1 / capacity - dues
