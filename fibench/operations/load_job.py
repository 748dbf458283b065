"""Parameters of a scenario → what one window sends. Everything is decided, read and resolved before it begins."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from fibench.traffic import pacer, requests
from fibench.traffic.job import Address, Closed, Expect, Job, Open, Shot, Shots
from fibench.traffic.resolve import host_of, path_of

Engine = Callable[[Job, str, dict[str, Any], Callable[[], object]], Shot]
SHORTEST, FOR_P95 = 1.0, 90.0
"""Seconds of a window, and requests that it should have: 72 are the fewest for a p95, and Poisson's arrivals vary."""
LONGEST_RAMP = 5.0
"""Seconds over which the users of a closed loop start at most."""
OUT_OF_STEP = 0.05
"""Seconds over which users without a thinking time start."""


def shots(params: dict[str, Any], url: str) -> Shots:
    """The requests, as bytes."""
    body: requests.Body = params["body"]
    if params["body_file"]:
        body = requests.File(params["body_file"])
    elif params["body_size"]:
        body = requests.Size(int(params["body_size"]))
    request = requests.Request(
        host_of(url),
        path_of(url),
        params["method"],
        params["headers"],
        body,
        params["keep_alive"],
        int(params["chunked"] or 0),
    )
    return requests.render(request, data=params["data"])


def statuses(params: dict[str, Any]) -> frozenset[int]:
    """The right ones; none: any 2xx."""
    wanted = params["expect"]["status"]
    return frozenset([wanted] if isinstance(wanted, int) else wanted)


def job(params: dict[str, Any], address: Address, rendered: Shots, seconds: float, seed: int, rate: float | None = None) -> Job:
    """One window of `seconds`; a search says its own `rate` (1/s)."""
    expect = params["expect"]
    return Job(
        address=address,
        shots=rendered,
        load=_closed(params) if params["arrivals"] == "closed" else Open(_dues(params, seconds, seed, rate)),
        seconds=seconds,
        connections=params["connections"],
        timeout=params["timeout"],
        expect=Expect(
            statuses(params),
            expect["contains"].encode(),
            tuple((name.lower(), text) for name, text in expect["headers"].items()),
        ),
        keep_alive=params["keep_alive"],
        seed=seed,
        processes=params["processes"],
    )


def length(params: dict[str, Any]) -> float:
    """Seconds of a window: `duration`, or as long as the steps or the trace are."""
    if params["arrivals"] == "steps":
        return float(sum(phase["duration"] for phase in params["steps"]))
    if params["arrivals"] == "trace":
        return max(0.1, math.ceil(10 * max(pacer.read_trace(params["trace"]), default=0.0)) / 10)
    if params["duration"] is None:
        rates = [rate for rate in (params["rate"], params["rate_to"]) if rate]
        return max(SHORTEST, FOR_P95 * len(rates) / sum(rates)) if rates else SHORTEST
    return float(params["duration"])


class Further:
    """The shots from number `start` on: numbers and ids of one window do not come again in the next."""

    __slots__ = ("shots", "start")

    def __init__(self, shots: Shots, start: int) -> None:
        self.shots, self.start = shots, start

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, k: int, /) -> bytes:
        return self.shots[k + self.start]


def engine(params: dict[str, Any]) -> Engine:
    """Who sends: ours, or one of the peers' ways."""
    if params["engine"] == "threads":
        from fibench.traffic import threads_engine

        return lambda job, folder, params, look: threads_engine.run(job, folder)
    if params["engine"] == "locust":
        from fibench.operations.load_locust import run

        return run
    from fibench.traffic import engine as native

    return lambda job, folder, params, look: native.run(job, folder, look)


def _closed(params: dict[str, Any]) -> Closed:
    ramp = min(LONGEST_RAMP, max(OUT_OF_STEP, params["think"]))
    return Closed(params["users"] or params["connections"], params["think"], params["random_think"], ramp)


def _dues(params: dict[str, Any], seconds: float, seed: int, rate: float | None) -> Any:
    arrivals = params["arrivals"]
    if rate is not None:
        return pacer.schedule("poisson", rate, seconds, seed)
    if arrivals == "ramp":
        return pacer.ramp(params["rate"], params["rate_to"], seconds, seed)
    if arrivals == "steps":
        return pacer.steps([(phase["rate"], phase["duration"]) for phase in params["steps"]])
    if arrivals == "trace":
        return pacer.trace(pacer.read_trace(params["trace"]))
    return pacer.schedule(arrivals, params["rate"], seconds, seed)
