"""A capacity search, one probe a block: probes of all variants take turns, and each variant has a search of its own."""

from __future__ import annotations

import math
from typing import Any

from fibench.operations import load_job
from fibench.operations.load_client import Client
from fibench.traffic import validity
from fibench.traffic.capacity import Search
from fibench.traffic.capacity_probe import Goal, limits, observation

LONGEST_PROBE = 30.0
"""Seconds that one probe takes at most, its cool-down included, as far as anybody plans with it."""
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


class Probes:
    """What a Step calls: the next probe of the search, until it is over."""

    lasts = LONGEST_PROBE

    def __init__(self, params: dict[str, Any], client: Client) -> None:
        goal = params["goal"]
        name = next(name for name in QUANTILES if goal[name] is not None)
        self.goal = Goal(goal[name], QUANTILES[name], goal["errors"])
        self.params, self.client = params, client
        self.search = Search(self.goal, start=params["rate"], seed=client.seed, budget=max(10.0, goal["within"]))
        self.over, self.idle = False, False

    def run(self) -> None:
        """One probe; nothing at all once the search is over."""
        probe = self.search.next()
        self.idle = probe is None
        if probe is None:
            return
        client = self.client
        job = load_job.job(self.params, client.address, client.shots, probe.seconds, probe.seed, probe.rate)
        shot, records = client.send(job)
        numbers, told = client.found
        wrong = validity.breaches(shot, records, numbers, limits(self.goal))
        self.search.tell(observation(records, shot, probe.rate, self.goal, client.statuses, wrong[0] if wrong else ""))
        said = self.search.told[-1]
        told |= {
            "invalid": wrong,
            "overloaded": [],
            "probe": {"rate": probe.rate, "stage": probe.kind, "kept": said.kept, "why": said.why},
        }
        told["holds"] = self.search.answer().low
        self.over = self.search.next() is None

    def after(self, loops: int) -> dict[str, float]:
        """The probe's metrics; with the last one the capacity and its bracket."""
        found = dict.fromkeys(("capacity", "capacity_low", "capacity_high"), math.nan)
        if self.idle:
            return {**dict.fromkeys(self.client.found[0], math.nan), **found}
        if self.over:
            answer = self.search.answer()
            found = {"capacity": answer.rate, "capacity_low": answer.low, "capacity_high": answer.high}
        return {**self.client.after(loops), **found}

    def remark(self) -> dict[str, Any]:
        """What was concluded of the probe; at the end, what binds."""
        if self.idle:
            return {"idle": True, "done": True}
        told = self.client.remark()
        if self.over:
            answer = self.search.answer()
            told |= {"done": True, "binding": answer.binding, "confirmed": answer.confirmed}
        return told
