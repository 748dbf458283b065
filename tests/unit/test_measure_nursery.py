"""Children, temporary files and work trees end with the session, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from fibench.measure import guard
from fibench.measure.nursery import Nursery


def test_children_that_left_the_group_are_swept_away(project: Any) -> None:
    with Nursery() as nursery:
        command = ["sh", "-c", "setsid sleep 300 & setsid sh -c 'sleep 301 & sleep 302' & sleep 0.1"]
        subprocess.run(command, env=nursery.environment({}), check=True)
        assert len(guard.carriers(nursery.session)) >= 3
    assert guard.carriers(nursery.session) == []
    assert not nursery.folder.exists()


def test_the_folder_is_private_and_children_keep_their_temporary_files_in_it(project: Any) -> None:
    with Nursery() as nursery:
        assert nursery.folder.stat().st_mode & 0o777 == 0o700
        assert nursery.environment({"A": "b"})["TMPDIR"] == str(nursery.folder)
        assert nursery.environment({"A": "b"})["A"] == "b"


def test_the_guard_cleans_up_when_its_parent_is_killed(project: Any) -> None:
    code = (
        "import subprocess, time; from fibench.measure.nursery import Nursery\n"
        "with Nursery() as n:\n"
        "    subprocess.Popen(['sleep', '300'], env=n.environment({}), start_new_session=True)\n"
        "    print(n.session, flush=True); time.sleep(300)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    session = process.stdout.readline().strip()
    assert len(guard.carriers(session)) == 1
    process.kill()
    process.communicate()
    end = time.monotonic() + 2
    while guard.carriers(session) and time.monotonic() < end:
        time.sleep(0.01)
    assert guard.carriers(session) == []


def test_work_trees_announced_before_they_exist_are_no_trouble(project: Any, repository: Path) -> None:
    with Nursery() as nursery:
        nursery.announce_tree(repository, nursery.folder / "never-made")
        nursery.announce_tree(repository, nursery.folder / "made")
        project.git(repository, "worktree", "add", "--detach", "-q", str(nursery.folder / "made"), "old")
        assert project.worktrees(repository) == 2
    assert project.worktrees(repository) == 1


def test_another_sessions_processes_are_left_alone(project: Any) -> None:
    with Nursery() as one:
        child = subprocess.Popen(["sleep", "30"], env=one.environment({}))
        with Nursery():
            pass
        assert child.poll() is None
        assert os.getpid() not in guard.carriers(one.session)
    assert child.wait(5) == -9
