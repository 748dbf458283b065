"""Due times: absolute, ascending, within the window, and of the process whose name they bear."""

from __future__ import annotations

import math
import tracemalloc
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fibench.traffic import pacer

S = pacer.NS


def kolmogorov(values: Any, cdf: Any) -> float:
    """√n·D of a sample against a distribution; 1.95 is exceeded once in a thousand."""
    ordered = np.sort(np.asarray(values, float))
    steps = np.arange(len(ordered) + 1) / len(ordered)
    at = cdf(ordered)
    return float(max((steps[1:] - at).max(), (at - steps[:-1]).max()) * math.sqrt(len(ordered)))


def test_constant_arrivals_are_due_at_multiples_of_the_gap() -> None:
    assert list(pacer.constant(4, 1)) == [0, S // 4, S // 2, 3 * S // 4]
    assert list(pacer.constant(0.5, 5)) == [0, 2 * S, 4 * S]


@pytest.mark.parametrize(("rate", "seconds"), [(3, 1), (7, 3), (0.1, 30), (1000.1, 1.3), (1e6 / 3, 0.3), (33.3, 10)])
def test_constant_arrivals_are_as_many_as_start_within_the_window(rate: float, seconds: float) -> None:
    dues = pacer.constant(rate, seconds)
    assert dues[-1] < seconds * S <= int(len(dues) * S / rate) + 1
    assert len(dues) in (math.floor(rate * seconds), math.ceil(rate * seconds))


def test_constant_arrivals_do_not_drift_over_ten_million() -> None:
    dues = pacer.Constant(30_000, 3600)
    assert len(dues) == 108_000_000
    assert dues[90_000_000] == 3000 * S
    assert dues[-1] == dues[107_999_999]


def test_a_lazy_schedule_says_the_same_as_the_one_in_memory() -> None:
    for lazy, eager in (
        (pacer.Constant(777.7, 2), pacer.constant(777.7, 2)),
        (pacer.Poisson(777.7, 2, 5), pacer.poisson(777.7, 2, 5)),
    ):
        assert list(lazy) == list(eager)
        assert [lazy[k] for k in reversed(range(len(lazy)))] == list(reversed(eager))
        assert lazy[3::7] == eager[3::7]
        assert lazy[-1] == eager[-1]
        with pytest.raises(IndexError):
            lazy[len(lazy)]


def test_a_lazy_schedule_of_ten_million_takes_less_than_a_megabyte() -> None:
    tracemalloc.start()
    try:
        for dues in (pacer.Constant(100_000, 100), pacer.Poisson(100_000, 100, 1)):
            assert len(dues) == pytest.approx(10_000_000, abs=4 * math.sqrt(10_000_000))
            assert 49 * S < dues[5_000_000] < 51 * S
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_poisson_arrivals_have_exponential_gaps_also_across_chunks() -> None:
    dues = pacer.poisson(1000, 200, 3)
    gaps = np.diff(np.asarray(dues, float)) / S
    assert kolmogorov(gaps, lambda x: 1 - np.exp(-1000 * x)) < 1.95
    across = gaps[pacer.CHUNK - 1 :: pacer.CHUNK]  # from the last of a chunk to the first of the next one
    assert len(across) > 700
    assert kolmogorov(across, lambda x: 1 - np.exp(-1000 * x)) < 1.95
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 4 / math.sqrt(len(gaps))


def test_poisson_counts_vary_as_poisson_counts_do() -> None:
    sizes = np.array([len(pacer.Poisson(500, 1, seed)) for seed in range(400)])
    assert sizes.mean() == pytest.approx(500, abs=4 * math.sqrt(500 / 400))
    assert sizes.var() / 500 == pytest.approx(1, abs=0.3)


def test_the_same_seed_gives_the_same_arrivals_and_another_one_does_not() -> None:
    for name in ("poisson", "gamma", "ramp"):
        one, same, other = (list(pacer.schedule(name, 300, 2, seed)) for seed in (7, 7, 8))
        assert one == same != other
    assert list(pacer.poisson(300, 2, -1)) != list(pacer.poisson(300, 2, 1))


def test_gamma_gaps_have_the_asked_coefficient_of_variation() -> None:
    for cv in (0.5, 1.0, 3.0):
        gaps = np.diff(np.asarray(pacer.gamma(1000, 100, 1, cv), float)) / S
        assert gaps.std() / gaps.mean() == pytest.approx(cv, rel=0.05)
        assert gaps.mean() == pytest.approx(1e-3, rel=0.05)


@pytest.mark.parametrize(("start", "end"), [(0, 100), (100, 0), (50, 150), (80, 80)])
def test_a_ramp_has_at_each_moment_had_as_many_arrivals_as_its_rate_adds_up_to(start: float, end: float) -> None:
    seconds = 10.0
    total = (start + end) / 2 * seconds
    for seed in (None, 4):
        moments = np.asarray(pacer.ramp(start, end, seconds, seed), float) / S
        area = start * moments + (end - start) / seconds * moments**2 / 2
        spread = 1 if seed is None else 4 * math.sqrt(total)
        assert np.abs(area - np.arange(len(moments))).max() <= spread
        assert abs(len(moments) - total) <= spread


def test_steps_keep_their_rates_and_a_rate_of_nothing_is_a_pause() -> None:
    dues = np.asarray(pacer.steps([(10, 1), (0, 2), (100, 1)]), float) / S
    assert [int(((dues >= a) & (dues < b)).sum()) for a, b in ((0, 1), (1, 3), (3, 4))] == [10, 0, 100]
    chance = np.asarray(pacer.steps([(100, 10), (0, 5), (1000, 10)], seed=2), float) / S
    counts = [int(((chance >= a) & (chance < b)).sum()) for a, b in ((0, 10), (10, 15), (15, 25))]
    assert counts[1] == 0
    assert counts[0] == pytest.approx(1000, abs=130)
    assert counts[2] == pytest.approx(10_000, abs=400)


def test_a_trace_is_replayed_at_its_speed_and_cut_at_the_end_of_the_window() -> None:
    assert list(pacer.trace([0, 0.5, 0.5, 2], speed=2)) == [0, S // 4, S // 4, S]
    assert list(pacer.schedule("trace", 1, 1, 0, offsets=[0, 0.5, 1.0])) == [0, S // 2]
    with pytest.raises(ValueError, match="offset 1 of the trace"):
        pacer.trace([1, 0.5])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0\n1\nx1\n", ":3: 'x1' is not a number of seconds"),
        ("0\n2\n\n1\n", ":4: 1 s: offsets must ascend"),
        ("-1\n", ":1: -1 s: offsets must ascend"),
        ("nan\n", ":1: nan s: offsets must ascend"),
        ("# nothing\n", "no offsets in it"),
    ],
)
def test_a_wrong_trace_file_is_told_by_file_and_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "t.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"t\.txt") as caught:
        pacer.read_trace(str(path))
    assert says in str(caught.value)


def test_a_trace_file_may_have_comments_and_empty_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("# recorded on Monday\n0\n\n0.25  # burst\n1e0\n")
    assert pacer.read_trace(str(path)) == [0, 0.25, 1.0]


def test_the_entry_point_knows_every_process_and_says_which_there_are() -> None:
    assert pacer.schedule("constant", 10, 1, 0) == pacer.constant(10, 1)
    assert pacer.schedule("poisson", 10, 1, 3) == pacer.poisson(10, 1, 3)
    assert pacer.schedule("ramp", 10, 1, 3, start=1, even=True) == pacer.ramp(1, 10, 1)
    assert pacer.schedule("steps", 1, 1.5, 3, stairs=[(2, 1), (4, 1)], even=True) == array("Q", [0, S // 2, S, 5 * S // 4])
    with pytest.raises(ValueError, match="there are constant, poisson, gamma, ramp, steps, trace"):
        pacer.schedule("uniform", 1, 1, 0)
    with pytest.raises(ValueError, match="arrivals gamma: got an unexpected keyword argument 'shape'"):
        pacer.schedule("gamma", 1, 1, 0, shape=2)
    with pytest.raises(ValueError, match="arrivals steps: missing 1 required positional argument: 'stairs'"):
        pacer.schedule("steps", 1, 1, 0)


def test_the_entry_point_turns_lazy_where_an_array_would_be_large() -> None:
    assert isinstance(pacer.schedule("constant", 1e6, 1, 0), array)
    assert isinstance(pacer.schedule("constant", 1e6, 2, 0), pacer.Constant)
    assert isinstance(pacer.schedule("poisson", 1e6, 2, 0), pacer.Poisson)


@pytest.mark.parametrize("bad", [0, -1, math.inf, math.nan])
def test_a_rate_or_length_that_is_not_positive_is_refused(bad: float) -> None:
    for call in (
        lambda: pacer.Constant(bad, 1), lambda: pacer.Constant(1, bad), lambda: pacer.poisson(bad, 1, 0),
        lambda: pacer.gamma(bad, 1, 0), lambda: pacer.ramp(1, 2, bad), lambda: pacer.trace([0], speed=bad),
        lambda: pacer.steps([(1, bad)]),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="must be above 0"):
            call()
    for call in (lambda: pacer.ramp(0, 0, 1), lambda: pacer.ramp(-1, 2, 1), lambda: pacer.steps([])):
        with pytest.raises(ValueError, match="need"):
            call()
