"""What the harness itself costs: a timed call against `timeit`, and `--help` against importing what it needs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import timeit

from fibench.measure.block import timer
from fibench.step import Step

LOOPS, ROUNDS, PROCESSES = 2000, 200, 15


def body() -> None:
    """About one microsecond."""
    for _ in range(220):
        pass


def per_call() -> tuple[float, float]:
    """Median seconds per call: (timeit, fibench's block), interleaved."""
    ours, theirs = timer(Step(body)), timeit.Timer(body)
    pairs = [(theirs.timeit(LOOPS) / LOOPS, ours(LOOPS)["wall"]) for _ in range(ROUNDS)]
    return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)


def per_call_afresh() -> tuple[float, float]:
    """The same, as medians over fresh processes: one process is one memory layout, worth ± 3 % on its own."""
    code = "from benchmarks.calibrate.overhead import per_call; print(*per_call())"
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True) for _ in range(PROCESSES)]
    pairs = [[float(word) for word in done.stdout.split()] for done in runs]
    ratio = statistics.median(ours / theirs for theirs, ours in pairs)
    theirs = statistics.median(theirs for theirs, _ in pairs)
    return theirs, theirs * ratio


def start_up(count: int = 15) -> tuple[float, float]:
    """Median seconds: (importing typer and rich, `fibench --help`), interleaved."""
    commands = (
        [sys.executable, "-c", "import typer, rich.console, rich.table"],
        [sys.executable, "-m", "fibench", "--help"],
    )
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(count):
        for command, kept in zip(commands, times, strict=True):
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            kept.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> None:
    """Print the rows of the README."""
    theirs, ours = per_call_afresh()
    gap = f"{ours / theirs - 1:+.2%} over {PROCESSES} processes"
    print(f"timed call         {ours * 1e9:.1f} ns against timeit's {theirs * 1e9:.1f} ns: {gap} (goal: ≤ +1 %)")
    floor, shown = start_up()
    times = f"{shown * 1e3:.0f} ms against {floor * 1e3:.0f} ms for its imports"
    print(f"--help             {times}: {shown / floor:.2f}× (goal: ≤ 1.5×)")
