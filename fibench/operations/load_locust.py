"""A window through Locust: the scenario's request by Locust's users, or a whole journey from the user's locustfile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fibench.traffic import locust_engine
from fibench.traffic.job import Closed, Job, Shot
from fibench.traffic.resolve import host_of


def run(job: Job, folder: str, params: dict[str, Any], look: Callable[[], object]) -> Shot:
    """Like `engine.run`."""
    assert isinstance(job.load, Closed)
    if not params["locustfile"] and not params["remote_workers"]:
        return locust_engine.run(job, folder)
    journey = replace(
        locust_engine.as_journey(job),
        host=params["url"].partition("://")[0] + "://" + host_of(params["url"]),
        remote_workers=params["remote_workers"],
        bind=params["master_bind"],
        port=params["master_port"],
    )
    if params["locustfile"]:
        journey = replace(journey, locustfile=params["locustfile"], script=None)
    if params["spawn_rate"]:
        journey = replace(journey, spawn_rate=params["spawn_rate"])
    return locust_engine.run_locust(journey, folder)
