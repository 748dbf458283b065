"""pyperf, as it comes, on the same pairs in the same minutes: its time and its false alarms beside ours."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.calibrate import callables, runs
from benchmarks.calibrate.busy import HalfBusy


def pyperf_pair(name: str, folder: Path) -> tuple[bool, float]:
    """(called significant, seconds for both sides) of `pyperf timeit` twice and `compare_to`, all defaults."""
    files, start = [], time.perf_counter()
    for side in ("a", "b"):
        path = folder / f"{name}-{side}.json"
        path.unlink(missing_ok=True)
        setup = f"from benchmarks.calibrate.callables import {name}"
        command = [sys.executable, "-m", "pyperf", "timeit", "-q", "-s", setup, f"{name}()", "-o", str(path), "--copy-env"]
        subprocess.run(command, check=True, capture_output=True, cwd=runs.ROOT)
        files.append(path)
    seconds = time.perf_counter() - start
    done = subprocess.run(
        [sys.executable, "-m", "pyperf", "compare_to", *map(str, files)], check=True, capture_output=True, text=True
    )
    return not re.search(r"not significant", done.stdout, re.I), seconds


def fibench_pair(name: str, folder: Path) -> tuple[bool, float]:
    """(called different, seconds) of one whole `fibench run` of the same pair, default margin."""
    path = runs.scenario(folder, {"v1": runs.call(name), "v2": runs.call(name)}, "8 s", margin="2 %")
    found = runs.run(path)
    return found.comparison["verdict"] in ("FASTER", "SLOWER"), found.seconds


def main(count: int) -> None:
    """Print the row of the README: identical code on both sides, so every difference is a false alarm."""
    tools = {"pyperf": pyperf_pair, "fibench": fibench_pair}
    alarms = dict.fromkeys(tools, 0)
    seconds: dict[str, list[float]] = {tool: [] for tool in tools}
    with tempfile.TemporaryDirectory() as folder, HalfBusy():
        for number in range(count):
            name = callables.KINDS[number % len(callables.KINDS)].__name__
            for tool, pair in tools.items():
                different, took = pair(name, Path(folder))
                alarms[tool] += different
                seconds[tool].append(took)
            print(f"\r  pairs {number + 1}/{count}: {alarms}", end="", flush=True)
    print()
    for tool in tools:
        median = statistics.median(seconds[tool])
        print(f"{tool:<18} {alarms[tool]} of {count} identical pairs called different; median {median:.1f} s a pair")
    share = statistics.median(seconds["fibench"]) / statistics.median(seconds["pyperf"])
    print(f"time, ours / pyperf's: {share:.2f} (goal: ≤ 0.20)")
