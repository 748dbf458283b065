"""The e-process and its interval, on numbers small enough to check by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fibench.stats.quantile import needed, quantile
from fibench.stats.sequential import confidence_sequence, fewest_units, log_e_values, sup_e_value
from fibench.stats.student import critical

finite = st.floats(-10, 10, allow_nan=False).filter(lambda x: abs(x) > 1e-6)
series = st.lists(finite, min_size=1, max_size=60).map(np.array)


def test_the_first_unit_says_what_the_two_martingales_say_by_hand() -> None:
    # E = 2ⁿ / ((n+1)·C(n, k)): one unit 2/(2·1) = 1; two on one side 4/(3·1); then one on the other 8/(4·3)
    assert np.exp(log_e_values([0.3, 0.1, -0.2])) == pytest.approx([1, 4 / 3, 8 / 12])


def test_eleven_units_on_one_side_are_the_fewest_that_decide_at_one_per_cent() -> None:
    logs = log_e_values(np.full(11, 0.01))
    assert logs[9] < -math.log(0.01) <= logs[10]
    assert [fewest_units(alpha) for alpha in (0.05, 0.01, 0.001)] == [8, 11, 14]


def test_the_interval_of_eleven_units_is_their_range() -> None:
    interval = confidence_sequence(np.arange(11.0), 0.01)
    assert (interval.low, interval.estimate, interval.high) == (0.0, 5.0, 10.0)


def test_the_interval_of_a_quantile_lies_between_two_order_statistics() -> None:
    # 20 units: k at or below the 0.9-quantile with (21·C(20,k)·0.9^k·0.1^(20−k))⁻¹ < 20 is k ≥ 14
    interval = confidence_sequence(np.arange(20.0), 0.05, 0.9)
    assert (interval.low, interval.high) == (13.0, math.inf)


def test_there_is_no_bound_while_there_are_too_few_units() -> None:
    interval = confidence_sequence(np.full(5, 0.5), 0.01)
    assert not interval.bounded
    assert interval.estimate == 0.5


def test_no_units_give_no_estimate() -> None:
    interval = confidence_sequence(np.empty(0), 0.01)
    assert math.isnan(interval.estimate)
    assert interval.units == 0


def test_equal_differences_close_the_interval_around_them() -> None:
    interval = confidence_sequence(np.full(20, 0.25), 0.01)
    assert interval.low == pytest.approx(0.25, abs=1e-9)
    assert interval.high == pytest.approx(0.25, abs=1e-9)


@given(series)
def test_swapping_the_variants_mirrors_the_evidence(d: np.ndarray) -> None:
    assert log_e_values(d) == pytest.approx(log_e_values(-d))


@given(series, st.floats(0.001, 1000))
def test_the_unit_of_measurement_does_not_matter(d: np.ndarray, factor: float) -> None:
    assert log_e_values(d) == pytest.approx(log_e_values(d * factor), rel=1e-6, abs=1e-9)


@given(st.lists(finite, min_size=12, max_size=40).map(np.array), st.floats(-5, 5))
def test_shifting_the_data_shifts_the_interval(d: np.ndarray, shift: float) -> None:
    here, there = confidence_sequence(d, 0.05), confidence_sequence(d + shift, 0.05)
    for one, other in ((here.low, there.low), (here.high, there.high)):
        assert other == pytest.approx(one + shift, abs=1e-9) or (math.isinf(one) and math.isinf(other))


@given(st.lists(finite, min_size=1, max_size=40).map(np.array))
def test_the_interval_holds_its_estimate_and_grows_with_confidence(d: np.ndarray) -> None:
    wide, narrow = confidence_sequence(d, 0.01), confidence_sequence(d, 0.1)
    assert wide.low <= wide.estimate <= wide.high
    assert wide.low <= narrow.low + 1e-9
    assert narrow.high <= wide.high + 1e-9


@given(st.lists(finite, min_size=12, max_size=40).map(np.array))
def test_every_value_outside_the_interval_is_rejected_by_the_test_itself(d: np.ndarray) -> None:
    interval = confidence_sequence(d, 0.05)
    for bound, outside in ((interval.high, interval.high + 1e-7), (interval.low, interval.low - 1e-7)):
        if math.isfinite(bound):
            assert log_e_values(d, outside)[-1] >= -math.log(0.05) - 1e-6


def test_one_sided_evidence_counts_only_its_side() -> None:
    slower = -np.linspace(0.9, 1.1, 30)
    assert sup_e_value(slower, side=-1) > 1e4
    assert sup_e_value(slower, side=+1) == 1.0


def test_ties_say_nothing() -> None:
    assert sup_e_value(np.zeros(50)) == pytest.approx(1.0)


@pytest.mark.parametrize(("q", "n"), [(0.5, 1), (0.95, 72), (0.99, 368), (0.999, 3688)])
def test_a_quantile_needs_its_samples(q: float, n: int) -> None:
    # (1 − 0.05/2) confidence that the largest of n lies above the quantile: q^n ≤ 0.025
    assert needed(q) == n
    assert quantile([1.0] * (n - 1), q) is None
    assert quantile([1.0] * n, q) == 1.0


@pytest.mark.parametrize(
    ("alpha", "freedom", "t"),
    [(0.05, 1, 12.706), (0.01, 5, 4.032), (0.05, 10, 2.228), (0.01, 30, 2.750), (0.05, 1000, 1.962)],
)
def test_the_critical_value_is_that_of_the_tables(alpha: float, freedom: int, t: float) -> None:
    assert critical(alpha, freedom) == pytest.approx(t, abs=2e-3)
