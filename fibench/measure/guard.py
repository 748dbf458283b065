"""The guard: outlives fibench by a moment and leaves nothing behind, even after `kill -9`.

Run as a script with the session's marker and temporary folder; it waits for the end of its standard input (the
parent closes it, or dies), then kills every process that carries the marker in its environment and removes the
folder. Standard library only; it must not import fibench.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

MARKER = "FIBENCH_SESSION"
TREES = "trees"
"""The file in the session's folder that lists git work trees."""


def carriers(session: str) -> list[int]:
    """Process ids whose environment carries the session's marker (zombies have none and are gone anyway)."""
    wanted = f"{MARKER}={session}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/environ", "rb") as environment:
                    if wanted in environment.read().split(b"\0"):
                        found.append(int(entry))
            except OSError:
                continue
    return found


def sweep(session: str, seconds: float = 5.0) -> int:
    """Kill all carriers, those they start meanwhile too; returns how many there were."""
    killed: set[int] = set()
    end = time.monotonic() + seconds
    while (left := carriers(session)) and time.monotonic() < end:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            except OSError:
                continue
        time.sleep(0.005)
    return len(killed)


def forget_trees(folder: str) -> None:
    """Remove the git work trees in the folder; `trees` lists them as "repository<TAB>work tree" lines."""
    try:
        with open(os.path.join(folder, TREES), encoding="utf-8") as lines:
            trees = [line.rstrip("\n").split("\t") for line in lines]
    except OSError:
        return
    for root, tree in trees:
        command = ["git", "-C", root, "worktree", "remove", "--force", tree]
        subprocess.run(command, capture_output=True, check=False, timeout=60)


def main() -> None:
    """Wait for the parent's end, then clean up."""
    session, folder = sys.argv[1:3]
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    sweep(session)
    forget_trees(folder)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
