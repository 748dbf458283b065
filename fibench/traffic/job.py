"""What one window of load sends: plain frozen data, complete before the first request is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Shots(Protocol):
    """The requests of a window: request k is the bytes `shots[k]`, a whole HTTP/1.1 message. `len` is 0 if endless."""

    def __getitem__(self, k: int, /) -> bytes: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect: already resolved, so that no name server is in the measurement."""

    host: str
    port: int
    family: int
    """socket.AF_INET, AF_INET6 or AF_UNIX (then `host` is the path)."""
    tls: bool = False
    server_name: str = ""
    verify: bool = True
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """When an answer counts as right. `statuses` empty: any 2xx."""

    statuses: frozenset[int] = frozenset()
    contains: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    """(lower-case name, text that its value must contain)."""

    @property
    def plain(self) -> bool:
        """True when the status is all that is looked at."""
        return not self.contains and not self.headers


@dataclass(frozen=True, slots=True)
class Open:
    """Open loop: request k is due `dues[k]` ns after the window's start, whatever the server does (ascending ints)."""

    dues: Sequence[int]


@dataclass(frozen=True, slots=True)
class Closed:
    """Closed loop: each user waits for its answer, thinks, and asks again; latencies are self-throttled.

    `think` in s; users start spread over `ramp` s before the window (so that they are out of step).
    """

    users: int
    think: float = 0.0
    random_think: bool = False
    """Exponential thinking times with mean `think` instead of constant ones."""
    ramp: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """One window against one address."""

    address: Address
    shots: Shots
    load: Open | Closed
    seconds: float
    """Length of the window; what is in flight at its end is waited for, at most `timeout`."""
    connections: int = 64
    """Most connections of the open loop (a closed loop has one per user); opened before the window starts."""
    timeout: float = 10.0
    expect: Expect = field(default_factory=Expect)
    keep_alive: bool = True
    """False: a connection per request, its set-up inside the request's time."""
    most_in_flight: int = 100_000
    """Requests due but unanswered beyond which further ones are shed (counted as failed, never hidden)."""
    largest: int = 1 << 30
    """Bytes of an answer's body beyond which it is given up (TOO_LARGE); heads may have 256 KiB."""
    seed: int = 0
    processes: int = 1
    cpus: tuple[int, ...] = ()
    """One CPU for each process to be pinned to; empty: wherever the system puts them."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the generator itself fared; `validity` decides whether the window counts."""

    offered: int
    """Requests that were due within the window (closed loop: that were sent)."""
    sent: int
    cpu: tuple[float, ...]
    """CPU share of the busiest client process (1.0 = one core), one value per second, whole window."""
    opened: int = 0
    """Connections opened, those before the window included."""
    early: int = 0
    """Requests of a closed loop that began outside the window: they have no record."""
    early_right: int = 0
    """Of these, the ones that were answered rightly …"""
    carried: int = 0
    """… and of these the ones whose answer came within the window: they count in its throughput."""
    stamped: int = 0
    """Answers whose time of arrival is the kernel's."""
    examples: dict[int, str] = field(default_factory=dict)
    """The first message of each failure code or unexpected status, in words, at most 200 characters."""
    late: float = 0.0
    """p99 in s by which the loop woke after a due time (0 for a closed loop): the generator's own part of `dispatch`."""
    notes: tuple[str, ...] = ()
    priority: str = ""
    """How the client processes were scheduled, see `punctual`."""


@dataclass(frozen=True, slots=True)
class Shot:
    """The raw result of a window: `files` hold its records (`record.read`), in the order of completion per process."""

    files: tuple[str, ...]
    seconds: float
    """Nominal length of the window, within which throughput counts."""
    lasted: float
    """From the window's start to its last answer."""
    started: float
    """time.time() at the window's start."""
    health: Health
    closed: bool = False


class Engine(Protocol):
    """Runs a window; `folder` takes the record files."""

    def __call__(self, job: Job, folder: str, /) -> Shot: ...
