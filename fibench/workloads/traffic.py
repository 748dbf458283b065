"""What `http` and `workers` share: how requests look, when they are due, when an answer is right, what is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fibench.model.metric import Metric
from fibench.model.scenario import Bytes, Fraction, Rate, Seconds, Strict

LATENCIES = {
    "response": "from the moment a request was due to the end of its answer: what a user waits",
    "service": "from the moment a request was sent to the end of its answer",
    "first_byte": "from the moment a request was sent to the first byte of its answer",
    "dispatch": "from the moment a request was due to the moment it was sent: the client, and the wait for a connection",
}


class Expect(Strict):
    """When an answer is right; without `status` any 2xx is."""

    status: tuple[Annotated[int, Field(ge=100, le=599)], ...] | Annotated[int, Field(ge=100, le=599)] = ()
    contains: str = ""
    headers: dict[str, str] = {}


class Phase(Strict):
    """One step of `arrivals: steps`."""

    rate: Annotated[Rate, Field(gt=0)]
    duration: Annotated[Seconds, Field(gt=0)]


class Goal(Strict):
    """What must hold at the highest rate that is searched for: a percentile of `response`, and a share of errors."""

    p50: Annotated[Seconds, Field(gt=0)] | None = None
    p90: Annotated[Seconds, Field(gt=0)] | None = None
    p95: Annotated[Seconds, Field(gt=0)] | None = None
    p99: Annotated[Seconds, Field(gt=0)] | None = None
    errors: Annotated[Fraction, Field(ge=0, lt=1)] = 0.01
    within: Annotated[Seconds, Field(ge=10)] | None = None
    """Seconds of load that one search may take; without it what the budget has room for."""

    @model_validator(mode="after")
    def _one_quantile(self) -> Goal:
        given = [name for name in ("p50", "p90", "p95", "p99") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of p50, p90, p95, p99, e.g. goal: {p95: 50 ms}")
        return self


class Traffic(Strict):
    """One window is `duration` of load; windows of all variants take turns."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] = "GET"
    headers: dict[str, str] = {}
    body: str | dict[str, Any] | list[Any] | None = None
    body_file: str | None = None
    body_size: Annotated[Bytes, Field(ge=1, le=1 << 31)] | None = None
    chunked: Annotated[Bytes, Field(ge=1)] | None = None
    data: str | None = None
    arrivals: Literal["constant", "poisson", "ramp", "steps", "trace", "closed", "search"] = "constant"
    rate: Annotated[Rate, Field(gt=0, le=1e6)] | None = None
    rate_to: Annotated[Rate, Field(gt=0, le=1e6)] | None = None
    steps: tuple[Phase, ...] = ()
    trace: str | None = None
    users: Annotated[int, Field(ge=1, le=10_000)] | None = None
    think: Annotated[Seconds, Field(ge=0, le=3600)] = 0.0
    random_think: bool = False
    connections: Annotated[int, Field(ge=1, le=10_000)] = 64
    duration: Annotated[Seconds, Field(ge=0.1, le=3600)] | None = None
    """Of a window; without it 1 s, or as long as it takes to have a p95 at this rate."""
    warmup: Annotated[Seconds, Field(ge=0, le=600)] = 0.5
    timeout: Annotated[Seconds, Field(gt=0, le=600)] = 10.0
    keep_alive: bool = True
    insecure: bool = False
    ca_file: str | None = None
    expect: Expect = Expect()
    slo: Annotated[Seconds, Field(gt=0)] | None = None
    max_errors: Annotated[Fraction, Field(ge=0, le=1)] = 0.01
    goal: Goal | None = None
    compare: Literal["status", "body"] = "status"
    engine: Literal["native", "locust", "threads"] = "native"
    processes: Annotated[int, Field(ge=1, le=64)] = 1
    locustfile: str | None = None
    spawn_rate: Annotated[Rate, Field(gt=0)] | None = None
    remote_workers: Annotated[int, Field(ge=0, le=1000)] = 0
    master_bind: str = "127.0.0.1"
    master_port: Annotated[int, Field(ge=0, le=65535)] = 0
    simulated: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Traffic:
        for problem in _missing(self):
            raise ValueError(problem)
        return self


def _missing(params: Traffic) -> Iterator[str]:
    """What the chosen arrivals and engine need, in words."""
    arrivals = params.arrivals
    if sum(given is not None for given in (params.body, params.body_file, params.body_size)) > 1:
        yield "give one of body, body_file, body_size"
    if params.engine != "native" and arrivals != "closed":
        yield f"engine: {params.engine} has users, not a rate: say arrivals: closed, users: 50"
    if arrivals in ("constant", "poisson", "ramp") and params.rate is None:
        yield f"arrivals: {arrivals} needs a rate, e.g. rate: 500/s (or say arrivals: closed, users: 50)"
    if arrivals == "ramp" and params.rate_to is None:
        yield "arrivals: ramp needs rate_to, e.g. rate: 100/s, rate_to: 1000/s"
    if arrivals == "steps" and not params.steps:
        yield "arrivals: steps needs steps, e.g. steps: [{rate: 100/s, duration: 1 s}]"
    if arrivals == "trace" and params.trace is None:
        yield "arrivals: trace needs trace, a file with one offset in seconds per line"
    if arrivals == "search" and params.goal is None:
        yield "arrivals: search needs a goal, e.g. goal: {p95: 50 ms, errors: 1 %}"
    if params.remote_workers and (params.engine != "locust" or not params.master_port):
        yield "remote_workers needs engine: locust and a port on which they find this machine, e.g. master_port: 5557"
    if params.locustfile and params.engine != "locust":
        yield "a locustfile needs engine: locust"


TAILS = {"response": (90, 95, 99), "service": (90, 95, 99), "first_byte": (95, 99), "dispatch": (99,)}
"""Percentiles that are kept of each window."""


def _latencies() -> Iterator[Metric]:
    for name, about in LATENCIES.items():
        yield Metric(name, about=about, column=name)
        for percent in TAILS[name]:
            yield Metric(f"{name}_p{percent}", about=f"p{percent} of {name} in each window")


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        *_latencies(),
        Metric("throughput", "1/s", "higher", about="right answers per second, counted when they end"),
        Metric("goodput", "1/s", "higher", about="right answers within `slo` per second"),
        Metric("offered", "1/s", "higher", about="requests per second that were due"),
        Metric("errors", "%", about="share of the requests that failed or were answered wrongly"),
        Metric("capacity", "1/s", "higher", about="the highest arrival rate at which `goal` holds", bracket=True),
        Metric("client_lag", about="p99 of what the client read later than the kernel had it; no latency contains it"),
        Metric("lateness", about="p99 of what the client woke later than a request was due"),
        Metric("client_cpu", "%", about="the busiest client process: share of one core"),
        Metric("wall", about="from a window's start to its last answer"),
        Metric("cpu", about="CPU time of the client processes in a window"),
    )
}
"""What every window of load yields; latencies are the window's medians, their percentiles are metrics of their own."""

SHOWN = ("response", "service", "first_byte", "dispatch", "throughput", "goodput", "errors")
CLOSED_LOOP = "closed loop: users wait for their answers, so latencies are self-throttled"


REQUEST = ("method", "path", "body", "body_file", "body_size", "chunked", "data", "expect", "compare")
"""Parameters that say what is asked for: variants that ask for the same must be answered alike."""


def same_request(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """True when both variants send the same requests, to whomever and in whatever manner."""
    return all(one.get(key) == other.get(key) for key in REQUEST)


def label(params: Mapping[str, Any]) -> str:
    """Closed loops are called so wherever their numbers stand."""
    return CLOSED_LOOP if params.get("arrivals") == "closed" else ""


def instructions(params: Mapping[str, Any]) -> Iterator[str]:
    """The commands for the machines that Locust's workers run on; its master leaves after each window, they come again."""
    if params.get("remote_workers"):
        from fibench.traffic.locust_engine import LocustJob, worker_commands

        bind, port = params["master_bind"], params["master_port"]
        job = LocustJob(
            "", 1, 1.0, 1.0, remote_workers=params["remote_workers"], processes=params["processes"], bind=bind, port=port
        )
        for command in dict.fromkeys(worker_commands(job)):
            yield f"on each of {params['remote_workers']} machines: while true; do {command}; sleep 1; done"


def settled(params: dict[str, Any]) -> dict[str, Any]:
    """Users without a rate mean a closed loop, and so do the engines that know nothing else."""
    closed = params.get("users") is not None or params.get("engine") in ("locust", "threads")
    return {"arrivals": "closed", **params} if closed and params.get("rate") is None else params


def standard(params: Mapping[str, Any]) -> tuple[str, ...]:
    """A search has one answer; an open loop's throughput is what was offered, a closed one's is an answer."""
    if params.get("arrivals") == "search":
        return ("capacity",)
    return ("response", "throughput") if params.get("arrivals") == "closed" else ("response", "response_p95")
