"""What the plan of a case already tells: blocks too short for the clock, a budget too short for an answer. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from fibench import units
from fibench.measure.plan import Plan
from fibench.model.case import Case, Variant
from fibench.model.note import Note
from fibench.stats.sequential import fewest_units

SHORT = 1e-6
"""Seconds of a block from which the clock's own 50 ns are no matter."""


def doubts(
    case: Case, variants: Sequence[Variant], plan: Plan, seconds_per_call: Sequence[float], *, parallel: bool
) -> Iterator[Note]:
    """`parallel`: variants in processes of their own that use several cores, so that these cannot be pinned to one."""
    for variant, seconds in zip(variants, seconds_per_call, strict=True):
        # the clock needs 50 ns: blocks that last less than 1 µs are too slow by several percent
        if seconds * plan.loops < SHORT and seconds * 1000 < max(seconds_per_call):
            text = f"{variant.name} is so fast that its blocks last less than the clock can tell well"
            yield Note("short-blocks", text, "its gain is larger than what is shown", case.title)
    fewest, budget = fewest_units(case.measure.alpha), case.measure.budget
    if plan.units < fewest and len(variants) > 1:
        room = f"about {plan.units:.0f} {plan.unit}s"
        text = f"a budget of {units.duration(budget)} has room for {room}; {fewest} are the fewest that decide"
        hint = f"--budget '{math.ceil(budget * (fewest + 1) / plan.units)} s'"
        yield Note("short-budget", text, hint, case.title)
    if parallel:
        text = "a target uses several cores, so the variants' processes are not pinned to one: intervals are wider"
        yield Note("not-pinned", text, "", case.title)
