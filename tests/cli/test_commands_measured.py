"""Kind `command`: what is run, where, with what; how its end is told; what its numbers are."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import pytest

PY = sys.executable


def measured(project: Any, params: dict[str, Any], *, metric: str = "wall", **more: Any) -> Any:
    """Run one variant; the case of the document."""
    measure = {"metrics": [metric], **more.pop("measure", {})}
    return project.run("run", project.scenario("x", {"v1": params}, kind="command", measure=measure, **more), "--json")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"command": "false"}, ["false: exit code 1"]),
        ({"command": ["sh", "-c", "echo first >&2; echo it broke >&2; exit 3"]}, ["exit code 3 (it broke)"]),
        ({"command": ["sh", "-c", "kill -9 $$"]}, ["was killed by SIGKILL"]),
        ({"command": "no-such-program --fast"}, ["command not found: no-such-program"]),
        ({"command": "./missing.sh"}, ["command not found: ./missing.sh"]),
        ({"command": "echo x", "cwd": "nowhere"}, ["nowhere"]),
        ({"command": "cat", "stdin": "nothing.txt"}, ["nothing.txt"]),
        ({"command": "./plain.txt"}, ["plain.txt"]),
    ],
)
def test_a_command_that_fails_says_how_in_one_line(project: Any, params: dict[str, Any], words: list[str]) -> None:
    project.write("plain.txt", "not a program\n")
    found = measured(project, params)
    assert found.code == 4
    assert all(word in found.err for word in words), found.err
    assert len([line for line in found.err.splitlines() if not line.startswith(("run ", "["))]) <= 2
    assert "Traceback" not in found.err


def test_other_exit_codes_may_be_allowed(project: Any) -> None:
    assert measured(project, {"command": ["sh", "-c", "exit 3"], "exit_codes": [0, 3]}).code == 0


def test_wall_covers_the_command_and_cpu_only_what_it_computes(project: Any) -> None:
    found = project.run("run", project.scenario("x", {"v1": {"command": "sleep 0.1"}}, kind="command",
                        measure={"metrics": ["wall", "cpu"]}), "--json")  # fmt: skip
    metrics = found.doc["cases"][0]["variants"]["v1"]["metrics"]
    assert 0.1 <= metrics["wall"]["median"] < 0.3
    assert metrics["cpu"]["median"] < 0.05


def test_peak_memory_is_that_of_the_command_within_a_tenth(project: Any) -> None:
    code = "x = bytearray(60 * 2**20)"
    variants = {"v1": {"command": [PY, "-c", "pass"]}, "v2": {"command": [PY, "-c", code]}}
    found = project.run("run", project.scenario("x", variants, kind="command", measure={"metrics": ["peak_memory"]}), "--json")
    peaks = {name: one["metrics"]["peak_memory"]["median"] for name, one in found.doc["cases"][0]["variants"].items()}
    assert peaks["v2"] - peaks["v1"] == pytest.approx(60 * 2**20, rel=0.1)


def test_cwd_stdin_and_env_are_as_the_scenario_says(project: Any) -> None:
    project.write("deep/here/seen.txt", "data\n")
    script = 'test "$(cat)" = data && test "$COLOUR" = "blue 7" && test -f seen.txt'
    params = {"command": script, "shell": True, "cwd": "here", "stdin": "seen.txt"}
    project.scenario("x", {"v1": params}, kind="command", matrix={"n": [7]}, params={"env": {"COLOUR": "blue {n}"}})
    (project.folder / "x.yaml").rename(project.folder / "deep/x.yaml")
    found = project.run("run", "deep/x.yaml")
    assert found.code == 0, found.err


def test_matrix_values_fill_the_command_and_a_key_that_is_used_nowhere_is_a_mistake(project: Any) -> None:
    params = {"command": ["sh", "-c", "test {n} -gt 4"]}
    assert measured(project, params, matrix={"n": [5, 6]}).code == 0
    found = measured(project, params, matrix={"m": [5]})
    assert (found.code, "'m' is used nowhere" in found.err) == (2, True)


def test_a_shell_line_has_pipes_and_a_plain_command_has_none(project: Any) -> None:
    assert measured(project, {"command": "echo a | grep -q a", "shell": True}).code == 0
    assert measured(project, {"command": ["test", "|", "=", "|"]}).code == 0
    found = measured(project, {"command": "echo a | grep -q a"})
    assert (found.code, "say shell: true" in found.err) == (2, True)


def test_a_ratio_of_commands_that_only_start_is_refused(project: Any) -> None:
    variants = {"v1": {"command": "true"}, "v2": {"command": "true"}}
    found = project.run("run", project.scenario("x", variants, kind="command"), "--json")
    row = found.doc["cases"][0]["comparisons"][0]
    assert (row["verdict"], row["ratio"]) == ("INVALID", None)
    assert "spawning nothing" in project.run("show").said


def test_a_background_child_neither_blocks_nor_stays(project: Any) -> None:
    start = time.monotonic()
    params = {"command": "sleep 200 & (setsid sleep 201 &) ; true", "shell": True}
    found = measured(project, params)
    assert found.code == 0, found.err
    assert time.monotonic() - start < 5
    assert project.left_behind() == []


def test_a_command_that_hangs_is_given_up_after_the_timeout(project: Any) -> None:
    found = measured(project, {"command": "sleep 100"}, measure={"timeout": "0.4 s"})
    assert (found.code, "no answer within 0.4 s" in found.err) == (4, True)


def test_a_command_that_fails_later_leaves_the_other_alone(project: Any) -> None:
    script = 'echo x >> count; test "$(wc -l < count)" -lt 4'
    variants = {"v1": {"command": "sleep 0.02"}, "v2": {"command": script, "shell": True}, "v3": {"command": "sleep 0.02"}}
    scenario = project.scenario("x", variants, kind="command", measure={"max_units": 12})
    found = project.run("run", scenario, "--json")
    assert found.code == 4
    rows = {row["candidate"]: row for row in found.doc["cases"][0]["comparisons"]}
    assert rows["v2"]["verdict"] == "INVALID"
    assert rows["v3"]["units"] >= 12


def test_a_commands_output_reaches_neither_stream(project: Any) -> None:
    found = measured(project, {"command": "echo loud; echo louder >&2", "shell": True})
    assert "loud" not in found.out.replace('"x"', "") + found.err
    assert os.path.exists("results/fibench.db")
