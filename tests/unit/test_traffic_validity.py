"""Windows that must not count, each with its reason; and windows that must, whatever the server does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fibench.traffic import record
from fibench.traffic.job import Shot
from fibench.traffic.validity import Limits, breaches, overload
from fibench.traffic.window import measured
from tests.queueing import deterministic, exponential
from tests.unit.traffic_records import records, shot


def found(rows: Any, window: Shot, **limits: float) -> list[str]:
    """What the server did to the window and what the client did, each line checked for its form."""
    numbers = measured(rows, window)
    lines = overload(window, rows, numbers, Limits(**limits)) + breaches(window, rows, numbers, Limits(**limits))
    assert all(0 < len(line) <= 160 and "\n" not in line for line in lines)
    return lines


def poisson(rate: float, seconds: float, seed: int) -> Any:
    due = np.cumsum(np.random.default_rng(seed).exponential(1 / rate, int(rate * seconds * 1.5) + 50))
    return due[due < seconds]


def calm(n: int = 2000, seconds: float = 10, **columns: Any) -> Any:
    """Even arrivals, 5 ms each."""
    return records(np.arange(n) * seconds / n, columns.pop("service", 0.005), **columns)


def test_a_calm_window_counts() -> None:
    assert found(calm(), shot(2000, 10)) == []


@pytest.mark.parametrize("load", [0.3, 0.7, 0.9])
@pytest.mark.parametrize("rate", [20, 300, 3000])
def test_no_false_alarm_at_a_server_in_steady_state(load: float, rate: float) -> None:
    for seed in range(20):
        due = poisson(rate, 10, seed)
        for response in (deterministic(due, rate / load), exponential(due, rate / load, seed)):
            noise = np.random.default_rng(seed).exponential(1e-4, len(due))
            assert found(records(due, response, dispatch=noise), shot(len(due), 10)) == []


@pytest.mark.parametrize("connections", [8, 64])
def test_a_stall_of_the_server_is_not_laid_at_the_clients_door(connections: int) -> None:
    due = np.arange(3000) / 500
    free, dispatch, service = [0.0] * connections, np.empty(3000), np.empty(3000)
    for k, moment in enumerate(due):  # the server answers after 1 ms, but nothing from 2.0 to 3.0
        sent = max(moment, min(free))
        end = sent + 0.001
        end = 3.0 + 0.0005 * (k % 10) if 2.0 <= end < 3.0 else end
        free[free.index(min(free))] = end
        dispatch[k], service[k] = sent - moment, end - sent
    assert dispatch.max() > 0.5
    assert found(records(due, service, dispatch=dispatch), shot(3000, 6)) == []


def test_a_client_that_was_the_bottleneck_is_named_with_its_figure() -> None:
    busy = shot(2000, 10, cpu=(0.99, 0.95) * 5)
    assert found(calm(), busy)[0].startswith("the client was the bottleneck: it used 97% of a core")
    assert found(calm(), shot(2000, 10, cpu=(1.0,) + (0.5,) * 9)) == []  # a second is not the window


def test_lateness_is_judged_by_what_is_measured() -> None:
    late = shot(2000, 10, late=0.002)
    assert "the client woke 2 ms late (p99; 1 ms are allowed)" in found(calm(), late)[0]
    assert found(calm(service=0.05), late) == []
    assert found(calm(), shot(2000, 10, late=0.002, closed=True)) == []


def test_users_that_read_late_ask_late_so_a_closed_loop_is_void_and_an_open_one_is_not() -> None:
    assert "answers waited 3 ms of 5 ms for the client" in found(calm(lag=0.003), shot(2000, 10, closed=True))[0]
    assert found(calm(lag=0.0002), shot(2000, 10, closed=True)) == []
    assert found(calm(lag=0.003), shot(2000, 10)) == [], "the kernel's stamp is in the latency, not the lag"


def test_requests_that_were_not_sent_within_the_window_are_told() -> None:
    behind = np.linspace(0, 1, 2000)  # 1 s behind at the end: 9 % unsent
    lines = found(calm(dispatch=behind), shot(2000, 10))
    assert "only 90 % of the 2000 due requests were sent within the window" in lines[0]
    assert not any("only" in line for line in found(calm(dispatch=behind), shot(2000, 10, closed=True)))


def test_what_was_shed_was_not_sent() -> None:
    status = np.where(np.arange(2000) % 50 == 0, record.SHED, 200)
    lines = found(calm(status=status), shot(2000, 10))
    assert "only 98 % of the 2000" in lines[0]
    assert "never sent: too many in flight ×40" in lines[1]


def test_sends_that_miss_their_plan_together_are_seen_although_the_client_says_it_was_in_time() -> None:
    due = np.arange(20_000) / 2000
    ticks = np.ceil(due / 0.5) * 0.5  # it sends every half second what has become due
    lines = found(records(due, 0.0002 * (np.arange(20_000) % 1000), dispatch=np.minimum(ticks, 9.99) - due), shot(20_000, 10))
    assert any("requests were not sent when due" in line for line in lines)


@pytest.mark.parametrize(("code", "cure"), [(record.DESCRIPTORS, "ulimit -n"), (record.PORTS, "keep connections alive")])
def test_resources_that_the_client_used_up_are_told_first(code: int, cure: str) -> None:
    status = np.where(np.arange(2000) < 2, code, 200)
    lines = found(calm(status=status), shot(2000, 10, cpu=(0.99,)))
    assert len(lines) == 2
    assert "for 2 requests" in lines[0]
    assert cure in lines[0]


def test_too_many_errors_are_told_by_class() -> None:
    status = np.full(2000, 200)
    status[:40], status[40:50] = 500, record.TIMEOUT
    lines = found(calm(status=status), shot(2000, 10))
    assert lines == ["2.5 % of the requests failed (1.0 % are allowed): 500 ×40, timeout ×10"]
    assert found(calm(status=status), shot(2000, 10), errors=0.03) == []


def test_where_every_request_failed_nothing_else_is_said() -> None:
    refused = records(np.arange(500) / 100, 1e-4, status=record.REFUSED, first=np.nan)
    lines = found(refused, shot(500, 5, cpu=(0.99,), late=1.0))
    assert lines[0] == "nothing was answered: connection refused ×500; is the server up, at this address?"
    wrong = found(records(np.arange(500) / 100, 1e-4, status=401), shot(500, 5))
    assert wrong == ["no answer was right: 401 ×500; fix the request, or say under expect: which statuses are right"]
    told = found(refused, shot(500, 5, examples={record.REFUSED: "x" * 300}))
    assert len(told) == 1


def test_a_window_without_requests_does_not_count() -> None:
    assert found(records([], []), shot(0, 1)) == [
        "nothing was sent: no request was due within the window; make it longer or the rate higher"
    ]


def test_a_handful_of_requests_is_no_breach() -> None:
    assert found(records([0.0, 0.1, 0.2], 0.01), shot(3, 1)) == []


@pytest.mark.parametrize("overload", [1.2, 1.5, 3.0])
def test_a_queue_that_grows_all_along_is_no_steady_state(overload: float) -> None:
    for seed in range(10):
        due = poisson(1000 * overload, 10, seed)
        lines = found(records(due, deterministic(due, 1000)), shot(len(due), 10))
        assert any(line.startswith("no steady state: L and λW differ by") for line in lines)


def test_slow_answers_in_a_short_window_are_no_growing_queue() -> None:
    due = np.arange(2000) / 1000
    assert found(records(due, 0.3), shot(2000, 2)) == []  # 300 under way at the end, and all along


def test_missing_records_are_noticed() -> None:
    assert "1900 records for 2000 requests" in found(calm(1900), shot(2000, 10, sent=2000))[-1]
