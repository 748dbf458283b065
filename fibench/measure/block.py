"""The timed loop, and nothing else.

Every step gets its own copy of the loop's code: CPython specialises a call site for the function it sees, so a
shared loop would make whichever variant came second pay for the first one's inline cache.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from time import perf_counter_ns, process_time_ns
from types import FunctionType
from typing import Any

from fibench.step import Step


def timer(step: Step) -> Callable[[int], dict[str, float]]:
    """A function that runs one block of `loops` calls and gives its metrics per call, in base units."""
    loop = _own_copy(_choose(step))
    call, args, runner, before, after = step.call, step.args, step.runner, step.before, step.after

    def block(loops: int) -> dict[str, float]:
        if before is not None:
            before()
        if runner is None:
            wall, cpu = loop(call, args, loops)
        else:
            wall, cpu = runner.run(loop(call, args, loops))
        metrics = {"wall": wall * 1e-9 / loops, "cpu": cpu * 1e-9 / loops}
        if after is not None:
            metrics.update(after(loops))
        return metrics

    return block


def _choose(step: Step) -> Any:
    if step.runner is not None:
        return _awaited
    return (_nullary, _unary)[len(step.args)] if len(step.args) < 2 else _general


def _own_copy(function: Any) -> Any:
    return FunctionType(function.__code__.replace(), function.__globals__, function.__name__)


def _nullary(call: Any, args: Any, loops: int) -> tuple[int, int]:
    turns = repeat(None, loops)
    cpu = process_time_ns()
    start = perf_counter_ns()
    for _ in turns:
        call()
    end = perf_counter_ns()
    return end - start, process_time_ns() - cpu


def _unary(call: Any, args: Any, loops: int) -> tuple[int, int]:
    turns = repeat(None, loops)
    (argument,) = args
    cpu = process_time_ns()
    start = perf_counter_ns()
    for _ in turns:
        call(argument)
    end = perf_counter_ns()
    return end - start, process_time_ns() - cpu


def _general(call: Any, args: Any, loops: int) -> tuple[int, int]:
    turns = repeat(None, loops)
    cpu = process_time_ns()
    start = perf_counter_ns()
    for _ in turns:
        call(*args)
    end = perf_counter_ns()
    return end - start, process_time_ns() - cpu


async def _awaited(call: Any, args: Any, loops: int) -> tuple[int, int]:
    turns = repeat(None, loops)
    cpu = process_time_ns()
    start = perf_counter_ns()
    for _ in turns:
        await call(*args)
    end = perf_counter_ns()
    return end - start, process_time_ns() - cpu
