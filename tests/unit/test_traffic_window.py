"""Numbers of a window, against numbers worked out by hand; failures never flatter."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from fibench.stats import quantile as stats
from fibench.traffic import record, window
from tests.unit.traffic_records import records, shot

RNG = np.random.default_rng(1)


def test_the_samples_that_a_percentile_needs_are_those_of_the_statistics() -> None:
    for q in (*window.NEEDED, 0.75, 0.999):
        assert window.needed(q) == stats.needed(q)
    assert {q: n for q, n in stats.NEEDED.items() if q <= 0.99} == window.NEEDED


def test_quantiles_are_those_of_numpy_over_all_columns() -> None:
    values = RNG.lognormal(size=10_001).astype(np.float32)
    qs = (0.99, 0.5, 0.95, 0.9)
    expected = np.quantile(values.astype(float), qs)
    assert window.quantiles(np.split(values, [10, 5000]), qs) == pytest.approx(expected, rel=1e-6)


def test_a_percentile_of_too_few_samples_is_not_a_number() -> None:
    for q, n in window.NEEDED.items():
        assert math.isnan(window.quantiles([np.ones(n - 1)], (q,))[0])
        assert window.quantiles([np.ones(n)], (q,)) == [1.0]


def test_columns_are_left_as_they_are() -> None:
    values = RNG.random(1000).astype(np.float32)
    before = values.copy()
    window.quantiles([values], (0.5, 0.99))
    assert (values == before).all()


def test_latencies_start_where_they_say() -> None:
    due = np.arange(400) / 100
    found = window.measured(records(due, 0.02, dispatch=0.005, first=0.01), shot(400, 4))
    for name, value in (("response", 0.025), ("service", 0.02), ("first_byte", 0.01), ("dispatch", 0.005)):
        assert found[name] == pytest.approx(value)
        assert found[name + "_p99"] == pytest.approx(value)
    assert found["offered"] == 100
    assert found["errors"] == 0
    assert math.isnan(found["client_lag"])


def test_every_metric_has_its_number() -> None:
    tails = {"response": "_p90 _p95 _p99", "service": "_p90 _p95 _p99", "first_byte": "_p95 _p99", "dispatch": "_p99"}
    names = {name + tail for name, words in tails.items() for tail in ["", *words.split()]}
    found = window.measured(records([0], 0.1), shot(1, 1))
    assert set(found) == names | {"client_lag", "throughput", "goodput", "offered", "errors"}


def test_a_failed_request_counts_as_infinitely_slow() -> None:
    status = np.full(1000, 200)
    status[:60] = 500  # 6 %: p90 lies among the answers, p95 among the failures
    found = window.measured(records(np.arange(1000) / 1000, 0.01, status=status), shot(1000, 1))
    for name in ("response", "service"):
        assert found[f"{name}_p90"] == pytest.approx(0.01)
        assert found[f"{name}_p95"] == found[f"{name}_p99"] == math.inf
    assert found["first_byte_p95"] == math.inf
    assert found["dispatch_p99"] == 0
    assert found["errors"] == pytest.approx(0.06)


def test_a_percentile_next_to_a_failure_is_infinite_too() -> None:
    status = np.where(np.arange(72) < 68, 200, 1001)  # p95 of 72 lies between the 68th and the 69th
    found = window.measured(records(np.zeros(72), 0.01, status=status), shot(72, 1))
    assert found["response_p95"] == math.inf
    assert found["response_p90"] == pytest.approx(0.01)


def test_the_median_of_a_window_full_of_failures_is_infinite() -> None:
    found = window.measured(records(np.zeros(500), 0.001, first=np.nan, status=record.REFUSED), shot(500, 1))
    assert found["response"] == found["service_p99"] == found["first_byte"] == math.inf
    assert (found["throughput"], found["goodput"], found["errors"]) == (0, 0, 1)


def test_throughput_counts_right_answers_that_came_within_the_window() -> None:
    due = np.array([0.0, 0.5, 0.9, 0.95, 0.5])
    found = window.measured(records(due, 0.2, status=[200, 204, 200, 200, 503]), shot(5, 1.0))
    assert found["throughput"] == 2  # two came too late, one was no answer
    assert found["goodput"] == 2


def test_goodput_judges_by_the_response_and_not_by_the_service() -> None:
    due = np.zeros(4)
    found = window.measured(records(due, 0.1, dispatch=[0, 0.05, 0.2, 0.3]), shot(4, 2.0), slo=0.2)
    assert found["throughput"] == 2
    assert found["goodput"] == 1


def test_expected_statuses_replace_the_default() -> None:
    rows = records(np.zeros(4), 0.1, status=[200, 404, 404, 1001])
    assert window.measured(rows, shot(4, 1), frozenset({404}))["throughput"] == 2
    assert window.errors_by_class(rows, frozenset({404})) == {"200": 1, "timeout": 1}
    assert window.errors_by_class(rows) == {"404": 2, "timeout": 1}
    assert window.classes(rows) == {"404": 2, "200": 1, "timeout": 1}


def test_the_lag_of_the_client_is_that_of_the_stamped_answers() -> None:
    lag = np.full(1000, np.nan)
    lag[:500] = 0.0005
    found = window.measured(records(np.zeros(1000), 0.1, lag=lag), shot(1000, 1))
    assert found["client_lag"] == pytest.approx(0.0005, rel=1e-3)


def test_what_was_never_sent_is_no_sample_of_the_dispatch() -> None:
    status = np.where(np.arange(1000) < 100, record.SHED, 200)
    dispatch = np.where(status == 200, 0.001, 9.0)
    found = window.measured(records(np.zeros(1000), 0.1, dispatch=dispatch, status=status), shot(1000, 1))
    assert found["dispatch_p99"] == pytest.approx(0.001)
    assert found["errors"] == pytest.approx(0.1)


def test_an_empty_window_has_no_numbers_and_no_throughput() -> None:
    found = window.measured(records([], []), shot(0, 1))
    assert found["throughput"] == found["offered"] == 0
    assert math.isnan(found["response"]) and math.isnan(found["errors"]) and math.isnan(found["client_lag"])


def test_records_of_several_processes_are_pooled(tmp_path: Path) -> None:
    paths = []
    for number, rows in enumerate((records([0.1], 0.2), records([], []), records([0.3, 0.4], 0.5))):
        paths.append(str(tmp_path / f"{number}.bin"))
        rows.tofile(paths[-1])
    assert window.pooled(paths)["due"].tolist() == [100_000, 300_000, 400_000]
    assert isinstance(window.pooled(paths[2:]), np.memmap)
    assert len(window.pooled([])) == 0
    assert window.measured(window.pooled(paths[2:]), shot(2, 1))["throughput"] == 2  # a read-only map is enough
