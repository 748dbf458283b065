"""Charts of services under load, as data: latency by percentile, stalls over time, and what a capacity search tried."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """A response time that somebody asked for; `share` is the share of requests it was asked of (0: all there are)."""

    text: str
    value: float
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Tail:
    """One variant's latencies: `values[i]` s is the `shares[i]`-quantile of its requests, as far as their number allows.

    Only the share `answered` was answered rightly (0…1); beyond it values are infinite: no time is long enough. `told` says
    all of it in a line.
    """

    name: str
    shares: tuple[float, ...]
    values: tuple[float, ...]
    answered: float = 1.0
    told: str = ""


@dataclass(frozen=True, slots=True)
class TailChart:
    """Latency by percentile: every further nine of the axis takes as much room as the one before."""

    title: str
    about: str
    unit: str
    axis: str
    tails: tuple[Tail, ...]
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Strip:
    """One variant's `StallChart` row: per bin the slowest right answer (None: there is none) and how many requests failed;
    `starts` are the bins in which windows begin.
    """

    name: str
    values: tuple[float | None, ...]
    failed: tuple[int, ...]
    starts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StallChart:
    """The slowest right answer of every `seconds` of load, variant below variant, and where requests failed."""

    title: str
    about: str
    unit: str
    seconds: float
    strips: tuple[Strip, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """One rate that a search tried: the goal's quantile there (s), and whether the goal was kept (None: undecided)."""

    rate: float
    value: float
    kept: bool | None
    void: bool = False


@dataclass(frozen=True, slots=True)
class Hunt:
    """One variant's search: its probes in their order, and the rate it ended with between its proven ends."""

    name: str
    probes: tuple[Probe, ...]
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class ProbeChart:
    """What a capacity search tried, variant below variant, against the goal."""

    title: str
    about: str
    unit: str
    axis: str
    goal: Limit
    hunts: tuple[Hunt, ...]
