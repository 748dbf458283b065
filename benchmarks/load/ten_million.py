"""The child of `memory`: one long window and its evaluation, as a fresh process. Settings on stdin, findings on stdout."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from fibench.traffic import engine
from fibench.traffic.job import Address, Closed, Job
from fibench.traffic.window import column, measured, pooled, quantiles


def peak(pid: int | str = "self") -> float:
    """VmHWM in MB (10⁶ bytes): the most memory that a process ever had, shared and file pages included; 0 once it is gone."""
    return status(pid, "VmHWM")


def status(pid: int | str, name: str) -> float:
    """A line of /proc/PID/status in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024e-6 for line in lines if line.startswith(name + ":")), 0.0)


def main() -> None:
    """Run, evaluate, tell; the record files stay for the parent to check."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ^C is for the benchmark to tell of, not for us
    task: dict[str, Any] = json.load(sys.stdin)
    address = Address(*task["address"])
    job = Job(address, [task["message"].encode()], Closed(task["users"]), task["seconds"], cpus=(task["cpu"],))
    shot = engine.run(job, task["folder"])
    before = peak()
    began = time.monotonic()
    records = pooled(shot.files)
    numbers = measured(records, shot)
    tail = quantiles([column(records, "service")], (0.9999,))[0]
    found = {
        "requests": len(records), "p9999": tail, "p99": numbers["service_p99"], "throughput": numbers["throughput"],
        "errors": numbers["errors"], "lasted": shot.lasted, "evaluation": time.monotonic() - began,
        "sending": before, "parent": peak(), "files": list(shot.files),
    }  # fmt: skip
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
