"""True differences of known size: how often, and how soon, does a whole `fibench run` find them?"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.calibrate import runs
from benchmarks.calibrate.busy import HalfBusy


@dataclass(frozen=True, slots=True)
class Trial:
    """`base` against `base × (1 + gap)` turns of the spinning loop, in one process or in two."""

    what: str
    base: int
    gap: float
    budget: str
    limit: float
    separate: bool = False


ONE = [Trial(f"+1 %, {micro} µs", turns, 0.01, "4.2 s", 5.0) for micro, turns in ((10, 600), (50, 2500), (500, 25_000))]
HALF = [Trial("+0.5 %, 50 µs", 3000, 0.005, "11 s", 12.0)]
TWO = [Trial("+2 %, two processes", 3000, 0.02, "14 s", 15.0, separate=True)]


def variants(trial: Trial) -> dict[str, dict[str, Any]]:
    """V1 and the slower V2; an environment variable that differs forces two processes."""
    sides = {"v1": trial.base, "v2": round(trial.base * (1 + trial.gap))}
    return {
        name: runs.call("spin", args=[turns], **({"env": {"SIDE": name}} if trial.separate else {}))
        for name, turns in sides.items()
    }


def measure(trial: Trial, count: int) -> tuple[int, list[float], list[float]]:
    """(found within the limit, seconds of each run, estimates in per cent)."""
    found, seconds, estimates = 0, [], []
    with tempfile.TemporaryDirectory() as folder, HalfBusy():
        path = runs.scenario(Path(folder), variants(trial), trial.budget)
        for number in range(count):
            one = runs.run(path)
            found += one.finds(-1) and one.seconds <= trial.limit
            seconds.append(one.seconds)
            estimates.append((1 / one.comparison["ratio"] - 1) * 100)
            print(f"\r  {trial.what} {number + 1}/{count}: {found} found", end="", flush=True)
    print()
    return found, sorted(seconds), sorted(estimates)


def main(trials: list[Trial], count: int) -> None:
    """Print the rows of the README."""
    for trial in trials:
        found, seconds, estimates = measure(trial, count)
        spread = f"{estimates[0]:+.2f} … {estimates[-1]:+.2f} %"
        print(
            f"{trial.what:<20} found in {found} of {count} within {trial.limit:g} s; "
            f"median {statistics.median(seconds):.1f} s, slowest {seconds[-1]:.1f} s; estimates {spread}"
        )
