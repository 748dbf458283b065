"""A neighbour that keeps one core busy half of the time, for as long as its parent lives."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

_CODE = """
import os, time
parent = os.getppid()
while os.getppid() == parent:
    end = time.perf_counter() + 0.05
    while time.perf_counter() < end:
        pass
    time.sleep(0.05)
"""


class HalfBusy:
    """Use as a context manager around what is measured."""

    def __enter__(self) -> HalfBusy:
        self._process = subprocess.Popen([sys.executable, "-c", _CODE])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
