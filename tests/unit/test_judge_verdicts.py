"""Verdicts of cases whose truth is written down."""

from __future__ import annotations

import math

import pytest

from fibench.judge import pair
from fibench.judge.case import control, judge_case
from fibench.judge.rule import UntilDecided
from fibench.judge.verdict import judge
from fibench.model.metric import Metric
from fibench.stats.sequential import Interval
from tests.unit.judge_records import RATE, SIZE, WALL, case, generation, jitter, record

DELTA = math.log1p(0.02)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.03, 0.05, "FASTER"),
        (-0.05, -0.03, "SLOWER"),
        (-0.01, 0.01, "EQUIVALENT"),
        (0.005, 0.015, "CHANGED, NEGLIGIBLE"),
        (-0.015, -0.005, "CHANGED, NEGLIGIBLE"),
        (0.01, 0.03, "INCONCLUSIVE"),
        (-0.05, 0.05, "INCONCLUSIVE"),
        (DELTA, 0.05, "INCONCLUSIVE"),  # exactly at the margin is not beyond it
        (-math.inf, math.inf, "INCONCLUSIVE"),
    ],
)
def test_the_interval_and_the_margin_give_the_word(low: float, high: float, verdict: str) -> None:
    assert judge(Interval((low + high) / 2 if math.isfinite(low) else 0.0, low, high, 20), 0.02, WALL).verdict == verdict


def test_a_metric_that_is_no_time_is_better_or_worse() -> None:
    size = Metric("size", "B")
    assert judge(Interval(0.5, 0.4, 0.6, 20), 0.02, size).verdict == "BETTER"
    assert judge(Interval(-0.5, -0.6, -0.4, 20), 0.02, size).verdict == "WORSE"


def test_with_margin_zero_any_sure_difference_counts_and_equivalence_cannot_be_proved() -> None:
    assert judge(Interval(0.001, 0.0005, 0.0015, 20), 0.0, WALL).verdict == "FASTER"
    assert judge(Interval(0.0, -0.0001, 0.0001, 20), 0.0, WALL).verdict == "INCONCLUSIVE"


def test_an_undecided_interval_says_about_how_much_more_it_needs() -> None:
    # half-width 0.04 must shrink to the 0.02 that separate the estimate 0.04 from the margin: four times the units
    found = judge(Interval(0.04, 0.0, 0.08, 20), 0.02, WALL)
    assert found.more == pytest.approx(60, abs=3)


def test_a_candidate_that_takes_half_the_time_has_the_ratio_two() -> None:
    result = judge_case(record(case(), {"v1": jitter(2.0, 15), "v2": jitter(1.0, 15)[::-1]}))
    (found,) = result.comparisons
    assert found.verdict == "FASTER"
    assert found.ratio == pytest.approx(2.0, rel=0.01)
    assert found.low is not None and found.high is not None
    assert found.low <= 2.0 <= found.high
    assert (found.units, found.evidence, found.level) == (15, "E2", 0.99)


def test_for_a_rate_more_is_better() -> None:
    result = judge_case(record(case(metrics=[RATE]), {"v1": jitter(100, 15), "v2": jitter(300, 15)[::-1]}, metric="throughput"))
    assert result.comparisons[0].verdict == "BETTER"
    assert result.comparisons[0].ratio == pytest.approx(3.0, rel=0.01)


def test_a_counted_metric_is_known_exactly_once_two_generations_agree() -> None:
    two = record(case(metrics=[SIZE]), {"v1": [400.0, 400.0], "v2": [100.0, 100.0]}, metric="size")
    (found,) = judge_case(two).comparisons
    assert (found.ratio, found.low, found.high, found.verdict) == (4.0, 4.0, 4.0, "BETTER")


def test_the_unit_is_the_median_of_a_generations_rounds() -> None:
    one = generation(0, {"v1": 1.0, "v2": 2.0})
    three = one.__class__(
        0, 0, (0, 0, 1, 1, 2, 2), ("v1", "v2") * 3, {"wall": (1.0, 2.0, 1.0, 2.0, 1.0, 50.0)}
    )  # fmt: skip
    both = record(case(), {"v1": [1.0], "v2": [2.0]})
    both = both.__class__(both.case, (three,))
    assert pair.log_ratios(both, "wall", "v2", "v1").tolist() == pytest.approx([math.log(2)])


def test_values_of_zero_have_no_ratio_and_say_so() -> None:
    (found,) = judge_case(record(case(), {"v1": [1.0] * 3, "v2": [0.0] * 3})).comparisons
    assert found.verdict == "INVALID"
    assert "zero" in found.reason


def test_a_failed_variant_leaves_the_others_results_intact() -> None:
    done = record(case(("v1", "v2", "v3")), {"v1": jitter(2, 15), "v3": jitter(1, 15)}, failures={"v2": "ValueError: no"})
    result = judge_case(done)
    verdicts = {found.candidate: found.verdict for found in result.comparisons}
    assert verdicts == {"v2": "INVALID", "v3": "FASTER"}
    assert result.state == "partial"
    assert result.reason == "v2: ValueError: no"


def test_the_control_compares_the_baseline_with_its_twin() -> None:
    quiet = record(case(), {"v1": jitter(1, 15), "v2": jitter(1, 15)}, control=jitter(1, 15)[::-1])
    twin = control(quiet, WALL)
    assert twin is not None
    assert twin.passed
    assert twin.ratio == pytest.approx(1.0, abs=0.01)


def test_identical_code_that_differs_raises_the_margin_to_what_it_differed_by() -> None:
    # the twin is 10 % slower for no reason, the candidate 5 %: that is not to be believed
    crooked = record(
        case(margin="1 %"), {"v1": jitter(1, 20), "v2": jitter(1.05, 20)[::-1]}, control=[v * 1.1 for v in jitter(1, 20)]
    )
    result = judge_case(crooked)
    assert result.comparisons[0].verdict == "CHANGED, NEGLIGIBLE"
    assert result.comparisons[0].margin == pytest.approx(0.1, abs=0.01)
    assert [note.code for note in result.notes] == ["control-failed"]


def test_wall_and_cpu_that_disagree_are_noted() -> None:
    both = case(metrics=[WALL, Metric("cpu")])
    generations = []
    for i, (fast, slow) in enumerate(zip(jitter(1, 15), jitter(2, 15), strict=True)):
        one = generation(i, {"v1": slow, "v2": fast})
        generations.append(one.__class__(i, 0, one.rounds, one.variants, {**one.metrics, "cpu": (1.0, 1.0 + i * 1e-6)}))
    result = judge_case(record(both, {"v1": [1.0], "v2": [1.0]}).__class__(both, tuple(generations)))
    assert "wall-cpu-disagree" in [note.code for note in result.notes]


def test_a_command_that_costs_no_more_than_being_started_gives_no_ratio() -> None:
    one = generation(0, {"v1": 0.0011, "v2": 0.05})
    metrics = {**one.metrics, "spawn_floor": (0.001, 0.001)}
    both = record(case(), {"v1": [1.0], "v2": [1.0]})
    floored = one.__class__(0, 0, one.rounds, one.variants, metrics)
    (found,) = judge_case(both.__class__(both.case, (floored,))).comparisons
    assert found.verdict == "INVALID"
    assert found.reason == "v1 takes 1.10 ms, and spawning nothing 1.00 ms"


def test_the_rule_goes_on_while_a_verdict_is_open_and_stops_when_all_are_decided() -> None:
    rule = UntilDecided()
    few = record(case(), {"v1": jitter(2, 5), "v2": jitter(1, 5)})
    many = record(case(), {"v1": jitter(2, 15), "v2": jitter(1, 15)})
    assert not rule.decided(few)
    assert rule.decided(many)


def test_the_rule_waits_for_the_claims_where_there_are_any() -> None:
    rule = UntilDecided()
    close = {"speedup": {"at_least": 2.0, "candidate": "v2", "baseline": "v1"}}
    far = {"speedup": {"at_least": 3.0, "candidate": "v2", "baseline": "v1"}}
    values = {"v1": jitter(2, 15), "v2": jitter(1, 15)[::-1]}
    assert not rule.decided(record(case(claims=[close]), values))
    assert rule.decided(record(case(claims=[far]), values))
