"""The timed loop, and nothing else.

The loop is compiled anew for every step, with the call written out as a person would write it: a wrapper that passes
keyword arguments on would add 75 ns to every call, and a loop shared by two steps would make whichever came second
pay for the first one's inline caches (CPython specialises a call site for the function it sees).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from time import perf_counter_ns, process_time_ns
from typing import Any

from fibench.step import Step

_LOOP = """
{define} loop(call, args, kwargs, loops):
    {unpack}
    turns = repeat(None, loops)
    cpu = process_time_ns()
    start = perf_counter_ns()
    for _ in turns:
        {call}
    end = perf_counter_ns()
    return end - start, process_time_ns() - cpu
"""


def timer(step: Step) -> Callable[[int], dict[str, float]]:
    """A function that runs one block of `loops` calls and gives its metrics per call, in base units."""
    loop = _compiled(step)
    call, args, kwargs, runner, before, after = step.call, step.args, step.kwargs, step.runner, step.before, step.after

    def block(loops: int) -> dict[str, float]:
        if before is not None:
            before()
        if runner is None:
            wall, cpu = loop(call, args, kwargs, loops)
        else:
            wall, cpu = runner.run(loop(call, args, kwargs, loops))
        metrics = {"wall": wall * 1e-9 / loops, "cpu": cpu * 1e-9 / loops}
        if after is not None:
            metrics.update(after(loops))
        return metrics

    return block


def _compiled(step: Step) -> Any:
    """The loop of one step: its arguments are local variables, its call is `call(a0, a1, name=k0)`."""
    names: dict[str, Any] = {"repeat": repeat, "perf_counter_ns": perf_counter_ns, "process_time_ns": process_time_ns}
    try:
        code = compile(_source(step, written=True), "<fibench: timed loop>", "exec")
    except SyntaxError:  # a keyword argument that cannot be written, such as `class` or `a-b`
        code = compile(_source(step, written=False), "<fibench: timed loop>", "exec")
    exec(code, names)  # noqa: S102  # our own template, as timeit does it
    return names["loop"]


def _source(step: Step, *, written: bool) -> str:
    positional = [f"a{index}" for index in range(len(step.args))]
    named = {name: f"k{index}" for index, name in enumerate(step.kwargs)}
    unpack = "".join(f"{name}, " for name in positional) + "= args" if positional else "pass"
    passed = ["**kwargs"] if named else []
    if named and written:
        passed = [f"{name}={value}" for name, value in named.items()]
        unpack += "; " + "".join(f"{value}, " for value in named.values()) + "= kwargs.values()"
    call = f"call({', '.join([*positional, *passed])})"
    awaited = step.runner is not None
    return _LOOP.format(define="async def" if awaited else "def", unpack=unpack, call=f"await {call}" if awaited else call)
