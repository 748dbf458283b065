"""One window of an engine as the benchmarks see it: records in memory, numbers, and the CPU it took; no file stays."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fibench.traffic import engine
from fibench.traffic.job import Engine, Job, Shot
from fibench.traffic.window import measured, pooled


@dataclass(frozen=True, slots=True)
class Window:
    """`records` are a copy; `numbers` as of `window.measured`; `cpu` in s, of every process that the engine has ended."""

    shot: Shot
    records: Any
    numbers: dict[str, float]
    cpu: float

    @property
    def share(self) -> float:
        """CPU share of the busiest client process over the window, 1.0 = one core."""
        return sum(self.shot.health.cpu) / max(1, len(self.shot.health.cpu))


@contextmanager
def scratch() -> Iterator[str]:
    """A folder of our own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fibench-bench-load-") as folder:
        yield folder


def fire(job: Job, send: Engine = engine.run) -> Window:
    """Run it; RuntimeError or EngineError as the engine raises them."""
    with scratch() as folder:
        before = children()
        shot = send(job, folder)
        return seen(shot, children() - before)


def seen(shot: Shot, cpu: float) -> Window:
    """Read a window's files."""
    import numpy

    records = numpy.array(pooled(shot.files))
    return Window(shot, records, measured(records, shot), cpu)


def children() -> float:
    """CPU seconds of all children that have ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spread(values: list[float]) -> str:
    """Least and most, for a column."""
    return f"{min(values):.2f}-{max(values):.2f}"
