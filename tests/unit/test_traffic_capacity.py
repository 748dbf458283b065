"""The capacity search in virtual time: near the truth, within its budget, and honest about what it did not prove."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from fibench.traffic import capacity_probe as probe
from fibench.traffic import record
from fibench.traffic.capacity import Capacity, Probe, Search
from fibench.traffic.capacity_estimate import Point, bracket, crossing
from fibench.traffic.capacity_probe import Goal, Observation, observation, observe, verdict
from fibench.traffic.validity import breaches
from fibench.traffic.window import measured
from tests.queueing import deterministic, exponential, truth
from tests.unit.traffic_records import records, shot

Server = Callable[[Any, Probe], tuple[Any, Any]]
"""Responses, and which of them failed, of requests due at given times."""


def queue(capacity: float, failing: Callable[[float], float] = lambda rate: 0.0) -> Server:
    """M/D/1 of that capacity; a share of the requests, by rate, fails."""

    def serve(dues: Any, asked: Probe) -> tuple[Any, Any]:
        chance = np.random.default_rng(asked.seed + 1)
        return deterministic(dues, capacity), chance.random(len(dues)) < failing(asked.rate)

    return serve


def sought(server: Server, goal: Goal, limit: float = math.inf, **settings: Any) -> Capacity:
    """A whole search; above `limit` requests per second it is the client that is too slow."""
    search = Search(goal, **settings)
    while (asked := search.next()) is not None:
        chance = np.random.default_rng(asked.seed)
        dues = np.sort(chance.random(chance.poisson(asked.rate * asked.seconds))) * asked.seconds
        responses, failed = server(dues, asked)
        slow = asked.rate > limit
        said = "the client was the bottleneck" if slow else ""
        search.tell(observe(dues, responses + 10 * slow, failed, asked.rate, asked.seconds, goal, invalid=said))
    return search.answer()


def spent(found: Capacity) -> float:
    return sum(told.probe.seconds for told in found.probes)


true = cache(lambda capacity, below: truth(capacity, below, requests=400_000))


@pytest.mark.parametrize(("capacity", "below"), [(200, 0.02), (200, 0.05), (800, 0.03), (1500, 0.05), (3000, 0.02)])
def test_nine_of_ten_searches_end_within_five_per_cent_of_the_truth_in_three_minutes(capacity: float, below: float) -> None:
    answers = [sought(queue(capacity), Goal(below), seed=seed) for seed in range(30)]
    near = [abs(found.rate / true(capacity, below) - 1) <= 0.05 for found in answers]
    assert sum(near) >= 27
    assert max(spent(found) for found in answers) <= 180 + 1e-6
    assert sum(found.confirmed for found in answers) >= 24
    assert sum(found.low > true(capacity, below) for found in answers) <= 2  # what is proven is true
    assert sum(found.high < true(capacity, below) for found in answers) <= 3
    assert all(found.low <= found.rate <= found.high for found in answers)


@pytest.mark.parametrize("capacity", [200, 1000])
def test_where_waiting_does_not_matter_the_capacity_is_the_rate_of_service(capacity: float) -> None:
    answers = [sought(queue(capacity), Goal(below=2.0), seed=seed) for seed in range(15)]
    assert sum(abs(found.rate / capacity - 1) <= 0.05 for found in answers) >= 14
    assert {found.binding for found in answers} == {"saturation"}


def test_several_servers_behind_one_queue_are_found_from_the_time_of_one() -> None:
    def serve(dues: Any, asked: Probe) -> tuple[Any, Any]:
        return exponential(dues, 400, asked.seed, 4), np.zeros(len(dues), bool)

    answers = [sought(serve, Goal(0.1), seed=seed) for seed in range(5)]
    gaps = np.random.default_rng(1).exponential(1.0, 200_000)
    kept = [np.quantile(exponential(np.cumsum(gaps) / rate, 400, 2, 4), 0.95) < 0.1 for rate in (350, 395)]
    assert kept == [True, False]
    assert all(350 <= found.rate <= 395 for found in answers)


def test_errors_bind_where_they_set_in_before_the_queue_does() -> None:
    answers = [sought(queue(800, lambda rate: 0.05 * (rate >= 300)), Goal(0.05), seed=seed) for seed in range(8)]
    assert all(0.95 * 300 <= found.rate <= 1.05 * 300 and found.binding == "errors" for found in answers)


def test_errors_below_the_limit_do_not_bind() -> None:
    answers = [sought(queue(800, lambda rate: 0.005), Goal(0.05, errors=0.01), seed=seed) for seed in range(8)]
    assert all(found.rate > 700 and found.binding in ("p95", "saturation") for found in answers)


def test_where_no_error_is_allowed_the_first_one_breaks_the_goal() -> None:
    found = sought(queue(800, lambda rate: 0.01 * (rate >= 300)), Goal(0.05, errors=0))
    assert 0.9 * 300 <= found.rate <= 300
    assert found.low < 300 <= found.high


def test_a_goal_that_the_service_time_alone_breaks_is_given_up_soon() -> None:
    found = sought(queue(100), Goal(below=0.005))
    assert (found.rate, found.low, found.confirmed) == (0, 0, False)
    assert spent(found) < 30


def test_a_client_that_cannot_go_higher_is_named_and_bounds_the_answer() -> None:
    found = sought(queue(800), Goal(0.05), limit=400)
    assert found.binding == "the client was the bottleneck"
    assert 350 < found.low <= found.rate <= found.high
    assert found.high == pytest.approx(400, rel=0.05)


def test_a_client_in_trouble_from_the_start_ends_the_search() -> None:
    found = sought(queue(800), Goal(0.05), limit=0)
    assert (found.rate, found.binding, len(found.probes)) == (0, "the client was the bottleneck", 2)


def test_what_was_kept_in_spite_of_the_clients_trouble_counts() -> None:
    search = Search(Goal(0.05), start=100)
    asked = search.next()
    assert asked is not None
    dues = np.arange(300) / 100
    search.tell(observe(dues, np.full(300, 0.01), np.zeros(300, bool), 100, 3, Goal(0.05), invalid="late"))
    following = search.next()
    assert following is not None
    assert following.rate == 150


def test_no_rate_above_the_highest_is_tried() -> None:
    found = sought(queue(800), Goal(0.05), highest=100)
    assert max(told.probe.rate for told in found.probes) == 100
    assert (found.rate, found.binding, found.confirmed) == (100, "highest rate asked for", True)


@pytest.mark.parametrize("budget", [10, 20, 45])
def test_the_search_ends_within_its_budget_with_what_it_knows(budget: float) -> None:
    for seed in range(10):
        found = sought(queue(800), Goal(0.05), budget=budget, seed=seed)
        assert spent(found) <= budget + 1e-9
        assert found.low <= found.rate <= found.high
        assert budget == 10 or 400 < found.rate < 1013


def test_a_start_that_is_too_high_is_left_downwards() -> None:
    found = sought(queue(800), Goal(0.05), start=2000)
    assert found.probes[0].probe.rate == 2000
    assert found.rate == pytest.approx(true(800, 0.05), rel=0.05)


def test_rates_are_approached_from_below_until_one_breaks() -> None:
    found = sought(queue(800), Goal(0.05))
    rates = [told.probe.rate for told in found.probes if told.probe.kind in ("base", "climb")]
    assert rates == sorted(rates)
    assert rates[1] == pytest.approx(0.25 * 800, rel=0.05)
    assert [round(b / a, 6) for a, b in pairwise(rates[1:])] == [1.5] * (len(rates) - 2)


def test_the_same_seed_asks_the_same_and_every_probe_has_a_seed_of_its_own() -> None:
    one, same, other = (sought(queue(800), Goal(0.05), seed=seed) for seed in (1, 1, 2))
    assert one == same != other
    seeds = [told.probe.seed for told in one.probes]
    assert len(set(seeds)) == len(seeds)
    assert seeds[0] != other.probes[0].probe.seed


def test_asking_twice_changes_nothing_and_telling_too_much_is_refused() -> None:
    search = Search(Goal(0.05), budget=10)
    assert search.next() == search.next()
    assert search.answer().rate == 0
    nothing = observe([], [], [], 20, 3, Goal(0.05), invalid="nothing was sent")
    search.tell(nothing)
    search.tell(nothing)
    assert search.next() is None
    with pytest.raises(ValueError, match="over"):
        search.tell(nothing)


@pytest.mark.parametrize("bad", [{"budget": 5}, {"highest": 0}, {"start": 0}, {"start": 11, "highest": 10}])
def test_settings_that_make_no_sense_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a search needs"):
        Search(Goal(0.05), **bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("goal", [Goal(0), Goal(1, 1), Goal(1, 0.95, 1), Goal(1, 0.95, -0.1)])
def test_goals_that_make_no_sense_are_refused(goal: Goal) -> None:
    with pytest.raises(ValueError, match="a goal needs"):
        Search(goal)


def seen(goal: Goal, responses: Any, *, rate: float = 100, failed: Any = None) -> Observation:
    """An observation of even arrivals with those responses."""
    n = len(responses)
    wrong = np.zeros(n, bool) if failed is None else failed
    return observe(np.arange(n) / rate, np.asarray(responses, float), wrong, rate, n / rate, goal)


def test_a_verdict_rests_on_the_bounds_and_not_on_the_estimate() -> None:
    goal = Goal(0.1, errors=0.5)
    for share, kept in ((0.0, True), (0.02, True), (0.045, None), (0.055, None), (0.09, False)):
        slow = np.random.default_rng(3).permutation(np.arange(1100) < round(1100 * share))
        found = seen(goal, np.where(slow, 0.2, 0.05))
        assert verdict(found, goal)[0] is kept


def test_the_bounds_are_those_order_statistics_that_cover_in_95_of_100() -> None:
    chance = np.random.default_rng(5)
    covered = below = 0
    for _ in range(600):
        _, low, high, _ = probe.bounds(chance.exponential(size=400), 0.95)
        covered += low <= -math.log(0.05) <= high
        below += high < -math.log(0.05)
    assert covered / 600 >= 0.935
    assert below / 600 <= 0.04


def test_too_few_requests_prove_nothing() -> None:
    goal = Goal(0.1, errors=0.5)
    found = seen(goal, np.full(75, 0.01))
    assert found.high == math.inf
    assert verdict(found, goal) == (None, "p95")
    assert verdict(seen(goal, np.full(90, 0.01)), goal)[0] is True
    assert verdict(seen(Goal(0.1), np.full(90, 0.01)), Goal(0.1)) == (None, "errors")


def test_failed_requests_are_slower_than_any_limit() -> None:
    goal = Goal(10, errors=0.5)
    failed = np.random.default_rng(1).random(2000) < 0.1
    found = seen(goal, np.full(2000, 0.001), failed=failed)
    assert found.response == math.inf
    assert verdict(found, goal) == (False, "p95")


def test_requests_that_come_alike_count_as_fewer() -> None:
    chance = np.random.default_rng(2)
    alone = probe.inflation(chance.random(10_000) < 0.05)
    assert alone < 2
    runs = np.repeat(chance.random(1000) < 0.05, 10)
    assert 7 < probe.inflation(runs) < 25
    assert probe.inflation(np.zeros(1000, bool)) == 1


def test_the_binomial_distribution_is_exact() -> None:
    for n, p in ((10, 0.3), (72, 0.95), (5000, 0.01)):
        for k in (0, n // 2, int(n * p), n - 1):
            exact = sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1)) if n < 1000 else None
            if exact is not None:
                assert probe.cdf(k, n, p) == pytest.approx(exact, abs=1e-12)
        for share in (0.025, 0.5, 0.975):
            k = probe.ppf(share, n, p)
            assert probe.cdf(k - 1, n, p) < share <= probe.cdf(k, n, p)
    assert probe.cdf(50, 5000, 0.01) == pytest.approx(0.5375, abs=1e-3)
    assert probe.cdf(1200, 4000, 0.05) == 1.0, "far above the mean all the mass lies below"
    assert probe.cdf(20, 4000, 0.5) == 0.0
    assert probe.ppf(0.975, 4000, 0.05) < 240


def test_a_queue_that_grows_fails_although_no_response_is_over_the_limit() -> None:
    goal = Goal(below=5.0)
    dues = np.sort(np.random.default_rng(1).random(11_000)) * 10
    found = observe(dues, deterministic(dues, 1000), np.zeros(len(dues), bool), 1100, 10, goal)
    assert found.over == 0
    assert verdict(found, goal) == (False, "saturation")


def test_a_chance_surplus_of_arrivals_is_no_growing_queue() -> None:
    goal, alarms = Goal(below=5.0), 0
    for seed in range(100):
        chance = np.random.default_rng(seed)
        dues = np.sort(chance.random(chance.poisson(9600))) * 10
        found = observe(dues, deterministic(dues, 1000), np.zeros(len(dues), bool), 960, 10, goal)
        alarms += found.saturated
    assert alarms <= 1


def test_an_observation_is_read_from_records() -> None:
    goal = Goal(0.1, errors=0.5)
    rows = records(np.arange(1000) / 100, 0.05, dispatch=0.02, status=np.where(np.arange(1000) % 5, 200, record.SHED))
    found = observation(rows, shot(1000, 10), 100, goal)
    assert (found.requests, found.failed) == (900, pytest.approx(0.2))
    assert found.median == pytest.approx(0.07)
    assert observation(rows, shot(1000, 10), 100, goal, frozenset({200, record.SHED})).failed == pytest.approx(0.2)


def test_overload_does_not_void_a_probe_but_a_late_client_does() -> None:
    goal = Goal(0.02)
    dues = np.arange(10_000) / 1000
    rows = records(dues, deterministic(dues, 500), status=np.where(np.arange(10_000) % 2, 200, 503))
    well, late = shot(10_000, 10), shot(10_000, 10, late=0.01)
    assert breaches(well, rows, measured(rows, well), probe.limits(goal)) == []
    assert len(breaches(late, rows, measured(rows, late), probe.limits(Goal(0.05)))) == 0 or late.health.late > 0.005
    assert (
        "woke 10 ms late" in breaches(late, records(dues, 0.001), measured(records(dues, 0.001), late), probe.limits(goal))[0]
    )


def test_shares_that_do_not_ascend_are_pooled() -> None:
    points = [Point(100, 0.01, 100), Point(110, 0.09, 10), Point(120, 0.02, 100), Point(130, 0.5, 100)]
    assert bracket(points, 0.05) == (120, 130)
    assert bracket(points[:3], 0.05) == (120, math.inf)
    assert bracket(points[3:], 0.05) == (0, 130)
    assert crossing(points[3:], 0.05).rate == 130


def test_the_crossing_is_found_where_the_shares_lie_on_a_line() -> None:
    def share(rate: float) -> float:
        return 1 / (1 + math.exp(-(math.log(0.05 / 0.95) + 30 * math.log(rate / 1000))))

    found = crossing([Point(rate, share(rate), 300) for rate in (900, 950, 1020, 1060, 1200)], 0.05)
    assert found.rate == pytest.approx(1000, rel=0.003)
    assert found.slope == pytest.approx(30, rel=0.15)
    assert 0 < found.error < 0.03
