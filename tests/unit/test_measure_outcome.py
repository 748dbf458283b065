"""What targets return, described in the child and compared in the parent."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

from fibench.measure.equality import compare
from fibench.measure.outcome import SHOWN, describe


def equal(one: Any, other: Any) -> bool | None:
    """Through JSON, as the pipe does it."""
    sides = [json.loads(json.dumps(describe(value))) for value in (one, other)]
    return compare(*sides).equal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1), (None, None), ("é\ud800", "é\ud800"), ([1, 2], (1, 2)), ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1, 2, 3}, {3, 2, 1}), (0.1 + 0.2, 0.3), ([1e300, {"x": 1.0}], [1e300, {"x": 1}]), (float("nan"), float("nan")),
        (2**80, 2**80), (b"abc", bytearray(b"abc")), (np.arange(5), [0, 1, 2, 3, 4]), (np.float64(2.5), 2.5),
    ],
)  # fmt: skip
def test_equal_answers_are_equal(one: Any, other: Any) -> None:
    assert equal(one, other) is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2), (1, True), (None, 0), ("1", 1), ([1], [1, 1]), ({"a": 1}, {"a": 2}), (b"abc", "abc"), (1.0, 1.001),
        (2**80, 2**80 + 1), (float("nan"), 1.0), ([1, 2], {1, 2}), ("a", "b"),
    ],
)  # fmt: skip
def test_unequal_answers_are_unequal_and_both_are_shown(one: Any, other: Any) -> None:
    verdict = compare(describe(one), describe(other))
    assert verdict.equal is False
    assert " against " in verdict.why


def _generator() -> Any:
    yield 1


@pytest.mark.parametrize("value", [object(), _generator(), NotImplemented, open, list(range(400_000)), np.zeros(10**6)])
def test_what_has_no_plain_value_is_not_judged(value: Any) -> None:
    verdict = compare(describe(value), describe(value))
    assert verdict.equal is None
    assert verdict.why


def test_endless_nesting_and_failing_reprs_are_survived() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert describe(circle)["same"] is None

    class Rude:
        def __repr__(self) -> str:
            raise ValueError("no")

    assert "whose repr() fails" in describe(Rude())["shown"]


@pytest.mark.parametrize("value", ["x" * 10**7, b"x" * 10**7, list(range(10**6)), {n: n for n in range(10**5)}])
def test_huge_answers_are_shown_shortly_and_quickly(value: Any) -> None:
    start = time.monotonic()
    assert len(describe(value)["shown"]) <= SHOWN
    assert time.monotonic() - start < 3
