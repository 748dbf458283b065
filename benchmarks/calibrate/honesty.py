"""Identical code against itself, again and again, next to a busy neighbour: how often is it called different?"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.calibrate import callables, runs
from benchmarks.calibrate.busy import HalfBusy


def measure(count: int, budget: str = "3 s") -> tuple[int, int, list[float]]:
    """(called different, comparisons, half-widths in per cent) over `count` A/A runs of ten kinds of callable."""
    wrong, widths = 0, []
    with tempfile.TemporaryDirectory() as folder, HalfBusy():
        for number in range(count):
            name = callables.KINDS[number % len(callables.KINDS)].__name__
            path = runs.scenario(Path(folder), {"v1": runs.call(name), "v2": runs.call(name)}, budget)
            found = runs.run(path)
            wrong += found.different
            if found.comparison["low"] is not None:
                widths.append((found.comparison["high"] - found.comparison["low"]) * 50)
            print(f"\r  A/A {number + 1}/{count}: {wrong} called different", end="", flush=True)
    print()
    return wrong, count, sorted(widths)


def main(count: int) -> None:
    """Print the row of the README."""
    wrong, total, widths = measure(count)
    middle = widths[len(widths) // 2]
    goal = f"goal: ≤ {max(2, total // 100)} at α = 0.01"
    print(f"A/A honesty        {wrong} of {total} called different ({goal}); half-width, median ±{middle:.2f} %")
