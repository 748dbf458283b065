"""Reasons why a window must not count, or not alone: the client was what was measured, or the server was overloaded.

Pure: records and health in, lines for the user out, the most important first. What each test can see:

- nothing answered, descriptors or ports used up, errors: the numbers are those of a fault, not of a service;
- CPU, lateness, lag: the client was too slow, and its slowness is in every latency;
- achieved, arrivals: the requests were not sent when the plan says (open loop only: a closed loop has no plan);
- Little's law, L = λW over the whole window: exact when nothing is under way at the end, and off by what the requests
  under way have waited already when something is. In a steady state that is E[R²]/(2·E[R]·T) of L (R: response), which
  is granted; a queue that grows all along exceeds it, and then every percentile is a matter of the window's length;
- records that are missing: with them L would shrink and λ not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fibench.traffic import record
from fibench.traffic.job import Shot
from fibench.traffic.window import classes

FEW = 100
"""Requests below which the shares and Little's law say nothing."""
FULL = 0.75
"""Share of the most requests ever under way from which all connections count as busy: one may be between two requests."""
SHORT = 0.3
"""Most that a steady state is granted: where it explained more, the window is hardly longer than one response."""
TURN, WAITED = 2.5e-4, 0.1
"""s from an answer to the next request that any client takes; and the share of the service time from which it matters."""
UNDER_WAY = 30
"""Requests under way at the end below which Little's law is chance."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a window stops counting; shares are 0…1."""

    achieved: float = 0.99
    """Least share of the due requests that must have been sent within the window."""
    late: float = 1e-3
    """s of lateness that are always allowed (p99) …"""
    share: float = 0.05
    """… or this share of the median service time, whichever is more."""
    cpu: float = 0.85
    """Most of a core that the busiest client process may have used on average."""
    little: float = 0.05
    """Most that L and λW may differ by, beyond what a steady state explains."""
    errors: float = 0.01
    """Most of the requests that may have failed."""
    alpha: float = 1e-6
    """False alarms of the arrival test."""


def breaches(shot: Shot, records: Any, numbers: Mapping[str, float], limits: Limits | None = None) -> list[str]:
    """Why the window says nothing about the server, one line of at most 160 characters each; empty if it does.

    These are the client's own faults: such a window has no number. `records` as of `window.pooled`, `numbers` as of
    `window.measured` (`service` is read).
    """
    limits = limits or Limits()
    if not len(records):
        return ["nothing was sent: no request was due within the window; make it longer or the rate higher"]
    found = [*_exhausted(records), *_client(shot, numbers, limits)]
    if shot.closed:
        found += _lag(records, limits)
    else:
        found += _arrivals(records, _bound(numbers, limits), limits.alpha)
    return [_short(line) for line in [*found, *_missing(shot, records)]]


def overload(shot: Shot, records: Any, numbers: Mapping[str, float], limits: Limits | None = None) -> list[str]:
    """What the server did to the window: failures, requests that had to wait for it, a queue that grows all along.

    Such a window keeps its numbers, for leaving it out would hide the worst; where there are many there is no verdict.
    """
    limits = limits or Limits()
    if not len(records):
        return []
    if numbers["errors"] == 1.0:
        return [_unanswered(shot, records)]
    found = [] if shot.closed else _unsent(shot, records, limits)
    found += _errors(records, numbers, limits)
    if not shot.closed:
        found += _unsteady(shot, records, limits)
    return [_short(line) for line in found]


def _unanswered(shot: Shot, records: Any) -> str:
    """Every request failed: of what, and in whose words."""
    kinds = classes(records)
    first = next(iter(kinds))
    if not first.isdigit():
        example = next(iter(shot.health.examples.values()), "")
        said = f" ({example[:60]})" if example and first not in example else ""
        return _short(f"nothing was answered: {_listed(kinds)}{said}; is the server up, at this address?")
    return _short(f"no answer was right: {_listed(kinds)}; fix the request, or say under expect: which statuses are right")


def _exhausted(records: Any) -> list[str]:
    """Descriptors or ports used up: the load ended where the client's resources did."""
    cures = {record.DESCRIPTORS: "raise ulimit -n, or use fewer connections", record.PORTS: "keep connections alive"}
    counts = {code: int((records["status"] == code).sum()) for code in cures}
    return [f"the client had {record.FAILURES[code]} for {n} requests; {cures[code]}" for code, n in counts.items() if n]


def _client(shot: Shot, numbers: Mapping[str, float], limits: Limits) -> list[str]:
    """Whether the client itself was what was measured."""
    found = []
    cpu, bound = shot.health.cpu, _bound(numbers, limits)
    used = sum(cpu) / len(cpu) if cpu else 0.0
    if used > limits.cpu:
        found.append(f"the client was the bottleneck: it used {used:.0%} of a core; add client processes or lower the rate")
    if not shot.closed and shot.health.late > bound:
        late = f"the client woke {_time(shot.health.late)} late (p99; {_time(bound)} are allowed)"
        found.append(f"{late}; give it a CPU of its own, or lower the rate")
    return found


def _lag(records: Any, limits: Limits) -> list[str]:
    """Closed loop: whether users asked late because they read late, which makes the throughput too low, by that share at most.

    No latency contains the wait, for answers carry the kernel's stamp; so it does no harm to an open loop.
    """
    import numpy

    answered = records[~numpy.isnan(records["lag"])]
    if not len(answered):
        return []
    lag, service = (float(answered[name].mean(dtype=float)) for name in ("lag", "service"))
    if lag <= max(TURN, WAITED * service):
        return []
    waited = f"answers waited {_time(lag)} of {_time(service)} for the client to read them (means)"
    return [f"{waited}: throughput is too low; add client processes, or thinking time"]


def _unsent(shot: Shot, records: Any, limits: Limits) -> list[str]:
    """Whether what was due was sent within the window."""
    offered = shot.health.offered
    sent = int(((_sent(records) <= shot.seconds) & (records["status"] != record.SHED)).sum())
    if sent >= limits.achieved * offered:
        return []
    share = f"only {_percent(sent / offered)} of the {offered} due requests were sent within the window"
    return [f"{share}; lower the rate, or raise connections if the server can take more"]


def _arrivals(records: Any, bound: float, alpha: float) -> list[str]:
    """Kolmogorov-Smirnov, two samples: the moments of sending against the plan.

    A request that was due while every connection was busy had to wait for the server; it counts as sent in time, or
    each stall of a server would be laid at the client's door.
    """
    import numpy

    records = records[records["status"] != record.SHED]
    if len(records) < FEW:
        return []
    due, sent = records["due"] * 1e-6, _sent(records)
    busy = _under_way(sent, sent + records["service"], due)
    excused = (busy >= max(2.0, FULL * busy.max())) & (records["dispatch"] > bound)
    actual = numpy.sort(numpy.where(excused, due, sent))
    planned = numpy.sort(due)
    behind = numpy.searchsorted(planned, actual, "right") - numpy.arange(1, len(actual) + 1)
    distance = float(numpy.abs(behind).max()) / len(actual)
    if distance <= math.sqrt(math.log(2 / alpha) / len(actual)):
        return []
    return [f"requests were not sent when due: the plan was missed by {_percent(distance)} of them; the client was disturbed"]


def _under_way(sent: Any, ended: Any, moments: Any) -> Any:
    """How many requests were under way at each of the moments."""
    import numpy

    return numpy.searchsorted(numpy.sort(sent), moments, "left") - numpy.searchsorted(numpy.sort(ended), moments, "right")


def _errors(records: Any, numbers: Mapping[str, float], limits: Limits) -> list[str]:
    """Whether too many requests failed for the rest to speak for the service."""
    share = numbers["errors"]
    if not share > limits.errors:
        return []
    wrong = {name: n for name, n in classes(records).items() if not name.startswith("2")} or classes(records)
    return [f"{_percent(share)} of the requests failed ({_percent(limits.errors)} are allowed): {_listed(wrong)}"]


def _unsteady(shot: Shot, records: Any, limits: Limits) -> list[str]:
    """Little's law over the window, beyond what a steady state explains."""
    import numpy

    records = records[records["status"] != record.SHED]
    due = records["due"] * 1e-6
    response = numpy.asarray(records["dispatch"] + records["service"], float)
    inside = due < shot.seconds
    due, response = due[inside], response[inside]
    left = due + response > shot.seconds
    if len(due) < FEW or left.sum() < UNDER_WAY:
        return []
    area = float(numpy.minimum(response, shot.seconds - due).sum())
    off = float((shot.seconds - due[left]).sum()) / area
    steady = float((response**2).sum() / (2 * response.sum() * shot.seconds))
    if off <= limits.little + min(steady, SHORT):
        return []
    held = f"no steady state: L and λW differ by {_percent(off)}, {int(left.sum())} requests were under way at the end"
    return [f"{held}; lower the rate, or lengthen the window"]


def _missing(shot: Shot, records: Any) -> list[str]:
    """Whether each request has its record."""
    offered, found = shot.health.offered, len(records)
    if abs(offered - found) <= max(1, 0.01 * offered):
        return []
    return [f"{found} records for {offered} requests: the numbers are incomplete; is the disk full?"]


def _sent(records: Any) -> Any:
    return records["due"] * 1e-6 + records["dispatch"]


def _bound(numbers: Mapping[str, float], limits: Limits) -> float:
    """s by which the client may be late: a floor, or a share of what is measured."""
    service = numbers["service"]
    return max(limits.late, limits.share * service) if math.isfinite(service) else limits.late


def _listed(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ×{n}" for name, n in list(kinds.items())[:3])


def _percent(share: float) -> str:
    """Two digits, and never a rounded 100 %."""
    digits = 0 if 0.1 <= share < 0.985 else 1 if share >= 0.01 else 2
    return f"{math.floor(share * 100 * 10**digits) / 10**digits:.{digits}f} %"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _short(line: str) -> str:
    return line if len(line) <= 160 else line[:159] + "…"
