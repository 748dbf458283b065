"""Queues whose truth is known, in virtual time: M/D/k and M/M/k, first come first served, nothing measured by a clock."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np


def responses(arrivals: Any, services: Any, servers: int = 1) -> Any:
    """Seconds from each arrival (ascending, s) to the end of its service, for `servers` equal servers and one queue."""
    if servers == 1:
        return _single(np.asarray(arrivals, float), np.asarray(services, float))
    free = [0.0] * servers
    found = np.empty(len(arrivals))
    for place, (arrival, service) in enumerate(zip(arrivals, services, strict=True)):
        end = max(arrival, free[0]) + service
        heapq.heapreplace(free, end)
        found[place] = end - arrival
    return found


def deterministic(arrivals: Any, capacity: float, servers: int = 1) -> Any:
    """M/D/k: every service takes servers/capacity seconds, so that `capacity` requests per second are the most."""
    if servers == 1:
        return responses(arrivals, np.full(len(arrivals), 1 / capacity))
    found = np.empty(len(arrivals))
    for server in range(servers):  # equal services: first come first served is one turn each
        mine = np.asarray(arrivals)[server::servers]
        found[server::servers] = _single(mine, np.full(len(mine), servers / capacity))
    return found


def exponential(arrivals: Any, capacity: float, seed: int, servers: int = 1) -> Any:
    """M/M/k: services are exponential with mean servers/capacity seconds."""
    services = np.random.default_rng(seed).exponential(servers / capacity, len(arrivals))
    return responses(arrivals, services, servers)


def truth(capacity: float, below: float, quantile: float = 0.95, servers: int = 1, requests: int = 1_000_000) -> float:
    """The rate at which the steady-state quantile of M/D/k is `below` seconds, by a long simulation and bisection."""
    gaps = np.random.default_rng(1).exponential(1.0, requests)
    low, high = 0.0, capacity
    for _ in range(13):
        middle = (low + high) / 2
        kept = np.quantile(deterministic(np.cumsum(gaps) / middle, capacity, servers), quantile) < below
        low, high = (middle, high) if kept else (low, middle)
    return low


def _single(arrivals: Any, services: Any) -> Any:
    """Lindley's recursion without a loop: end k = S_k + max over j ≤ k of (arrival j − S_{j−1})."""
    sums = np.cumsum(services)
    return sums + np.maximum.accumulate(arrivals - (sums - services)) - arrivals
