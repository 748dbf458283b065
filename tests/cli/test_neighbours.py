"""A machine that was busy with other work is noted with the run, and our own work is not taken for it."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(("busy", "noted"), [(1.3, True), (0.2, False)])
def test_other_work_is_noted_and_stored(project: Any, monkeypatch: pytest.MonkeyPatch, busy: float, noted: bool) -> None:
    monkeypatch.setattr("fibench.app.neighbours.busy_elsewhere", lambda before, after, own: busy)
    monkeypatch.setattr("fibench.app.neighbours.SHORTEST", 0.0)
    project.write("mod.py", "def a(): return sum(range(300))\n")
    doc = project.run("run", project.scenario("x", {"v1": {"target": "mod:a"}}), "--json").doc
    assert ("busy-machine" in {note["code"] for note in doc["notes"]}) == noted
    assert project.run("show", "--json").doc["notes"] == doc["notes"], "it is stored"
    assert not noted or "about 1.3 of" in project.run("show").said


@pytest.mark.parametrize("isolate", ["auto", "process"])
def test_own_work_is_accounted_for(project: Any, monkeypatch: pytest.MonkeyPatch, isolate: str) -> None:
    seen: list[float] = []
    monkeypatch.setattr("fibench.app.neighbours.busy_elsewhere", lambda before, after, own: seen.append(own) or 0.0)
    monkeypatch.setattr("fibench.app.neighbours.SHORTEST", 0.0)
    project.write("mod.py", "def a(): return sum(range(300))\n")
    variants = {name: {"target": "mod:a"} for name in ("v1", "v2")}
    scenario = project.scenario("x", variants, measure={"max_units": 6, "budget": "20 s", "isolate": isolate, "margin": 0})
    found = project.run("run", scenario, "--json").doc
    seconds = found["cases"][0]["comparisons"][0]["seconds"]
    assert seen[0] > 0.3 * seconds, "most of the time a variant is running"
