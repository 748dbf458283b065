"""The timed loop is written out for every call shape, and counts what it calls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fibench.measure.block import timer
from fibench.measure.layout import Scatter
from fibench.step import Step

SHAPES: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    ((1, 2), {}),
    ((), {"a": 1}),
    ((1,), {"b": 2, "call": 3}),
    ((), {"class": 1}),
    ((), {"a-b": 1}),
    ((), {"__debug__": 1}),
]


@pytest.mark.parametrize(("args", "kwargs"), SHAPES)
def test_a_block_calls_with_exactly_these_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    seen: list[tuple[Any, ...]] = []
    metrics = timer(Step(lambda *a, **k: seen.append((a, k)), args, kwargs))(3)
    assert seen == [(args, kwargs)] * 3
    assert metrics["wall"] > 0


def test_a_coroutine_function_is_awaited_inside_its_own_loop() -> None:
    calls = 0

    async def work(step: int, *, by: int) -> None:
        nonlocal calls
        calls += step * by

    with asyncio.Runner() as runner:
        timer(Step(work, (2,), {"by": 3}, runner=runner))(5)
    assert calls == 30


def test_a_moved_function_is_the_same_function_elsewhere() -> None:
    def outer(x: int, *, y: int = 2) -> int:
        return (lambda z: z + y)(x)

    outer.mark = "kept"  # type: ignore[attr-defined]
    moved = Scatter().copy(outer)
    assert moved.__code__ is not outer.__code__
    assert moved.__code__.co_consts is not outer.__code__.co_consts
    assert (moved(1), moved(1, y=5), moved.mark) == (3, 6, "kept")


def test_what_is_no_plain_function_stays_where_it_is() -> None:
    assert Scatter().copy(len) is len
