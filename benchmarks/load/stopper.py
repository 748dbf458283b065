"""Stops a process for a while, in the middle of somebody's load: `stopper PID PORT AFTER SECONDS`.

It waits until the port has its first connection, then AFTER s, stops the process for SECONDS and prints both moments
(time.time(), JSON). Whatever ends it, the process goes on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

LONGEST = 90.0
"""Seconds without a connection after which it gives up: Locust may take some to start."""
ESTABLISHED = "01"


def connected(port: int, table: str) -> bool:
    """Whether /proc/net/tcp (its text) has an established connection to that local port."""
    rows = (line.split() for line in table.splitlines()[1:])
    return any(row[3] == ESTABLISHED and int(row[1].rpartition(":")[2], 16) == port for row in rows)


def main(pid: int, port: int, after: float, seconds: float) -> None:
    """Wait, stop, go on, tell."""
    end = time.monotonic() + LONGEST
    while not connected(port, Path("/proc/net/tcp").read_text("ascii")):
        if time.monotonic() > end:
            raise SystemExit(f"nobody connected to port {port} within {LONGEST:g} s")
        time.sleep(0.01)
    time.sleep(after)
    try:
        os.kill(pid, signal.SIGSTOP)
        stopped = time.time()
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)
    print(json.dumps([stopped, time.time()]), flush=True)


def _leave(*_: object) -> None:
    raise SystemExit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
