"""`make bench-load`: every number, about half an hour; `--quick`: a tenth of the work; or some parts only."""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.load import capacity, memory, pacing, stall, stamps, throughput
from benchmarks.load.finding import Finding, Settings
from benchmarks.load.progress import Progress
from benchmarks.load.table import Table
from fibench.traffic.errors import EngineError

PARTS: dict[str, tuple[Callable[[Settings, Progress], Finding], str]] = {
    "throughput": (throughput.run, "requests per second and CPU per request, beside wrk, Locust and requests+threads"),
    "pacing": (pacing.run, "open loop, 500 to 10000 requests per second: are they sent, and when"),
    "stall": (stall.run, "the server stands still for 1 s of 6 s: who tells"),
    "stamps": (stamps.run, "a client that reads late: the kernel's stamps against its own clock"),
    "memory": (memory.run, "10 million requests: memory, file, exact p99.99"),
    "capacity": (capacity.run, "the search for capacity against servers whose truth is known"),
}
BUSY = 1.5
"""Load average above which the numbers are somebody else's as well."""


def main(words: Sequence[str] | None = None) -> int:
    """0: every goal met; 1: one was not, or a part failed; 130: interrupted."""
    chosen = _arguments(words)
    if chosen.list:
        print("\n".join(f"{name:<12}{told}" for name, (_, told) in PARTS.items()))
        return 0
    settings = Settings.here(quick=chosen.quick, seed=chosen.seed)
    head = _machine(settings)
    print(_introduction(head), flush=True)
    findings, code = _run([part for part in PARTS if part in (chosen.parts or PARTS)], settings)
    goals = [goal for finding in findings.values() for goal in finding.goals]
    if goals:
        rows = [(goal.what, goal.goal, goal.found, goal.word, goal.command) for goal in goals]
        print(Table("Summary", ("what", "goal", "found", "met", "command"), rows).text())
    if chosen.json:
        told = {"machine": head, "parts": {name: asdict(one) for name, one in findings.items()}}
        Path(chosen.json).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return code or int(any(goal.met is False for goal in goals))


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--list", action="store_true", help="what the parts are")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work: does everything run?")
    parser.add_argument("--json", metavar="FILE", help="all numbers, each repetition's included")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(1 << 31), help="default: a new one each time"
    )
    chosen = parser.parse_args(words)
    if unknown := sorted(set(chosen.parts) - set(PARTS)):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if chosen.json and not Path(chosen.json).resolve().parent.is_dir():
        parser.error(f"--json: no folder {Path(chosen.json).resolve().parent}")
    return chosen


def _run(parts: Sequence[str], settings: Settings) -> tuple[dict[str, Finding], int]:
    """The findings by part, printed as they come; what was found before an interrupt or a failure is kept."""
    findings: dict[str, Finding] = {}
    code = 0
    for part in parts:
        try:
            with Progress(part) as progress:
                findings[part] = PARTS[part][0](settings, progress)
        except KeyboardInterrupt:
            print(f"{part}: interrupted", file=sys.stderr)
            return findings, 130
        except (EngineError, RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
            print(f"{part}: {error}", file=sys.stderr)
            code = 1
            continue
        for table in findings[part].tables:
            print(table.text(), flush=True)
    return findings, code


def _machine(settings: Settings) -> dict[str, Any]:
    return {
        "at": time.strftime("%Y-%m-%d %H:%M:%S %z"), "host": platform.node(), "kernel": platform.release(),
        "python": platform.python_version(), "cpus": os.cpu_count(), "load": os.getloadavg()[0],
        "server_cpu": settings.server_cpu, "client_cpu": settings.client_cpu, "seed": settings.seed, "quick": settings.quick,
    }  # fmt: skip


def _introduction(head: dict[str, Any]) -> str:
    where = f"server on CPU {head['server_cpu']}, clients on CPU {head['client_cpu']} of {head['cpus']}"
    lines = [f"{head['at']}, Linux {head['kernel']}, Python {head['python']}, {where}, seed {head['seed']}"]
    if head["quick"]:
        lines.append("--quick: does everything run? These are no numbers to quote")
    if head["load"] > BUSY:
        lines.append(f"load average {head['load']:.1f}: somebody else is at work here; these are no numbers to quote")
    if head["server_cpu"] == head["client_cpu"]:
        lines.append("one CPU only: server and client take turns on it; these are no numbers to quote")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
