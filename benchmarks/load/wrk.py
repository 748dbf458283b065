"""wrk as a child on the client's CPU: what it says, and the CPU it took."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.windows import children
from fibench.traffic.errors import EngineError

MISSING = "wrk is not here (apt-get install wrk): no comparison with it"
GRACE = 15.0
"""Seconds beyond its window after which it counts as hung."""
_SCRIPT = """done = function(summary, latency, requests)
    io.write(string.format("quantiles %f %f %f\\n", latency:percentile(90), latency:percentile(95), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What wrk reports: per s, in all; `quantiles` p90, p95, p99 in s, if asked for; CPU in s."""

    rate: float
    requests: int
    errors: int
    quantiles: tuple[float, ...]
    cpu: float


def command() -> str | None:
    """Its path; None without it."""
    return shutil.which("wrk")


def run(url: str, seconds: float, cpu: int, connections: int = 64, script_folder: str = "") -> Said:
    """One thread; with a folder for the script also quantiles. EngineError if wrk fails."""
    words = [command() or "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    if script_folder:
        path = Path(script_folder, "quantiles.lua")
        path.write_text(_SCRIPT, encoding="utf-8")
        words += ["-s", str(path)]
    before = children()
    done = subprocess.run(
        [*words, url], capture_output=True, text=True, check=False, timeout=seconds + GRACE,
        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),
    )  # fmt: skip
    if done.returncode:
        raise EngineError(f"wrk failed ({done.returncode}): {(done.stderr or done.stdout).strip()[-200:]}")
    return parse(done.stdout, children() - before)


def parse(text: str, cpu: float) -> Said:
    """From what it printed; EngineError if that is not wrk's."""
    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", text), re.search(r"(\d+) requests in", text)
    if not rate or not count:
        raise EngineError(f"wrk said what nobody understands: {text.strip()[-200:]}")
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, broken.groups())) if broken else 0
    told = re.search(r"quantiles ([\d.]+) ([\d.]+) ([\d.]+)", text)
    quantiles = tuple(float(value) * 1e-6 for value in told.groups()) if told else ()
    return Said(float(rate[1]), int(count[1]), errors + (int(wrong[1]) if wrong else 0), quantiles, cpu)
