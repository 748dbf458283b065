"""Pure decisions: how many calls make a block, how many rounds a generation, which processes hold the variants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fibench.model.case import Case, Variant

SHORTEST_BLOCK = 50e-6
"""Seconds; 1,000 × the resolution of the clock (≈ 50 ns)."""
LONGEST_BLOCK = 0.25
"""Seconds that a block of the slowest variant may take, however short the fastest one's are then."""
GENERATION = 0.10
"""Seconds of blocks per generation for micro work."""
LONGEST_GENERATION = 1.5
MOST_ROUNDS = 200
SLOW_ROUND = 0.25
"""Seconds of an ABBA round from which plain AB pairs give more units for the time."""
SPARE = 2
"""Units beyond the fewest that decide for which the budget should have room."""
USABLE = 0.85
"""Share of the budget that generations may be planned to fill; the rest is for the first one and for noise."""
CONTROL_EVERY = 5
"""One control round for so many rounds: a fifth of the time buys the noise floor."""
ROUNDS_AT_ONCE = (4, 10)
"""Where the round is the unit: rounds of one set of processes, so that its warm-up is worth its time."""
FRESH_SERVERS = 3
"""Times that the servers of a case are started anew within its budget, where they start quickly enough."""
STARTUP_ENVIRONMENT = ("PYTHON", "LD_", "MALLOC_", "GLIBC_", "LC_", "LANG")
"""Variables that are read while a process starts: a fork is too late for them."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What measuring takes, in seconds: one call of each variant, opening a generation, the case's whole budget."""

    calls: Sequence[float]
    opening: float
    budget: float
    fewest: int
    """Units that it takes to decide anything."""
    warm: bool = True
    """False where each block is a fresh process and a generation needs no warm-up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a generation looks like. `paired`: a round of two variants is AB or BA instead of ABBA or BAAB.

    `units` is about how many of them the budget has room for.
    """

    loops: int
    rounds: int
    paired: bool
    unit: Literal["generation", "round"]
    units: float = math.inf
    control: bool = True
    at_once: int = 0
    """Rounds that are measured, and stored, as one generation of the same processes; 0: all of them."""

    @property
    def control_every(self) -> int | None:
        """Rounds for each control round, None without any."""
        return CONTROL_EVERY if self.control else None


SEARCH = Plan(1, 400, True, "round", control=False, at_once=1)
"""A search asks for probes until it is over, and the same servers answer all of them."""


def choose_loops(seconds: Sequence[float], block: float, once: bool) -> int:
    """The same inner-loop count for all variants: the slowest lasts about `block`, none less than 50 µs.

    Where one variant is thousands of times slower, the fast one's blocks must be shorter: a call of 20 ns against
    one of 4 ms would else take 10 s a block.
    """
    if once:
        return 1
    wanted = max(round(block / max(seconds)), -int(-SHORTEST_BLOCK // min(seconds)))
    return max(1, min(wanted, int(max(LONGEST_BLOCK, block) / max(seconds))))


def choose_plan(costs: Costs, loops: int, per_round: bool) -> Plan:
    """Rounds, pairing and inference unit.

    The generation is the unit wherever the budget has room for enough of them: a fresh process is what differs from
    run to run. Where it has not, and where each block is a process of its own, the round is.
    """
    once = sum(costs.calls) * loops
    paired = once * 2 > SLOW_ROUND
    round_seconds = once if paired or len(costs.calls) != 2 else 2 * once
    fixed = costs.opening + (once * 1.5 if costs.warm else 0.0)
    room = costs.budget * USABLE / (costs.fewest + SPARE) - fixed
    if per_round or room < round_seconds * (1 + 1 / CONTROL_EVERY):
        return _by_rounds(costs, loops, once, fixed)
    wanted = min(max(GENERATION, costs.opening / 2), LONGEST_GENERATION, room)
    rounds = max(1, min(MOST_ROUNDS, int(wanted / round_seconds)))
    return Plan(loops, rounds, paired, "generation", costs.budget / (fixed + rounds * round_seconds))


def choose_windows(windows: Sequence[float], opening: float, budget: float, fewest: int) -> Plan:
    """For services: AB pairs of windows, each stored by itself, and fresh servers about three times within the budget.

    `windows` and `opening` in seconds. Starting the servers shall not cost more than a fifth of the time.
    """
    once = sum(windows)
    longest = max(budget * USABLE / FRESH_SERVERS, 4 * opening)
    rounds = max(1, int((longest - opening) / (once * (1 + 1 / CONTROL_EVERY))))
    units = budget / (once + opening / rounds)
    control = units > (fewest + SPARE) * (1 + 1 / CONTROL_EVERY)
    return Plan(1, rounds, True, "round", units, control, at_once=1)


def _by_rounds(costs: Costs, loops: int, once: float, fixed: float) -> Plan:
    """AB pairs, several a process; without a control where the budget has hardly room for the units themselves."""
    fewest, most = ROUNDS_AT_ONCE
    longest = min(LONGEST_GENERATION, costs.budget / 8)  # what a kill may cost
    rounds = max(1 if not costs.warm else fewest, min(most, int(longest / once)))
    units = costs.budget / (once + fixed / rounds)
    control = units > (costs.fewest + SPARE) * (1 + 1 / CONTROL_EVERY)
    return Plan(loops, rounds, True, "round", units, control)


def shares_process(case: Case, *, fresh: bool = False) -> bool:
    """True when one process can hold all variants: same interpreter, environment and revision.

    `fresh`: each block is a process of its own anyway, and gets its variant's environment there.
    """
    first = case.variants[0]
    if fresh:
        return True
    if case.measure.isolate == "process" and len(case.variants) > 1:
        return False
    return all(_process(variant) == _process(first) for variant in case.variants)


def needs_own_start(variant: Variant) -> bool:
    """True when a fork of the zygote would be too late: another interpreter, or variables read at start-up."""
    return variant.python is not None or any(name.startswith(STARTUP_ENVIRONMENT) for name in variant.env)


def _process(variant: Variant) -> tuple[object, ...]:
    return (variant.python, variant.revision, tuple(sorted(variant.env.items())))
