"""Who runs when."""

from __future__ import annotations

import random

import pytest

from fibench.scenario.order import schedule, williams


def test_one_variant_runs_alone() -> None:
    assert schedule(1, 3, random.Random(1), paired=False, control_every=None) == [(0,)] * 3


def test_two_variants_are_bracketed() -> None:
    rounds = schedule(2, 200, random.Random(1), paired=False, control_every=None)
    assert set(rounds) == {(0, 1, 1, 0), (1, 0, 0, 1)}


def test_paired_variants_follow_each_other_once() -> None:
    rounds = schedule(2, 200, random.Random(1), paired=True, control_every=None)
    assert set(rounds) == {(0, 1), (1, 0)}


def test_the_baseline_meets_its_twin_in_rounds_of_their_own() -> None:
    rounds = schedule(2, 20, random.Random(1), paired=False, control_every=5)
    twins = [each for each in rounds if 2 in each]
    assert len(rounds) == 24
    assert len(twins) == 4
    assert set(twins) <= {(0, 2, 2, 0), (2, 0, 0, 2)}


def test_the_twin_of_three_variants_is_the_fourth() -> None:
    rounds = schedule(3, 2, random.Random(1), paired=True, control_every=1)
    assert sorted(sorted(each) for each in rounds) == [[0, 1, 2], [0, 1, 2], [0, 3], [0, 3]]


@pytest.mark.parametrize("seed", range(8))
def test_the_rounds_of_the_twin_stand_together_so_that_its_caches_are_warm(seed: int) -> None:
    rounds = schedule(2, 50, random.Random(seed), paired=False, control_every=5)
    twins = [index for index, each in enumerate(rounds) if 2 in each]
    assert twins in (list(range(10)), list(range(50, 60)))


def test_the_same_seed_gives_the_same_order() -> None:
    one, other = (schedule(4, 50, random.Random(7), paired=False, control_every=3) for _ in range(2))
    assert one == other


def test_the_square_of_four_is_that_of_williams() -> None:
    # the zigzag 0 1 3 2 and its shifts: every ordered pair of neighbours occurs exactly once
    assert williams(4) == [(0, 1, 3, 2), (1, 2, 0, 3), (2, 3, 1, 0), (3, 0, 2, 1)]


@pytest.mark.parametrize(("variants", "rounds", "every"), [(0, 1, None), (2, -1, None), (2, 1, 0)])
def test_nonsense_is_refused(variants: int, rounds: int, every: int | None) -> None:
    with pytest.raises(ValueError, match="at least"):
        schedule(variants, rounds, random.Random(1), paired=False, control_every=every)
