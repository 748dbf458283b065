"""What an operation hands to the timed loop. Standard library only: every worker process imports this page.

A kind's child half is `open(params: dict) -> Step`. The timed loop itself lives in `fibench.measure.block`; a Step
only says what is called, what happens untimed around each block, and what is worth knowing afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Step:
    """One thing that can be run in blocks.

    call     called `loops` times a block with `args` and `kwargs`; a coroutine function when `runner` is set
    runner   an `asyncio.Runner`; the block then awaits inside its loop, so loop start-up is not timed
    once     a block is exactly one call (macro work: a file, a process)
    before   untimed, before each block
    after    untimed, after each block of `loops` calls: more metrics per call, in base units; they may replace
             `wall` and `cpu` where the step has better clocks (a child's rusage); NaN is "this block has no number"
    remark   untimed, after `after`: what else is to be known of this block (why it is invalid, its raw file …)
    lasts    seconds of a block, where they are known beforehand (a window of load)
    outcome  one untimed call whose value is compared between variants; NotImplemented: there is nothing to compare
    facts    kept beside the numbers (filter list, server, file layout …)
    close    frees everything
    """

    __slots__ = ("after", "args", "before", "call", "close", "facts", "kwargs", "lasts", "once", "outcome", "remark", "runner")

    def __init__(  # noqa: PLR0913  # an argument for each hook
        self,
        call: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        *,
        runner: Any = None,
        once: bool = False,
        before: Callable[[], object] | None = None,
        after: Callable[[int], dict[str, float]] | None = None,
        remark: Callable[[], dict[str, Any]] | None = None,
        lasts: float | None = None,
        outcome: Callable[[], object] | None = None,
        facts: Callable[[], dict[str, Any]] = dict,
        close: Callable[[], object] = lambda: None,
    ) -> None:
        self.call = call
        self.args = args
        self.kwargs = kwargs or {}
        self.runner = runner
        self.once = once
        self.before = before
        self.after = after
        self.remark = remark
        self.lasts = lasts
        self.outcome = outcome if outcome is not None else self._call_once
        self.facts = facts
        self.close = close

    def _call_once(self) -> object:
        if self.runner is None:
            return self.call(*self.args, **self.kwargs)
        return self.runner.run(self.call(*self.args, **self.kwargs))


TURN = [0]
"""The number of the round that runs now, for steps that draw at random: what one variant meets the others meet too."""
