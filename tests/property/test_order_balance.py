"""Whatever the seed: everybody runs equally often, nobody is always first, carry-over is balanced."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from fibench.scenario.order import schedule, williams

SIZES = st.integers(3, 17)
SEEDS = st.integers(0, 2**32)


@given(SIZES)
def test_each_variant_follows_each_other_one_equally_often(size: int) -> None:
    square = williams(size)
    neighbours = Counter(pair for row in square for pair in pairwise(row))
    assert len(neighbours) == size * (size - 1)
    assert set(neighbours.values()) == {1 if size % 2 == 0 else 2}


@given(SIZES)
def test_each_variant_stands_in_each_position_equally_often(size: int) -> None:
    square = williams(size)
    for position in range(size):
        assert set(Counter(row[position] for row in square).values()) == {len(square) // size}


@given(SIZES)
def test_each_of_two_variants_comes_first_in_half_of_the_rows(size: int) -> None:
    square = williams(size)
    for one, other in combinations(range(size), 2):
        assert sum(row.index(one) < row.index(other) for row in square) * 2 == len(square)


@given(st.integers(1, 12), st.integers(0, 60), SEEDS, st.booleans(), st.none() | st.integers(1, 9))
def test_every_variant_runs_equally_often(variants: int, rounds: int, seed: int, paired: bool, every: int | None) -> None:
    plan = schedule(variants, rounds, random.Random(seed), paired=paired, control_every=every)
    main = [each for each in plan if variants not in each]
    twins = [each for each in plan if variants in each]
    assert len(main) == rounds
    assert all(len(set(Counter(each).values())) == 1 for each in plan)
    assert all(set(each) == set(range(variants)) for each in main)
    assert all(set(each) == {0, variants} for each in twins)
    if every is not None:
        assert rounds // every <= len(twins) <= -(-rounds // every)


@given(SEEDS, st.booleans())
def test_the_coin_is_fair(seed: int, paired: bool) -> None:
    plan = schedule(2, 2000, random.Random(seed), paired=paired, control_every=None)
    first = sum(each[0] == 0 for each in plan)
    assert abs(first - 1000) < 6 * 22.4  # six standard deviations of 2000 fair coins: √(2000/4) = 22.4


def test_every_variant_is_first_equally_often_over_generations() -> None:
    first = Counter(schedule(5, 1, random.Random(seed), paired=False, control_every=None)[0][0] for seed in range(5000))
    assert all(abs(count - 1000) < 6 * 28.3 for count in first.values())  # √(5000 · 0.2 · 0.8) = 28.3
