"""Parameters of a scenario, made into windows: lengths, numbers that never come twice, the peaks of a server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fibench.operations import load_job
from fibench.operations.load_client import Client
from fibench.operations.load_server import forget_peak, peak
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Closed, Open
from fibench.traffic.resolve import ALLOWED
from fibench.workloads.http import Params


def params(**given: Any) -> dict[str, Any]:
    return Params.model_validate({"url": "http://127.0.0.1:9/", **given}).model_dump()


def test_a_window_is_as_long_as_its_steps_or_its_trace(tmp_path: Path) -> None:
    steps = [{"rate": "10/s", "duration": "2 s"}, {"rate": "20/s", "duration": "1.5 s"}]
    assert load_job.length(params(arrivals="steps", steps=steps)) == 3.5
    trace = tmp_path / "trace.txt"
    trace.write_text("0.1\n0.25\n1.72\n")
    assert load_job.length(params(arrivals="trace", trace=str(trace))) == 1.8
    assert load_job.length(params(rate="5/s", duration="4 s")) == 4


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"arrivals": "constant", "rate": "100/s"}, 100),
        ({"arrivals": "steps", "steps": [{"rate": "10/s", "duration": "1 s"}, {"rate": "50/s", "duration": "1 s"}]}, 60),
    ],
)
def test_due_times_are_those_of_the_schedule(given: dict[str, Any], count: int) -> None:
    told = params(**given)
    job = load_job.job(told, None, [b""], load_job.length(told), 1)  # type: ignore[arg-type]
    assert isinstance(job.load, Open)
    assert len(job.load.dues) == count


def test_a_closed_loop_has_its_users_or_as_many_as_connections() -> None:
    for given, users in (({"users": 7}, 7), ({"connections": 9}, 9)):
        job = load_job.job(params(arrivals="closed", **given), None, [b""], 1.0, 1)  # type: ignore[arg-type]
        assert isinstance(job.load, Closed)
        assert job.load.users == users


def test_numbers_and_ids_of_one_window_do_not_come_again_in_another_one_or_in_another_variant(tmp_path: Path) -> None:
    told = params(rate="5/s", method="POST", body={"id": "{{uuid}}", "n": "{{n}}"})
    clients = [Client(told, told["url"], str(tmp_path)) for _ in range(2)]
    bodies = [client._shots()[k] for client in clients for _ in range(3) for k in range(50)]
    assert len(set(bodies)) == len(bodies)


def test_a_process_that_sends_load_looks_for_itself_where_a_name_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = params(rate="5/s", url="http://192.0.2.7:81/")
    monkeypatch.delenv(ALLOWED, raising=False)
    with pytest.raises(EngineError, match="public address"):
        Client(told, told["url"], str(tmp_path))
    monkeypatch.setenv(ALLOWED, "192.0.2.7")
    assert Client(told, told["url"], str(tmp_path)).address.port == 81


def test_the_peak_of_a_process_is_that_since_it_was_forgotten() -> None:
    held = forget_peak(os.getpid())
    data = bytearray(64 << 20)
    assert peak(os.getpid()) - held > 50 << 20
    del data
    assert forget_peak(1 << 30) == peak(1 << 30) == 0, "a process that is gone has none"
