"""Where child processes are raised: marked, given a temporary folder of their own, and never left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from fibench.measure import guard


class Nursery:
    """A session's processes and temporary files. Use as a context manager; afterwards none of either is left.

    Every child carries the session's marker in its environment, however deep; the guard process sweeps them away
    when fibench ends in any way, `kill -9` included.
    """

    def __init__(self) -> None:
        self.session = uuid.uuid4().hex
        self.folder = Path(tempfile.gettempdir()) / f"fibench-{self.session[:12]}"
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Nursery:
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, self.session, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.folder.mkdir(mode=0o700)  # after the guard: whatever happens from here on, somebody removes it
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.sweep()
        guard.forget_trees(str(self.folder))
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The environment of a child: ours, the marker, the temporary folder, then `extra`."""
        return {**os.environ, guard.MARKER: self.session, "TMPDIR": str(self.folder), **extra}

    def announce_tree(self, root: Path, folder: Path) -> None:
        """A git work tree is about to be made: it is removed with the session, or by the guard."""
        with (self.folder / guard.TREES).open("a", encoding="utf-8") as trees:
            trees.write(f"{root}\t{folder}\n")

    def sweep(self) -> int:
        """Kill whatever this session's children left running; returns how many there were."""
        return guard.sweep(self.session) if os.path.isdir("/proc") else 0
