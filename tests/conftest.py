"""A project of its own for every whole-command test: folder, store, temporary folder, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SHORT = {"max_units": 1, "budget": "5 s", "control": False}
"""One generation is enough wherever the numbers do not matter."""


@dataclass(frozen=True)
class Outcome:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def doc(self) -> Any:
        """stdout as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Everything, without line breaks: tables fold."""
        return " ".join((self.out + " " + self.err).split())


class Project:
    """A folder with scenarios and targets; commands run in it, in this process or in one of their own."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capture = folder, capture
        self.temporary = folder / "tmp"
        self.store = folder / "results" / "fibench.db"

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def scenario(self, name: str, variants: dict[str, Any], *, kind: str = "python", **more: Any) -> str:
        """A scenario file (JSON is YAML); returns its name for the command line."""
        measure = {**SHORT, **more.pop("measure", {})}
        text = json.dumps({"scenario": name, "kind": kind, "variants": variants, "measure": measure, **more}, indent=1)
        self.write(f"{name}.yaml", text)
        return f"{name}.yaml"

    def run(self, *words: str) -> Outcome:
        """The command in this process."""
        from fibench.cli.main import entry

        self.capture.readouterr()
        code = entry(list(words))
        found = self.capture.readouterr()
        return Outcome(code, found.out, found.err)

    def start(self, *words: str, **settings: Any) -> subprocess.Popen[str]:
        """The command in a process of its own."""
        command = [sys.executable, "-m", "fibench", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": self.folder}
        return subprocess.Popen(command, **{**pipes, **settings})

    def finish(self, process: subprocess.Popen[str], seconds: float = 30) -> Outcome:
        """Wait for it."""
        out, err = process.communicate(timeout=seconds)
        return Outcome(process.returncode, out, err)

    def call(self, *words: str, **settings: Any) -> Outcome:
        """Start and finish."""
        return self.finish(self.start(*words, **settings))

    def generations(self) -> int:
        """How many generations the store holds, read without fibench."""
        import sqlite3

        if not self.store.exists():
            return 0
        with sqlite3.connect(self.store, timeout=10) as connection:
            try:
                return int(connection.execute("SELECT count(*) FROM generations").fetchone()[0])
            except sqlite3.OperationalError:
                return 0
            finally:
                connection.rollback()

    def wait_for_generations(self, count: int, seconds: float = 20) -> None:
        """Until the store holds at least so many."""
        end = time.monotonic() + seconds
        while self.generations() < count:
            assert time.monotonic() < end, f"no {count} generations within {seconds} s"
            time.sleep(0.02)

    def git(self, folder: Path, *words: str) -> str:
        """What git says."""
        settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
        return subprocess.run(["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=True).stdout

    def worktrees(self, repository: Path) -> int:
        """How many work trees git knows of, the repository's own included."""
        return self.git(repository, "worktree", "list").count("\n")

    def left_behind(self, seconds: float = 2.0) -> list[str]:
        """Temporary folders of sessions and the processes that belong to them, once `seconds` have passed."""
        end = time.monotonic() + seconds
        while (found := self._remains()) and time.monotonic() < end:
            time.sleep(0.02)
        return found

    def _remains(self) -> list[str]:
        folders = [str(path) for path in self.temporary.glob("fibench-*")]
        return folders + [f"process {pid}" for pid in self.processes()]

    def processes(self) -> list[int]:
        """Whatever carries a session's marker and this project's temporary folder."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    environment = Path(f"/proc/{entry}/environ").read_bytes()
                except OSError:
                    continue
                if b"FIBENCH_SESSION=" in environment and str(self.temporary).encode() in environment:
                    found.append(int(entry))
        return found


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Project]:
    """An empty project; afterwards nothing of any session may be left."""
    found = Project(tmp_path, capfd)
    found.temporary.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(found.temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in ("FIBENCH_STORE", "FIBENCH_DEBUG"):
        monkeypatch.setenv(name, "")  # so that monkeypatch undoes what --debug sets
        monkeypatch.delenv(name)
    signals = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    yield found
    for number, handler in signals:
        signal.signal(number, handler)
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert found.left_behind() == []


@pytest.fixture
def repository(project: Project) -> Path:
    """A git repository with two commits: tag `old` returns 1, tag `new` and the work tree 2."""
    folder = project.folder / "repo"
    folder.mkdir()
    project.git(folder, "init", "-q")
    for text, tag in (("def f(): return 1\n", "old"), ("def f(): return 2\n", "new")):
        (folder / "mod.py").write_text(text)
        project.git(folder, "add", ".")
        project.git(folder, "commit", "-qm", tag)
        project.git(folder, "tag", tag)
    return folder
