"""The promise of the any-time-valid rule, simulated: looking after every unit, wrong at most α of the time.

The noises are those of MEASUREMENT §4. A and B of a unit are measured one after the other in random order, as the
harness does it, so drift and order effects are part of the simulation and not assumed away.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from fibench.judge.verdict import EQUIVALENT, judge
from fibench.model.metric import Metric
from fibench.stats.sequential import confidence_sequence, log_e_values
from fibench.stats.series import decorrelated

ALPHA = 0.01
SERIES, UNITS = 4000, 120
# 4,000 series at a true rate of 1 % give a count with standard deviation 6.3: three of them above 40 is 59
MOST = 59

Noise = Callable[[np.random.Generator, int], np.ndarray]


def normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(0, 1, n)


def heavy(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_t(3, n)


def log_normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.lognormal(0, 1, n)


def drifting(rng: np.random.Generator, n: int) -> np.ndarray:
    """AR(0.9) plus an order effect of one standard deviation on every second block."""
    return _autoregressive(rng, n, 0.9) + np.tile([0.0, 1.0], n // 2)


def spiky(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(0, 1, n) * np.where(rng.random(n) < 0.1, 6.0, 1.0)


NOISES = [normal, heavy, log_normal, drifting, spiky]


def differences(noise: Noise, rng: np.random.Generator, units: int, effect: float = 0.0) -> np.ndarray:
    """d = B − A of pairs whose order a fair coin decides; `effect` is B's true excess."""
    pairs = noise(rng, 2 * units).reshape(units, 2)
    coin = rng.random(units) < 0.5
    return np.where(coin, pairs[:, 1] - pairs[:, 0], pairs[:, 0] - pairs[:, 1]) + effect


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: noise.__name__)
def test_identical_code_is_called_different_at_most_alpha_of_the_time_however_often_one_looks(noise: Noise) -> None:
    rng = np.random.default_rng(20261120)
    threshold = -math.log(ALPHA)
    wrong = sum(log_e_values(differences(noise, rng, UNITS)).max() >= threshold for _ in range(SERIES))
    assert wrong <= MOST


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: noise.__name__)
def test_the_interval_covers_the_true_effect_at_every_look(noise: Noise) -> None:
    rng = np.random.default_rng(7)
    series, missed = 400, 0
    for _ in range(series):
        d = differences(noise, rng, 60, effect=2.0)
        bounds = [confidence_sequence(d[:n], ALPHA) for n in (12, 20, 40, 60)]
        missed += any(not one.low <= 2.0 <= one.high for one in bounds)
    assert missed <= 4 + 3 * math.sqrt(400 * 0.01 * 0.99)  # 1 % of 400, and three standard deviations


@pytest.mark.parametrize("skewed", ["exponential", "lognormal", "spiked"])
@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_the_interval_of_a_quantile_covers_it_under_skewed_noise_at_every_look(skewed: str, quantile: float) -> None:
    """Values and pairs with unequal tails are skewed: a test of symmetry would close in on a wrong value here."""
    rng = np.random.default_rng(11)
    draw = {
        "exponential": lambda n: rng.exponential(1, n),
        "lognormal": lambda n: rng.lognormal(0, 1, n),
        "spiked": lambda n: 1 + 0.1 * rng.exponential(1, n) * np.where(rng.random(n) < 0.1, 20, 1),
    }[skewed]
    truth = float(np.quantile(draw(2_000_000), quantile))
    missed = 0
    for _ in range(300):
        values = draw(1000)
        bounds = [confidence_sequence(values[:n], ALPHA, quantile) for n in (30, 100, 300, 1000)]
        missed += any(not one.low <= truth <= one.high for one in bounds)
    assert missed <= 3 + 3 * math.sqrt(300 * 0.01 * 0.99)


def test_drift_of_absolute_values_is_taken_out_before_they_are_tested() -> None:
    """Values have no partner that drifts with them: neighbours are joined until they no longer move together."""
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(200):
        interval = confidence_sequence(decorrelated(_autoregressive(rng, 200, 0.8)), 0.02)
        missed += not interval.low <= 0 <= interval.high
    assert missed <= 200 * 0.05


def _autoregressive(rng: np.random.Generator, n: int, memory: float) -> np.ndarray:
    values = np.empty(n)
    state = rng.normal(0, 1 / math.sqrt(1 - memory**2))
    for i, shock in enumerate(rng.normal(0, 1, n)):
        state = memory * state + shock
        values[i] = state
    return values


@pytest.mark.parametrize("noise", [normal, spiky], ids=lambda noise: noise.__name__)
def test_a_difference_exactly_at_the_margin_is_called_equivalent_at_most_alpha_of_the_time(noise: Noise) -> None:
    rng = np.random.default_rng(3)
    margin, metric = 0.02, Metric("wall")
    delta = math.log1p(margin)
    wrong = 0
    for _ in range(200):
        d = differences(noise, rng, 60) * delta / 4 + delta
        wrong += any(judge(confidence_sequence(d[:n], ALPHA), margin, metric).verdict == EQUIVALENT for n in range(12, 61, 4))
    assert wrong <= 2 + 3 * math.sqrt(200 * 0.01 * 0.99)


def test_naive_peeking_would_be_wrong_many_times_more_often() -> None:
    """The reason for all of this: a t-test looked at after every unit at the same nominal level."""
    rng = np.random.default_rng(1)
    naive = 0
    for _ in range(1000):
        d = differences(normal, rng, UNITS)
        n = np.arange(1, UNITS + 1)
        mean = np.cumsum(d) / n
        deviation = np.sqrt(np.maximum(np.cumsum(d * d) / n - mean**2, 1e-12))
        naive += bool((np.abs(mean[11:]) / (deviation[11:] / np.sqrt(n[11:])) > 2.576).any())
    assert naive > 60  # nominal: 10 of 1,000


@pytest.mark.parametrize(("noise", "at_least"), [(normal, 0.95), (spiky, 0.9), (heavy, 0.8)])
def test_an_effect_of_one_deviation_is_found_in_sixty_units(noise: Noise, at_least: float) -> None:
    """One deviation of the bulk: spikes and heavy tails cost some power, not validity."""
    rng = np.random.default_rng(5)
    effect = math.sqrt(2)  # a difference of two measurements has √2 times the deviation of one
    found = sum(log_e_values(differences(noise, rng, 60, effect)).max() >= -math.log(ALPHA) for _ in range(400))
    assert found / 400 >= at_least
