"""Pure decisions: how many calls make a block, how many rounds a generation, which processes hold the variants."""

from __future__ import annotations

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
SLOW_PAIR = 0.6
"""Seconds of a pair from which a generation per unit would cost too much: the round becomes the unit."""
STARTUP_ENVIRONMENT = ("PYTHON", "LD_", "MALLOC_", "GLIBC_", "LC_", "LANG")
"""Variables that are read while a process starts: a fork is too late for them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a generation looks like. `paired`: a round of two variants is AB or BA instead of ABBA or BAAB."""

    loops: int
    rounds: int
    paired: bool
    unit: Literal["generation", "round"]

    @property
    def control_every(self) -> int:
        """One control round for so many rounds: a fifth of the time buys the noise floor."""
        return 5


def choose_loops(seconds: Sequence[float], block: float, once: bool) -> int:
    """The same inner-loop count for all variants: the slowest lasts about `block`, none less than 50 µs.

    Where one variant is thousands of times slower, the fast one's blocks must be shorter: a call of 20 ns against
    one of 4 ms would else take 10 s a block.
    """
    if once:
        return 1
    wanted = max(round(block / max(seconds)), -int(-SHORTEST_BLOCK // min(seconds)))
    return max(1, min(wanted, int(max(LONGEST_BLOCK, block) / max(seconds))))


def choose_plan(seconds: Sequence[float], loops: int, opening: float, per_round: bool) -> Plan:
    """Rounds, pairing and inference unit from seconds per call and from what opening a generation costs."""
    once_round = sum(seconds) * loops
    paired = once_round * 2 > SLOW_ROUND
    round_seconds = once_round if paired or len(seconds) != 2 else 2 * once_round
    wanted = min(max(GENERATION, opening / 2), LONGEST_GENERATION)
    if per_round or round_seconds > SLOW_PAIR:
        return Plan(loops, max(1, min(10, int(wanted / round_seconds))), True, "round")
    return Plan(loops, max(1, min(MOST_ROUNDS, int(wanted / round_seconds))), paired, "generation")


def shares_process(case: Case) -> bool:
    """True when one process can hold all variants: same interpreter, environment and revision."""
    first = case.variants[0]
    if case.measure.isolate == "process" and len(case.variants) > 1:
        return False
    return all(_process(variant) == _process(first) for variant in case.variants)


def needs_own_start(variant: Variant) -> bool:
    """True when a fork of the zygote would be too late: another interpreter, or variables read at start-up."""
    return variant.python is not None or any(name.startswith(STARTUP_ENVIRONMENT) for name in variant.env)


def _process(variant: Variant) -> tuple[object, ...]:
    return (variant.python, variant.revision, tuple(sorted(variant.env.items())))
