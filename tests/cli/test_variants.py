"""What a variant may change: arguments, environment, interpreter, git revision; and what a target is called with."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest


def values(found: Any) -> dict[str, float]:
    """Median wall of every variant of the only case."""
    assert found.code == 0, found.err
    return {name: one["metrics"]["wall"]["median"] for name, one in found.doc["cases"][0]["variants"].items()}


def scenario_in(project: Any, folder: str, variants: dict[str, Any], **more: Any) -> None:
    """The scenario x in a folder below the project's."""
    project.scenario("x", variants, **more)
    (project.folder / "x.yaml").rename(project.folder / folder / "x.yaml")


def python(version: str) -> str:
    place = Path.home() / ".pyenv/versions" / version / "bin/python"
    if place.exists():
        return str(place)
    found = shutil.which(f"python{version.rpartition('.')[0]}")
    if not found:
        pytest.skip(f"Python {version} is not here")
    return found


def test_env_reaches_the_variant_and_only_it(project: Any) -> None:
    project.write("mod.py", "import os\ndef f(): return os.environ.get('COLOUR', 'none')\n")
    variants = {"v1": {"target": "mod:f"}, "v2": {"target": "mod:f", "env": {"COLOUR": "red"}}}
    found = project.run("run", project.scenario("x", variants), "--json")
    assert "v1 and v2 gave 'none' against 'red'" in found.doc["cases"][0]["reason"]


def test_variables_read_at_start_up_reach_a_process_of_its_own(project: Any) -> None:
    project.write("mod.py", "import sys\ndef f(): return sys.flags.utf8_mode\n")
    variants = {"v1": {"target": "mod:f", "env": {"PYTHONUTF8": "0"}}, "v2": {"target": "mod:f", "env": {"PYTHONUTF8": "1"}}}
    found = project.run("run", project.scenario("x", variants), "--json")
    assert "v1 and v2 gave 0 against 1" in found.doc["cases"][0]["reason"]


@pytest.mark.parametrize("version", ["3.12.1", "3.13.0"])
def test_another_interpreter_measures_its_variant(project: Any, version: str) -> None:
    path = python(version)
    project.write("mod.py", "import sys\ndef f(): return list(sys.version_info[:2])\nasync def g(): return 1\n")
    variants = {"v1": {"target": "mod:f"}, "v2": {"target": "mod:f", "python": path}}
    found = project.run("run", project.scenario("x", variants), "--json")
    major, minor, _ = version.split(".")
    assert f"[3, 11] against [{major}, {minor}]" in found.doc["cases"][0]["reason"]
    variants = {"v1": {"target": "mod:g"}, "v2": {"target": "mod:g", "python": path}}
    assert set(values(project.run("run", project.scenario("x", variants), "--json"))) == {"v1", "v2"}


def test_one_interpreter_for_all_variants_may_be_another_one(project: Any) -> None:
    path = python("3.12.1")
    project.write("mod.py", "import sys\ndef f(): return sys.version_info[1] == 12 or 1 / 0\n")
    variants = {name: {"target": "mod:f", "python": path} for name in ("v1", "v2")}
    assert len(values(project.run("run", project.scenario("x", variants), "--json"))) == 2


@pytest.mark.parametrize("other", [{}, {"python": "/no/such/python"}])
def test_an_interpreter_that_is_not_there_fails_its_variant_only(project: Any, other: dict[str, str]) -> None:
    project.write("mod.py", "def f(): return 1\n")
    variants = {
        "v1": {"target": "mod:f"},
        "v2": {"target": "mod:f", "python": "/no/such/python"},
        "v3": {"target": "mod:f", **other},
    }
    found = project.run("run", project.scenario("x", variants), "--json")
    assert found.code == 4
    assert "x: v2: " in found.err
    assert "cannot start /no/such/python: No such file or directory" in found.err
    assert found.doc["cases"][0]["variants"]["v1"]["metrics"]["wall"]["n"] > 0


def test_a_process_for_each_variant_on_request(project: Any) -> None:
    project.write("mod.py", "import os\nPID = os.getpid()\ndef f(): return PID\n")
    variants = {name: {"target": "mod:f"} for name in ("v1", "v2")}
    reason = project.run("run", project.scenario("x", variants, measure={"isolate": "process"}), "--json").doc["cases"][0][
        "reason"
    ]
    assert reason.startswith("v2: outputs differ")
    assert project.run("run", project.scenario("x", variants), "--json").doc["cases"][0]["reason"] is None


def test_async_targets_and_async_setups_share_one_loop(project: Any) -> None:
    project.write(
        "mod.py",
        """\
        import asyncio
        async def connect(): return asyncio.get_running_loop()
        async def f(loop):
            assert asyncio.get_running_loop() is loop
            return 1
        class Callable:
            async def __call__(self): return 1
        instance = Callable()
        """,
    )
    variants = {"v1": {"target": "mod:f", "setup": "mod:connect"}, "v2": {"target": "mod:instance"}}
    assert len(values(project.run("run", project.scenario("x", variants), "--json"))) == 2


def test_setup_runs_once_a_generation_untimed_and_hands_over_what_it_returns(project: Any) -> None:
    project.write(
        "mod.py",
        """\
        import time
        def prepare(n):
            with open("setups", "a") as log:
                log.write("x")
            time.sleep(0.2)
            return list(range(n))
        def f(data, factor): return sum(data) * factor
        """,
    )
    variants = {"v1": {"target": "mod:f", "setup": "mod:prepare", "kwargs": {"n": 100}, "args": [2]}}
    scenario = project.scenario("x", variants, measure={"max_units": 3})
    assert values(project.run("run", scenario, "--json"))["v1"] < 1e-3
    assert (project.folder / "setups").read_text() == "xxx"


def test_args_kwargs_and_matrix_keys_reach_the_target(project: Any) -> None:
    project.write("mod.py", "def f(one, *, two, n):\n    assert (one, two, n) in ((1, 'b', 5), (1, 'b', 6)), (one, two, n)\n")
    variants = {"v1": {"target": "mod:f", "args": [1], "kwargs": {"two": "b"}}}
    found = project.run("run", project.scenario("x", variants, matrix={"n": [5, 6]}), "--json")
    assert found.code == 0, found.err
    assert [case["point"] for case in found.doc["cases"]] == [{"n": 5}, {"n": 6}]


def test_path_is_relative_to_the_scenario_not_to_the_current_folder(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("deep/lib/far.py", "def f(): return 1\n")
    project.write("deep/near.py", "def f(): return 1\n")
    variants = {"v1": {"target": "near:f"}, "v2": {"target": "far:f", "path": ["lib"]}}
    scenario_in(project, "deep", variants)
    assert len(values(project.run("run", "deep/x.yaml", "--json"))) == 2


def test_variants_of_very_different_speed_keep_to_the_budget(project: Any) -> None:
    project.write("mod.py", "import time\ndef fast(): pass\ndef slow(): time.sleep(0.02)\n")
    variants = {"v1": {"target": "mod:fast"}, "v2": {"target": "mod:slow"}}
    start = time.monotonic()
    found = project.run("run", project.scenario("x", variants, measure={"max_units": None, "budget": "2 s"}), "--json")
    assert values(found)["v2"] > 0.02
    assert time.monotonic() - start < 10


def test_a_revision_is_measured_from_a_work_tree_that_is_removed_afterwards(project: Any, repository: Path) -> None:
    scenario_in(project, "repo", {"v1": {"target": "mod:f", "revision": "old"}, "v2": {"target": "mod:f"}})
    found = project.run("run", "repo/x.yaml", "--json")
    assert "v1 and v2 gave 1 against 2" in found.doc["cases"][0]["reason"]
    assert project.worktrees(repository) == 1
    assert project.git(repository, "status", "--short").split() == ["??", "x.yaml"]


def test_an_unknown_revision_is_a_scenario_error(project: Any, repository: Path) -> None:
    scenario_in(project, "repo", {"v1": {"target": "mod:f", "revision": "nwe"}})
    found = project.run("run", "repo/x.yaml")
    assert (found.code, "git knows no revision 'nwe'" in found.err) == (2, True)
    assert len(found.err.splitlines()) <= 3
    assert project.worktrees(repository) == 1


def test_kill_9_leaves_no_work_tree_and_the_next_run_does_not_choke(project: Any, repository: Path) -> None:
    variants = {"v1": {"target": "mod:f", "revision": "old"}, "v2": {"target": "mod:f", "revision": "new"}}
    scenario_in(project, "repo", variants, measure={"max_units": 100, "budget": "60 s", "check": "none", "margin": 0})
    process = project.start("run", "repo/x.yaml")
    project.wait_for_generations(1)
    assert project.worktrees(repository) == 3
    process.kill()
    process.communicate()
    assert project.left_behind() == []
    assert project.worktrees(repository) == 1
    found = project.run("run", "repo/x.yaml", "--json", "--set", "measure.max_units=2")
    assert (found.code, found.doc["state"]) == (0, "complete")
    assert project.worktrees(repository) == 1


def test_ctrl_c_removes_the_work_trees(project: Any, repository: Path) -> None:
    variants = {"v1": {"target": "mod:f", "revision": "old"}, "v2": {"target": "mod:f"}}
    scenario_in(project, "repo", variants, measure={"max_units": 100, "budget": "60 s", "check": "none", "margin": 0})
    process = project.start("run", "repo/x.yaml")
    project.wait_for_generations(1)
    process.send_signal(signal.SIGINT)
    assert project.finish(process).code == 130
    assert project.worktrees(repository) == 1
