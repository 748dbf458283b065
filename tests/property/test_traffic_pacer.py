"""Whatever the rates: due times ascend, lie within the window, and are the same when asked for again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fibench.traffic import pacer

RATES = st.floats(0.01, 20_000)
LENGTHS = st.floats(0.01, 0.5)
SEEDS = st.integers(-(2**70), 2**70)


def proper(dues: object, seconds: float) -> bool:
    """Ascending and within [0, seconds)."""
    found = list(dues)  # type: ignore[call-overload]
    return found == sorted(found) and all(0 <= due < seconds * pacer.NS for due in found)


@given(st.sampled_from(["constant", "poisson", "gamma", "ramp"]), RATES, LENGTHS, SEEDS)
@settings(deadline=None)
def test_due_times_ascend_within_the_window(name: str, rate: float, seconds: float, seed: int) -> None:
    dues = pacer.schedule(name, rate, seconds, seed)
    assert proper(dues, seconds)
    assert dues == pacer.schedule(name, rate, seconds, seed)


@given(RATES, LENGTHS, SEEDS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_asking_does_not_matter(rate: float, seconds: float, seed: int, chance: object) -> None:
    for lazy in (pacer.Constant(rate, seconds), pacer.Poisson(rate, seconds, seed)):
        eager = list(lazy)
        places = list(range(len(eager)))
        chance.shuffle(places)  # type: ignore[attr-defined]
        assert [lazy[k] for k in places] == [eager[k] for k in places]
        assert len(eager) == len(lazy)


@given(st.lists(st.tuples(st.floats(0, 5000), LENGTHS), min_size=1, max_size=5), st.none() | SEEDS)
@settings(deadline=None)
def test_steps_ascend_within_their_sum(stairs: list[tuple[float, float]], seed: int | None) -> None:
    assert proper(pacer.steps(stairs, seed), sum(seconds for _, seconds in stairs) * (1 + 1e-12))


@given(st.floats(0, 5000), st.floats(0.1, 5000), LENGTHS, st.none() | SEEDS)
@settings(deadline=None)
def test_ramps_ascend_within_the_window(start: float, end: float, seconds: float, seed: int | None) -> None:
    assert proper(pacer.ramp(start, end, seconds, seed), seconds)
