"""The gate: non-inferiority at the margin, Holm over the suite, and stored runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fibench.judge.gate import gated, gated_row, holm
from fibench.judge.rule import UntilDecided, UntilGated
from fibench.judge.unpaired import compare_sides, session_deviation, side
from tests.unit.judge_records import SIZE, WALL, case, jitter, record


def words(v1: float, v2: float, count: int = 30, **measure: object) -> list[str]:
    rows = gated(record(case(gate=["wall"], **measure), {"v1": jitter(v1, count), "v2": jitter(v2, count)[::-1]}))
    return [row.word for row in holm(rows, 0.01)]


def test_a_metric_that_is_worse_by_more_than_the_margin_is_red() -> None:
    assert words(1.0, 1.2) == ["worse"]


def test_a_tiny_real_loss_inside_the_margin_passes() -> None:
    assert words(1.0, 1.01) == ["pass"]


def test_a_gain_passes() -> None:
    assert words(1.0, 0.5) == ["pass"]


def test_too_few_units_are_undecided() -> None:
    assert words(1.0, 1.2, count=5) == ["undecided"]


def test_a_counted_metric_leaves_nothing_to_chance() -> None:
    bigger = record(case(metrics=[SIZE], gate=["size"]), {"v1": [100.0] * 2, "v2": [120.0] * 2}, metric="size")
    assert [row.word for row in holm(gated(bigger), 0.01)] == ["worse"]


def test_only_declared_metrics_can_say_no() -> None:
    assert gated(record(case(), {"v1": jitter(1, 30), "v2": jitter(2, 30)})) == []


def test_a_suite_of_many_metrics_asks_more_of_each() -> None:
    # 11 equal signs: E = 2^11/12 ≈ 171, p ≈ 0.006: red alone, not among a hundred
    (one,) = gated(record(case(gate=["wall"], margin="0 %"), {"v1": jitter(1, 11), "v2": jitter(1.1, 11)[::-1]}))
    assert holm([one], 0.01)[0].word == "worse"
    assert all(row.word != "worse" for row in holm([one] * 100, 0.01))


def test_a_hundred_unchanged_metrics_are_red_together_at_most_alpha_of_the_time() -> None:
    rng = np.random.default_rng(4)
    red = 0
    for _ in range(60):
        rows = []
        for _ in range(25):
            noise = np.exp(rng.normal(0, 0.05, (2, 40)))
            rows += gated(record(case(gate=["wall"]), {"v1": list(noise[0]), "v2": list(noise[1])}))
        red += any(row.word == "worse" for row in holm(rows, 0.01))
    assert red <= 2  # 0.6 expected at the very most


def test_two_bare_runs_only_suggest() -> None:
    before = side("a/v", record(case(), {"v1": jitter(1, 20), "v2": jitter(1, 20)}), WALL, "v1")
    after = side("b/v", record(case(), {"v1": jitter(2, 20), "v2": jitter(1, 20)}), WALL, "v1")
    assert before is not None and after is not None
    found = compare_sides(before, after, WALL, 0.02, 0.01, [])
    assert (found.verdict, found.evidence, found.low) == ("SUGGESTS SLOWER", "E0", None)
    assert gated_row("s", found).word == "undecided"


def test_the_history_of_sessions_widens_the_interval_beyond_the_runs_own_spread() -> None:
    before = side("a/v", record(case(), {"v1": jitter(1.0, 20), "v2": jitter(1, 20)}), WALL, "v1")
    after = side("b/v", record(case(), {"v1": jitter(1.05, 20), "v2": jitter(1, 20)}), WALL, "v1")
    assert before is not None and after is not None
    restless = [math.log(v) for v in (1.0, 1.06, 0.97, 1.04, 0.99, 1.05)]
    steady = [math.log(v) for v in (1.0, 1.001, 0.999, 1.002, 1.0, 1.001)]
    assert compare_sides(before, after, WALL, 0.02, 0.01, [restless]).verdict == "INCONCLUSIVE"
    calm = compare_sides(before, after, WALL, 0.02, 0.01, [steady])
    assert (calm.verdict, calm.evidence) == ("SLOWER", "E1")
    assert holm([gated_row("s", calm)], 0.01)[0].word == "worse"
    assert all(row.word != "worse" for row in holm([gated_row("s", calm)] * 10_000, 0.01))


def test_the_variance_between_sessions_is_estimated_from_successive_steps() -> None:
    rng = np.random.default_rng(2)
    assert session_deviation([[1.0, 1.1], [2.0]]) is None
    tau, freedom = session_deviation([list(rng.normal(0, 0.03, 4000))]) or (0, 0)
    assert tau == pytest.approx(0.03, rel=0.05)
    assert freedom == 3999


def test_a_slow_drift_between_sessions_counts_although_neighbours_hardly_differ() -> None:
    tau, _ = session_deviation([[0.01 * i for i in range(30)]]) or (0, 0)
    assert tau > 0.05


def test_sessions_of_other_code_say_nothing_about_the_spread_of_this_one() -> None:
    before_an_edit, after_it = [1.0, 1.001, 0.999, 1.0], [9.0, 9.001, 8.999, 9.0]
    tau, _ = session_deviation([before_an_edit, after_it]) or (9, 0)
    assert tau < 0.002


def test_a_gate_of_many_rows_goes_on_until_each_can_be_red() -> None:
    """Stopping at a verdict of its own (p ≈ 0.006) would leave Holm (α / 20) without a chance to turn red."""

    def decided(count: int, rows: int) -> bool:
        slower = record(case(gate=["wall"]), {"v1": jitter(1, count), "v2": jitter(1.2, count)[::-1]})
        return UntilGated(rows, 0.01).decided(slower)

    assert decided(11, rows=1)
    assert not decided(11, rows=20)
    assert decided(20, rows=20)  # 2^20/21 ≈ 50,000


def test_a_gate_stops_as_soon_as_a_metric_is_safe_however_open_its_verdict_is() -> None:
    a_little_faster = record(case(gate=["wall"]), {"v1": jitter(1.02, 15, 0.01), "v2": jitter(1, 15, 0.01)[::-1]})
    assert UntilGated(1, 0.01).decided(a_little_faster)
    assert not UntilDecided().decided(a_little_faster)
