"""One variant's client: it sends windows of load and says of each what it was, and why it does not count if so."""

from __future__ import annotations

import math
import os
from typing import Any

from fibench.operations import load_job, load_try
from fibench.operations.load_server import Watched
from fibench.step import TURN
from fibench.traffic import validity, window
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Job, Shot
from fibench.traffic.record import FAILURES
from fibench.traffic.resolve import may_load, resolve

DIAGNOSTIC = frozenset({"client_cpu", "client_lag", "lateness", "errors", "wall", "cpu"})
"""Metrics that explain a window that does not count; all others of it are no numbers."""
STRIDE = 10_000_019
"""Requests are numbered on from window to window, and from client to client, so that no id comes twice."""
_clients = [0]


class Client:
    """Windows against one address; `server` is there when it is our own."""

    def __init__(self, params: dict[str, Any], url: str, folder: str, server: Watched | None = None) -> None:
        self.params, self.url, self.folder, self.server = params, url, folder, server
        self.address = resolve(url, params["ca_file"], not params["insecure"])
        if not may_load(url, self.address):
            raise EngineError(f"{url} leads to {self.address.host}, a public address", "see --yes-i-may-load")
        self.shots = load_job.shots(params, url)
        self.statuses = load_job.statuses(params)
        self.engine = load_job.engine(params)
        self.seed = int(os.environ.get("PYTHONHASHSEED", "0") or 0)
        _clients[0] += 1
        self.place, self.count = _clients[0], 0
        self.found: tuple[dict[str, float], dict[str, Any]] = ({}, {})

    @property
    def lasts(self) -> float:
        """Seconds of a window, starting and draining included."""
        return load_job.length(self.params) + 0.2

    def try_once(self) -> dict[str, Any]:
        """One request, answered as expected, before any load is sent."""
        if self.params["locustfile"]:
            return {}  # the journey says itself what it asks for
        try:
            found = load_try.one(self.address, self._shots()[0], self.params, self.statuses)
        except EngineError as error:
            told = self.server.server.telling() if self.server else ""
            raise (EngineError(f"{error}; its log says {told}", error.hint) if told else error) from None
        if self.server:
            self.server.answered(1, 0)
        return found

    def warm_up(self) -> None:
        """Connections, caches and just-in-time code of the server: the same load, thrown away."""
        if self.params["warmup"] > 0 and self.params["engine"] == "native" and self.params["arrivals"] != "search":
            self.try_once()
            self.send(load_job.job(self.params, self.address, self._shots(), self.params["warmup"], self.seed))
            for file in self.found[1]["raw"]:
                os.unlink(file)
            self.found = ({}, {})

    def run(self) -> None:
        """One window; the n-th round's arrivals are the same for every variant."""
        seconds, seed = load_job.length(self.params), self.seed * 1_000 + TURN[0]
        self.send(load_job.job(self.params, self.address, self._shots(), seconds, seed))

    def send(self, job: Job) -> tuple[Shot, Any]:
        """Send a window; its numbers are kept for `after` and `remark`. Returns the shot and its records."""
        if self.server:
            self.server.begin_window()
        look = self.server.look if self.server else lambda: None
        shot = self.engine(job, self.folder, {**self.params, "url": self.url}, look)
        records = window.pooled(shot.files)
        numbers = window.measured(records, shot, self.statuses, self.params["slo"]) | _generator(shot)
        limits = validity.Limits(errors=self.params["max_errors"])
        told = self._told(shot, records)
        told["invalid"] = validity.breaches(shot, records, numbers, limits)
        told["overloaded"] = validity.overload(shot, records, numbers, limits)
        if self.server:
            good = int(window.right(records, self.statuses).sum())
            more = shot.health.early_right
            self.server.answered(good + more, len(records) - good + shot.health.early - more)
            numbers |= self.server.used(numbers["throughput"])
            self.server.rest()
            self.server.insist_on_rows()
        self.found = (numbers, told)
        return shot, records

    def after(self, loops: int) -> dict[str, float]:
        """The window's metrics; of one that does not count only those that explain it."""
        numbers, told = self.found
        if told.get("invalid"):
            return {name: value if name in DIAGNOSTIC else math.nan for name, value in numbers.items()}
        return numbers

    def remark(self) -> dict[str, Any]:
        """What else is known of the window, and where its raw records are."""
        return self.found[1]

    def _shots(self) -> Any:
        """Fresh numbers for every window; a request that is always the same needs none."""
        self.count += 1
        if len(self.shots) == 1:
            return self.shots
        return load_job.Further(self.shots, STRIDE * (self.count + 1_000 * self.place))

    def _told(self, shot: Shot, records: Any) -> dict[str, Any]:
        errors = window.errors_by_class(records, self.statuses)
        examples = {FAILURES.get(code, str(code)): text for code, text in shot.health.examples.items()}
        return {
            "raw": list(shot.files),
            "started": shot.started,
            "seconds": shot.seconds,
            "offered": shot.health.offered,
            "sent": shot.health.sent,
            "opened": shot.health.opened,
            "closed": shot.closed,
            "statuses": sorted(self.statuses),
            "errors": errors,
            "examples": {name: text for name, text in examples.items() if name in errors},
            "notes": list(shot.health.notes),
            "priority": shot.health.priority,
        }


def _generator(shot: Shot) -> dict[str, float]:
    """The client's own part, in the words of the kind's metrics."""
    busy = shot.health.cpu
    share = sum(busy) / len(busy) if busy else math.nan
    return {
        "client_cpu": share,
        "lateness": math.nan if shot.closed else shot.health.late,
        "wall": shot.lasted,
        "cpu": share * shot.lasted,
    }
