"""What can be measured here, and how well."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fibench import units
from fibench.app.kinds import kind, kinds
from fibench.environment.fingerprint import collect
from fibench.environment.noise import busy_elsewhere, cpu_ticks
from fibench.errors import FibenchError
from fibench.store.sql import open_store

LOOK = 1.0
"""Seconds over which other processes are watched."""
OPTIONAL = {"hdf5plugin": "pip install 'fibench[hdf5]' (lz4, zstd in HDF5)", "psycopg": "pip install 'fibench[postgresql]'"}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: state is ok, note or fail."""

    state: str
    name: str
    found: str
    hint: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"state": self.state, "check": self.name, "found": self.found, "hint": self.hint}


def examine(store: str | None) -> list[Check]:
    """All checks; takes about two seconds."""
    return [*_machine(), *_packages(), _clock(), _neighbours(), _spawn(), _load_client(), _store(store)]


def _machine() -> list[Check]:
    from pathlib import Path

    here = collect((), Path())
    cores = f"{here.cores} core{'s' * (here.cores != 1)}" + (f", quota {here.quota:g}" if here.quota else "")
    found = [
        Check("ok", "python", f"{here.python} {here.build}"),
        Check("ok" if here.cores > 1 else "note", "processor", f"{here.cpu}, {cores}", _cores(here.cores)),
        Check("ok", "kernel", f"{here.kernel} {here.virtual}".strip()),
    ]
    if here.governor and here.governor != "performance":
        found.append(Check("note", "governor", here.governor, "frequency changes; interleaving copes, absolute times vary"))
    return found


def _cores(count: int) -> str:
    return "" if count > 1 else "servers and their clients will share one core"


def _packages() -> list[Check]:
    names = sorted({name for known in kinds() for name in kind(known).packages} | set(OPTIONAL))
    found = []
    for name in names:
        try:
            found.append(Check("ok", name, version(name)))
        except PackageNotFoundError:
            found.append(Check("note", name, "not installed", OPTIONAL.get(name, f"pip install {name}")))
    return found


def _clock() -> Check:
    steps = []
    for _ in range(2000):
        start = time.perf_counter_ns()
        steps.append(time.perf_counter_ns() - start)
    step = statistics.median(steps)
    fine = step < 1000
    hint = "" if fine else "the clock is slow (no TSC?); blocks will be longer"
    return Check("ok" if fine else "note", "clock", f"{step:.0f} ns per reading", hint)


def _neighbours() -> Check:
    before, own = cpu_ticks(), time.process_time()
    time.sleep(LOOK)
    busy = busy_elsewhere(before, cpu_ticks(), time.process_time() - own)
    hint = "" if busy < 0.25 else "comparisons stay honest and take longer; absolute times are not to be trusted"
    return Check("ok" if busy < 0.25 else "note", "neighbours", f"{busy:.0%} of a core is busy with other work", hint)


def _spawn() -> Check:
    from fibench.operations.command import spawn_floor

    floor, _ = spawn_floor()
    return Check("ok", "spawn floor", f"{units.show(floor, 's')} to start and end a process")


def _load_client() -> Check:
    """Asked of a process of its own: what it is granted, it keeps."""
    code = "from fibench.traffic.punctual import claim; print(claim(real_time=True))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    granted, most = done.stdout.strip(), resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    hint = (
        "" if granted.startswith("real-time") else "open loops beside a busy server will be late more often: CAP_SYS_NICE helps"
    )
    found = f"{granted or 'no priority'}, at most {most:,} connections"
    return Check("ok" if granted else "note", "load client", found, hint)


def _store(place: str | None) -> Check:
    try:
        with open_store(place) as opened:
            return Check("ok", "store", opened.where)
    except FibenchError as error:
        return Check("fail", "store", error.message, error.hint or "")
