"""Claims at their own bound, in every form."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from fibench.errors import ScenarioError
from fibench.judge.claims import judge_claim, judge_claims, undecided
from fibench.judge.formula import evaluate
from fibench.judge.refusals import UNAVAILABLE
from fibench.model.scenario import Claim
from tests.unit.judge_records import SIZE, WALL, case, jitter, record


def judged(form: dict[str, Any], v1: float = 2.0, v2: float = 1.0, **more: Any) -> Any:
    claim = Claim.model_validate({"id": "c", "text": "t", **form})
    return judge_claim(claim, [record(case(), {"v1": jitter(v1, 20), "v2": jitter(v2, 20)[::-1]}, **more)])


@pytest.mark.parametrize(
    ("form", "verdict"),
    [
        ({"speedup": {"at_least": 1.8}}, "CONFIRMED"),
        ({"speedup": {"at_least": 2.5}}, "REFUTED"),
        ({"speedup": {"at_least": 2.0}}, "UNPROVEN"),
        ({"speedup": {"at_most": 2.5}}, "CONFIRMED"),
        ({"speedup": {"at_most": 1.5}}, "REFUTED"),
        ({"speedup": {"between": [1.5, 3.0]}}, "CONFIRMED"),
        ({"speedup": {"between": [1.2, 1.5]}}, "CONFIRMED"),
        ({"ratio": {"of": "v1", "to": "v2", "at_least": 1.9}}, "CONFIRMED"),
        ({"ratio": {"of": "v2", "to": "v1", "at_least": 0.6}}, "REFUTED"),
        ({"value": {"variant": "v2", "at_most": "1.5 s"}}, "CONFIRMED"),
        ({"value": {"variant": "v2", "at_most": "500 ms"}}, "REFUTED"),
        ({"value": {"variant": "v1", "at_least": 1.9}}, "CONFIRMED"),
        ({"formula": "150 / 60 >= 2.5"}, "CONFIRMED"),
        ({"formula": "10400 + 25 + 1 == 7244"}, "REFUTED"),
        ({"not_testable": "needs a GPU"}, "NOT TESTABLE"),
        ({"all_of": [{"speedup": {"at_least": 1.5}}, {"ratio": {"of": "v1", "to": "v2", "at_most": 3}}]}, "CONFIRMED"),
        ({"all_of": [{"speedup": {"at_least": 1.5}}, {"speedup": {"at_least": 4}}]}, "REFUTED"),
        ({"where": {"n": 9}, "speedup": {"at_least": 1.5}}, "UNPROVEN"),
    ],
)
def test_a_claim_is_judged_at_its_own_bound(form: dict[str, Any], verdict: str) -> None:
    assert judged(form).verdict == verdict


def test_a_refuted_claim_still_reports_what_was_found() -> None:
    found = judged({"speedup": {"at_least": 2.5}})
    assert found.measured == pytest.approx(2.0, rel=0.01)
    assert found.low < 2.0 < found.high
    assert found.reason == "the whole interval is below 2.5×; v1 2.00 s, v2 1.00 s"


def test_between_notes_when_the_whole_interval_is_beyond() -> None:
    assert judged({"speedup": {"between": [1.2, 1.5]}}).reason.startswith(
        "the whole interval is at least 1.2×, even above 1.5×"
    )


def test_too_few_units_leave_a_claim_unproven() -> None:
    claim = Claim.model_validate({"id": "c", "text": "t", "speedup": {"at_least": 1.5}})
    few = record(case(), {"v1": [2.0] * 5, "v2": [1.0] * 5})
    assert judge_claim(claim, [few]).verdict == "UNPROVEN"


def test_a_variant_that_is_not_available_makes_its_claims_not_testable_with_the_reason() -> None:
    found = judged({"speedup": {"at_least": 1.5}}, failures={"v2": UNAVAILABLE + "needs hdf5plugin"})
    assert found.verdict == "NOT TESTABLE"
    assert "needs hdf5plugin" in found.reason


def test_a_variant_that_failed_leaves_its_claims_unproven_with_the_reason() -> None:
    found = judged({"speedup": {"at_least": 1.5}}, failures={"v2": "ValueError: no"})
    assert found.verdict == "UNPROVEN"
    assert found.reason == "INVALID: v2: ValueError: no"


def test_a_claim_over_several_cases_holds_only_if_it_holds_in_all_of_them() -> None:
    claim = Claim.model_validate({"id": "c", "text": "t", "speedup": {"at_least": 1.5}})
    good = record(case(point={"n": 1}), {"v1": jitter(2, 20), "v2": jitter(1, 20)})
    bad = record(case(point={"n": 2}), {"v1": jitter(1, 20), "v2": jitter(1, 20)[::-1]})
    found = judge_claim(claim, [good, bad])
    assert found.verdict == "REFUTED"
    assert found.case == "s n=2"
    assert [part.partition(" in ")[2] for part in found.parts] == [
        "s n=1, the whole interval is at least 1.5×; v1 2.00 s, v2 1.00 s",
        "s n=2, the whole interval is below 1.5×; v1 1.00 s, v2 1.00 s",
    ]


def test_counted_values_need_no_more_than_two_generations() -> None:
    claim = Claim.model_validate({"id": "c", "text": "t", "metric": "size", "ratio": {"of": "v1", "to": "v2", "at_least": 4.0}})
    two = record(case(metrics=[SIZE]), {"v1": [400.0] * 2, "v2": [100.0] * 2}, metric="size")
    assert judge_claim(claim, [two]).verdict == "CONFIRMED"


def test_a_share_is_the_part_of_one_metric_in_another() -> None:
    claim = Claim.model_validate(
        {"id": "c", "text": "t", "metric": "cpu", "share": {"variant": "v1", "of": "wall", "at_most": 0.3}}
    )
    both = record(case(metrics=[WALL]), {"v1": jitter(2, 20), "v2": jitter(1, 20)})
    generations = tuple(
        one.__class__(one.index, 0, one.rounds, one.variants, {**one.metrics, "cpu": (0.5, 0.5)}) for one in both.generations
    )
    assert judge_claim(claim, [both.__class__(both.case, generations)]).verdict == "CONFIRMED"


def test_every_claim_of_a_run_is_judged_once() -> None:
    stated = {"speedup": {"at_least": 1.5}}
    records = [record(case(claims=[stated], point={"n": n}), {"v1": jitter(2, 20), "v2": jitter(1, 20)}) for n in (1, 2)]
    assert [claim.verdict for claim in judge_claims(records)] == ["CONFIRMED"]


def test_a_formula_shows_its_working() -> None:
    found = evaluate("10426 / 1500 >= 7")
    assert (found.holds, found.text) == (False, "10426 / 1500 ≥ 7: 6.95 ≥ 7.00 does not hold")


@pytest.mark.parametrize(
    "formula", ["1 + 1", "__import__('os')", "x > 1", "1/0 > 1", "(1).real > 0", "'a' > 'b'", "9**9**9**9 > 1", "", "1 <"]
)
def test_a_formula_that_is_no_comparison_of_numbers_is_refused(formula: str) -> None:
    with pytest.raises(ScenarioError, match="cannot evaluate formula"):
        evaluate(formula)


def test_every_part_of_a_joined_claim_is_told() -> None:
    found = judged({"all_of": [{"speedup": {"at_least": 1.5}}, {"value": {"variant": "v2", "at_most": "1.5 s"}}]})
    assert [part.partition(":")[0] for part in found.parts] == ["wall 2.00×", "wall 1.00 s"]


def test_a_refused_ratio_confirms_no_claim() -> None:
    claim = Claim.model_validate({"id": "c", "text": "t", "speedup": {"at_least": 1.5}})
    both = record(case(), {"v1": jitter(0.002, 20), "v2": jitter(0.001, 20)})
    generations = tuple(replace(one, metrics={**one.metrics, "spawn_floor": (0.001, 0.001)}) for one in both.generations)
    found = judge_claim(claim, [replace(both, generations=generations)])
    assert found.verdict == "UNPROVEN"
    assert "spawning nothing" in found.reason


def test_a_quantile_with_too_few_samples_is_not_interpolated() -> None:
    found = judged({"value": {"variant": "v1", "quantile": 0.99, "at_most": "9 s"}})
    assert found.verdict == "UNPROVEN"
    assert found.reason == "n too small: 20 of the 368 samples that p99 takes"


def test_what_is_not_a_number_decides_nothing() -> None:
    claim = Claim.model_validate({"id": "c", "text": "t", "value": {"variant": "v1", "at_most": 9}})
    broken = record(case(), {"v1": [math.nan] * 20, "v2": jitter(1, 20)})
    assert judge_claim(claim, [broken]).verdict == "UNPROVEN"


def test_a_claim_on_a_failed_variant_does_not_keep_the_case_waiting() -> None:
    claim = {"speedup": {"at_least": 1.5}}
    failed = record(case(("v1", "v2", "v3"), claims=[{**claim, "speedup": {"at_least": 1.5, "candidate": "v2"}}]),
                    {"v1": jitter(2, 12), "v3": jitter(1, 12)}, failures={"v2": "ValueError: no"})  # fmt: skip
    assert not undecided(failed.case.claims[0], failed)
