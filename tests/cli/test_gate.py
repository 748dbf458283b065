"""`fibench gate`: green, red, undecided; against V1, a revision or a stored label; files for CI."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

MODULE = "def a(): return sum(range(300))\ndef b(): return sum(range(300))\ndef slow(): return sum(range(600)) and 44850\n"
RULE = {"max_units": 40, "budget": "20 s", "margin": "5 %"}


@pytest.fixture
def scenario(project: Any) -> Any:
    project.write("mod.py", MODULE)

    def write(target: str, **measure: Any) -> str:
        variants = {"v1": {"target": "mod:a"}, "v2": {"target": f"mod:{target}"}}
        name: str = project.scenario("x", variants, gate=["wall"], measure={**RULE, **measure})
        return name

    return write


def test_green_when_nothing_is_worse(project: Any, scenario: Any) -> None:
    found = project.run("gate", scenario("b"), "--json", "-o", "gate.xml")
    assert (found.code, found.doc["gate"]) == (0, "pass"), found.out
    suite = ET.parse(project.folder / "gate.xml").getroot()
    assert suite.find(".//testcase") is not None
    assert suite.find(".//failure") is None


def test_red_with_1_after_a_second_measurement_and_a_failure_in_junit(project: Any, scenario: Any) -> None:
    found = project.run("gate", scenario("slow"), "-o", "deep/gate.xml")
    assert found.code == 1
    assert "WORSE" in found.out
    assert "every red metric was measured twice" in found.err
    assert len(project.run("runs", "--json").doc) == 2
    assert ET.parse(project.folder / "deep/gate.xml").getroot().find(".//failure") is not None


def test_undecided_is_3_or_0_as_the_policy_says(project: Any, scenario: Any) -> None:
    name = scenario("b", max_units=2)
    assert project.run("gate", name, "--json").code == 3
    found = project.run("gate", name, "--json", "--undecided", "pass")
    assert (found.code, found.doc["gate"]) == (0, "undecided")


def test_a_variant_that_cannot_be_measured_is_4(project: Any, scenario: Any) -> None:
    found = project.run("gate", scenario("none"), "--json")
    assert (found.code, found.doc["gate"]) == (4, "invalid")


def test_a_file_that_cannot_be_written_is_one_line(project: Any, scenario: Any) -> None:
    found = project.run("gate", scenario("b", max_units=2), "-o", "/proc/gate.xml")
    assert found.code == 2
    assert "/proc/gate.xml" in found.err
    assert "fibench itself failed" not in found.err


def test_against_a_revision_measures_base_and_head_in_this_very_job(project: Any, repository: Path) -> None:
    project.scenario("x", {"v1": {"target": "mod:f"}}, gate=["wall"], measure={**RULE, "check": "none", "margin": "20 %"})
    (project.folder / "x.yaml").rename(repository / "x.yaml")
    (repository / "mod.py").write_text("def f(): return sum(range(3000))\n")
    project.git(repository, "commit", "-qam", "fast")
    project.git(repository, "tag", "fast")
    (repository / "mod.py").write_text("def f(): return sum(range(9000))\n")
    found = project.run("gate", "repo/x.yaml", "--against", "fast", "--json")
    assert (found.code, found.doc["gate"]) == (1, "worse"), found.out
    row = found.doc["comparisons"][0]
    assert (row["baseline"], row["candidate"]) == ("base", "head")
    assert project.worktrees(repository) == 1
    assert project.run("gate", "repo/x.yaml", "--against", "no-such").code == 2


def test_a_stored_label_without_history_leaves_the_gate_undecided(project: Any, scenario: Any) -> None:
    name = scenario("b", max_units=3)
    assert project.run("run", name, "--label", "before").code == 0
    found = project.run("gate", name, "--baseline", "before", "--json")
    assert found.code == 3, found.out + found.err
    assert project.run("gate", name, "--baseline", "no-such").code == 2
    assert len(project.run("runs", "--json").doc) == 2, "an unknown label is noticed before anything is measured"
