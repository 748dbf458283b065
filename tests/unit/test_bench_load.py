"""The decisions of benchmarks/load: truths, ratios, what a peer said, tables. No load is sent here."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from benchmarks.load import pacing, stamps, throughput, truth, wrk
from benchmarks.load.late_client import FIELDS
from benchmarks.load.progress import left
from benchmarks.load.stall import _ideal, truth_of
from benchmarks.load.stopper import connected
from benchmarks.load.table import Table, numeric
from fibench.traffic import record
from fibench.traffic.errors import EngineError
from tests.queueing import deterministic

WRK = """Running 2s test @ http://127.0.0.1:1/
  76506 requests in 2.01s, 11.75MB read
{more}Requests/sec:  38142.08
Transfer/sec:      5.86MB
"""


@pytest.mark.parametrize(("capacity", "below"), [(300, 0.05), (200, 0.02)])
def test_the_true_capacity_is_where_a_long_simulation_has_one_request_in_twenty_above_the_limit(
    capacity: int, below: float
) -> None:
    rate = truth.limit(capacity, below)
    arrivals = np.cumsum(np.random.default_rng(3).exponential(1 / rate, 2_000_000))
    assert np.mean(deterministic(arrivals, capacity) > below) == pytest.approx(0.05, rel=0.1)


def test_where_waiting_does_not_matter_the_true_capacity_is_the_rate_of_service() -> None:
    assert truth.limit(700, 20.0) == pytest.approx(700, rel=1e-3)


def test_requests_due_in_the_stall_wait_for_its_end_and_no_others() -> None:
    assert truth_of([0.9, 1.0, 1.5, 1.999, 2.0], 1.0, 2.0).tolist() == pytest.approx([0, 1.0, 0.5, 0.001, 0])


def test_a_stall_of_one_second_in_six_has_the_quantiles_of_the_uniform_distribution() -> None:
    assert _ideal(1.0) == pytest.approx((0.4, 0.7, 0.94), abs=0.01)


def test_what_wrk_said_is_read_with_its_errors_and_quantiles() -> None:
    plain = wrk.parse(WRK.format(more=""), 0.5)
    assert (plain.rate, plain.requests, plain.errors, plain.quantiles) == (38142.08, 76506, 0, ())
    more = (
        "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 5\nquantiles 1000.0 2e3 3000.0\n"
    )
    assert wrk.parse(WRK.format(more=more), 0.5).errors == 15
    told = wrk.parse(WRK.format(more="quantiles 1000.0 2000.0 3000.5\n"), 0.5)
    assert told.quantiles == pytest.approx((1e-3, 2e-3, 3.0005e-3))
    with pytest.raises(EngineError, match="nobody understands"):
        wrk.parse("unable to connect", 0.0)


def test_every_round_has_an_order_of_its_own_and_the_slow_clients_only_some_rounds() -> None:
    planned = throughput.orders(["fibench", "wrk", "locust"], 8, random.Random(1))
    rounds = [[client for at, client in planned if at == number] for number in range(8)]
    assert all({"fibench", "wrk"} <= set(turn) for turn in rounds)
    assert ["locust" in turn for turn in rounds] == [True, False] * 4
    assert len({tuple(turn) for turn in rounds}) > 2


def test_ratios_are_taken_within_a_round() -> None:
    def turn(number: int, client: str, rate: float) -> throughput.Turn:
        return throughput.Turn(number, client, rate, 8.0, 0.0)

    ours = [turn(0, "fibench", 100), turn(1, "fibench", 50), turn(2, "fibench", 10)]
    assert throughput.ratios(ours, [turn(1, "wrk", 100), turn(0, "wrk", 100)]) == [0.5, 1.0]


def test_requests_sent_after_the_window_or_never_are_not_sent_in_time() -> None:
    rows = np.zeros(4, record.dtype())
    rows["due"] = [0, 900_000, 990_000, 500_000]
    rows["dispatch"] = [0.0, 0.05, 0.02, 0.0]
    rows["status"] = [200, 200, 200, record.SHED]
    assert pacing.sent_in_time(rows, 1.0) == 2


def test_errors_of_the_stamps_are_matched_by_due_time_whatever_the_order() -> None:
    records = np.zeros(3, record.dtype())
    records["due"] = [2000, 0, 1000]
    records["service"] = [0.003, 0.001, 0.002]
    rows = np.zeros(3, FIELDS)
    rows["due"] = [7_000, 1_007_000, 2_007_000]
    rows["sent"] = rows["due"] + 10
    rows["truth"] = rows["sent"] + [990_000, 1_990_000, 2_990_000]
    rows["read"] = rows["truth"] + 1_000_000
    found = stamps.errors(records, rows, 3)
    assert found.kernel == pytest.approx((1e-5,) * 3, rel=1e-3)
    assert found.user == pytest.approx((1e-3,) * 3, rel=1e-3)
    with pytest.raises(EngineError, match="3 records for 2"):
        stamps.errors(records, rows[:2], 3)


def test_only_an_established_connection_to_the_port_is_one() -> None:
    row = "   0: 0100007F:{port:04X} 0100007F:9C40 {state} 00000000:00000000 00:00000000"
    table = "  sl  local_address rem_address   st\n"
    assert connected(8080, table + row.format(port=8080, state="01"))
    assert not connected(8080, table + row.format(port=8080, state="06"))
    assert not connected(8080, table + row.format(port=8081, state="01"))


def test_the_time_left_is_the_plan_at_the_pace_seen() -> None:
    assert left(100, 0, 5) == 100
    assert left(100, 50, 100) == 100
    assert left(100, 100, 130) == 0


def test_a_table_is_at_most_100_columns_wide_and_loses_no_word() -> None:
    words = [f"word{number}" for number in range(60)]
    text = Table("t", ("a", "b", "c"), [(" ".join(words[:30]), "1", " ".join(words[30:]))], [" ".join(words)]).text()
    assert max(map(len, text.splitlines())) <= 100
    assert all(text.count(word) >= 2 for word in words)


def test_columns_of_numbers_stand_to_the_right_and_texts_do_not() -> None:
    assert numeric(["1.05 (0.6-1.5)", "", "12 MB", "+1.5%", "155,045"])
    assert not numeric(["155,045 requests: memory", "1"]) and not numeric(["yes", "1"]) and not numeric(["", ""])


def test_what_each_request_should_have_met_follows_from_its_arrivals() -> None:
    dues = np.sort(np.random.default_rng(2).random(500)) * 2
    assert truth.responses(dues, 300) == pytest.approx(deterministic(dues, 300))


def test_a_decay_is_the_root_of_its_equation() -> None:
    theta = truth.decay(90.0, 0.01)
    assert 90 * math.expm1(theta * 0.01) == pytest.approx(theta, rel=1e-9)
