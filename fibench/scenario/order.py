"""Who runs when: rounds of variant indexes, pure and seeded.

Two variants swap by a fair coin, so that the no-difference test is exact under any drift. More variants follow rows of
a Williams square, in which each variant stands before each other one equally often and in each position equally often
(E. J. Williams, "Experimental designs balanced for the estimation of residual effects of treatments", Australian
Journal of Scientific Research A 2, 1949, 149–168).
"""

from __future__ import annotations

import random

Round = tuple[int, ...]


def schedule(variants: int, rounds: int, rng: random.Random, *, paired: bool, control_every: int | None) -> list[Round]:
    """One generation: `rounds` rounds of every variant, and before or after them (a coin) the control's own rounds.

    `paired`: a round of two variants is AB or BA instead of ABBA or BAAB. There is one control round, of the baseline
    (0) and its twin (index `variants`), for `control_every` others; they stand together, because a twin that ran only
    now and then would find its caches cold and look slower than it is.
    """
    if variants < 1 or rounds < 0 or (control_every is not None and control_every < 1):
        raise ValueError("variants and control_every are at least 1, rounds at least 0")
    plan = [_pair(0, 1, rng, paired) for _ in range(rounds)] if variants == 2 else _rows(variants, rounds, rng)
    if control_every is None:
        return plan
    count, rest = divmod(rounds, control_every)
    count += rng.random() < rest / control_every
    twins = [_pair(0, variants, rng, paired) for _ in range(count)]
    return twins + plan if rng.random() < 0.5 else plan + twins


def williams(size: int) -> list[Round]:
    """The Williams square; for an odd size the double square (its rows and their reverses)."""
    zigzag = [(i + 1) // 2 if i % 2 else (size - i // 2) % size for i in range(size)]
    rows = [tuple((symbol + shift) % size for symbol in zigzag) for shift in range(size)]
    return rows if size % 2 == 0 else rows + [row[::-1] for row in rows]


def _pair(a: int, b: int, rng: random.Random, paired: bool) -> Round:
    first, second = (a, b) if rng.random() < 0.5 else (b, a)
    return (first, second) if paired else (first, second, second, first)


def _rows(variants: int, rounds: int, rng: random.Random) -> list[Round]:
    """Random rows of the square; which variant is which symbol is drawn once per generation."""
    labels = rng.sample(range(variants), variants)
    square = williams(variants)
    return [tuple(labels[symbol] for symbol in rng.choice(square)) for _ in range(rounds)]
