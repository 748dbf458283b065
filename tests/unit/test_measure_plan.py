"""Loops, rounds, units and processes are decided purely; here are the decisions."""

from __future__ import annotations

from typing import Any

import pytest

from fibench.measure.plan import (
    LONGEST_BLOCK,
    SHORTEST_BLOCK,
    Costs,
    choose_loops,
    choose_plan,
    needs_own_start,
    shares_process,
)
from fibench.model.case import Case, Variant
from fibench.model.metric import Metric
from fibench.model.scenario import Measure


def case(*variants: Variant, **measure: Any) -> Case:
    return Case(
        scenario="x", kind="python", point={}, variants=variants, metrics=(Metric("wall"),), measure=Measure(**measure), key="k"
    )


@pytest.mark.parametrize(
    ("seconds", "block", "loops"),
    [
        ([10e-6, 10e-6], 0.0003, 30),  # 30 × 10 µs = 0.3 ms
        ([10e-6, 30e-6], 0.0003, 10),  # the slowest counts
        ([3e-6, 100e-6], 0.0003, 17),  # … unless the fastest would fall below 50 µs
        ([2.0, 2.0], 0.0003, 1),
        ([20e-9, 4e-3], 0.0003, 62),  # 0.25 s a block at most, though 20 ns would like 2,500 calls
        ([20e-9, 2.0], 0.0003, 1),
        ([20e-9, 20e-9], 0.0003, 15_000),
    ],
)
def test_every_variant_gets_the_same_number_of_calls_a_block(seconds: list[float], block: float, loops: int) -> None:
    assert choose_loops(seconds, block, once=False) == loops


def test_macro_work_is_one_call_a_block() -> None:
    assert choose_loops([1e-9], 0.0003, once=True) == 1


@pytest.mark.parametrize("slow", [1e-6, 1e-4, 1e-2, 1.0])
def test_no_block_is_longer_than_a_quarter_of_a_second_by_choice(slow: float) -> None:
    loops = choose_loops([1e-8, slow], 0.0003, once=False)
    assert loops == 1 or loops * slow <= LONGEST_BLOCK
    assert loops == 1 or loops * 1e-8 >= SHORTEST_BLOCK or loops * slow > LONGEST_BLOCK / 2


def costs(*calls: float, opening: float = 0.02, budget: float = 30.0, warm: bool = True) -> Costs:
    return Costs(calls, opening, budget, fewest=11, warm=warm)


def test_short_work_has_abba_rounds_in_generations_of_a_tenth_of_a_second() -> None:
    plan = choose_plan(costs(10e-6, 10e-6), 30, per_round=False)
    assert (plan.unit, plan.paired, plan.control) == ("generation", False, True)
    assert plan.rounds == 83  # 0.1 s / (2 × 0.6 ms)


def test_a_dear_opening_buys_longer_generations_but_never_more_than_a_second_and_a_half() -> None:
    assert choose_plan(costs(1e-3, 1e-3, opening=1.0, budget=60), 1, per_round=False).rounds == 125  # 0.5 s / 4 ms
    assert choose_plan(costs(0.01, 0.01, opening=60.0, budget=1e5), 1, per_round=False).rounds == 37  # 1.5 s / 40 ms


def test_thirteen_generations_fit_the_budget_where_they_can() -> None:
    # 5 s · 0.85 / 13 = 0.327 s a generation, 0.3 s of which go into opening it
    plan = choose_plan(costs(1e-3, 1e-3, opening=0.3, budget=5), 1, per_round=False)
    assert (plan.unit, plan.rounds) == ("generation", 5)  # 0.024 s / 4 ms
    assert plan.units >= 13


def test_where_they_cannot_the_round_becomes_the_unit_and_several_share_a_warm_up() -> None:
    plan = choose_plan(costs(0.5, 0.5), 1, per_round=False)
    assert (plan.unit, plan.paired, plan.rounds) == ("round", True, 4)
    roomy = choose_plan(costs(0.5, 0.5, budget=120), 1, per_round=False)
    assert roomy.unit == "generation"


def test_a_budget_with_hardly_room_for_the_units_spends_nothing_on_a_control() -> None:
    tight = choose_plan(costs(1.0, 1.0, budget=24, warm=False), 1, per_round=True)
    assert (tight.unit, tight.rounds, tight.control) == ("round", 1, False)
    assert tight.units == pytest.approx(24 / 2.02)
    assert choose_plan(costs(1.0, 1.0, budget=60, warm=False), 1, per_round=True).control


def test_equal_processes_are_shared_and_unequal_ones_are_not() -> None:
    one = Variant(name="v1", params={"target": "m:a"})
    other = Variant(name="v2", params={"target": "m:b"})
    assert shares_process(case(one, other))
    assert not shares_process(case(one, other, isolate="process"))
    assert shares_process(case(one, isolate="process"))
    assert shares_process(case(one, other.model_copy(update={"env": {"A": "1"}})), fresh=True)
    for change in ({"env": {"A": "1"}}, {"python": "/usr/bin/python3"}, {"revision": "main"}):
        assert not shares_process(case(one, other.model_copy(update=change)))
        both = case(one.model_copy(update=change), other.model_copy(update=change))
        assert shares_process(both)


@pytest.mark.parametrize(("name", "own"), [("PYTHONHASHSEED", True), ("LD_PRELOAD", True), ("LANG", True), ("COLOUR", False)])
def test_variables_that_are_read_at_start_up_need_a_start(name: str, own: bool) -> None:
    assert needs_own_start(Variant(name="v", params={}, env={name: "1"})) is own


def test_a_budget_is_cut_into_small_enough_pieces_that_its_rest_is_not_wasted() -> None:
    # 4 s / 8 = 0.5 s a generation: three rounds of two commands of 0.08 s
    assert choose_plan(costs(0.08, 0.08, budget=4, warm=False), 1, per_round=True).rounds == 3
