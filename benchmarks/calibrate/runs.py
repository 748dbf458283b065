"""Whole `fibench run`s, as a user starts them: a scenario file in, one JSON document out, wall time around all."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Timed:
    """The first comparison of a run and the seconds that the whole command took."""

    comparison: dict[str, Any]
    seconds: float

    def finds(self, direction: int) -> bool:
        """The interval excludes 1 on the right side: direction −1 for a slower candidate, +1 for a faster one."""
        low, high = self.comparison["low"], self.comparison["high"]
        return low is not None and high is not None and (high < 1 if direction < 0 else low > 1)

    @property
    def different(self) -> bool:
        """FASTER or SLOWER was said, or the interval excludes 1."""
        return self.finds(1) or self.finds(-1)


def scenario(folder: Path, variants: dict[str, dict[str, Any]], budget: str, **measure: Any) -> Path:
    """A scenario of kind python over `benchmarks.calibrate.callables`."""
    document = {
        "scenario": "calibration",
        "kind": "python",
        "params": {"path": [str(ROOT)]},
        "variants": variants,
        "measure": {"budget": budget, "margin": "0 %", **measure},
    }
    path = folder / "calibration.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    return path


def run(path: Path) -> Timed:
    """One whole `fibench run`, interpreter start included."""
    command = [sys.executable, "-m", "fibench", "run", str(path), "--json", "--store", str(path.parent / "store.db")]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"fibench failed ({done.returncode}): {done.stderr}")
    return Timed(json.loads(done.stdout)["cases"][0]["comparisons"][0], seconds)


def call(name: str, **more: Any) -> dict[str, Any]:
    """A variant that calls one of our callables."""
    return {"target": f"benchmarks.calibrate.callables:{name}", **more}
