"""`--json` is one document of the documented shape on stdout, whatever happens; all talk goes to stderr."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import Any

PAIR = {"v1": {"target": "mod:a"}, "v2": {"target": "mod:b"}}
MODULE = "def a(): return sum(range(300))\ndef b(): return sum(range(300))\ndef bad(): raise ValueError('nan')\n"

RUN = {"run", "label", "state", "cases", "claims", "notes"}
CASE = {"scenario", "point", "state", "reason", "variants", "comparisons"}
SUMMARY = {"unit", "n", "median", "p90", "p95", "p99"}
COMPARISON = {
    "metric", "baseline", "candidate", "ratio", "low", "high", "level", "verdict", "evidence", "units", "seconds",
}  # fmt: skip
CLAIM = {"id", "verdict", "measured", "low", "high", "reason"}
NOTE = {"code", "text", "hint"}


def check_shape(doc: Any) -> None:
    """Exactly the keys of SCENARIO §5."""
    assert set(doc) == RUN
    for case in doc["cases"]:
        assert set(case) == CASE
        for variant in case["variants"].values():
            assert set(variant) == {"metrics"}
            assert all(set(summary) == SUMMARY for summary in variant["metrics"].values())
        assert all(set(row) == COMPARISON for row in case["comparisons"])
    assert all(set(claim) == CLAIM for claim in doc["claims"])
    assert all(set(note) == NOTE for note in doc["notes"])


def test_the_document_has_the_documented_keys_and_nothing_else(project: Any) -> None:
    project.write("mod.py", MODULE)
    claims = [
        {"id": "a.b", "text": "t", "where": {}, "metric": "wall", "speedup": {"at_least": 5}},
        {"id": "a.c", "text": "t", "not_testable": "no such machine"},
        {"id": "a.d", "text": "t", "formula": "2 + 2 == 4"},
    ]
    scenario = project.scenario("x", PAIR, claims=claims, measure={"metrics": ["wall", "cpu"]})
    found = project.run("run", scenario, "--json", "--label", "mine")
    check_shape(found.doc)
    assert (found.doc["label"], found.doc["state"]) == ("mine", "complete")
    assert [claim["id"] for claim in found.doc["claims"]] == ["a.b", "a.c", "a.d"]
    assert "run " in found.err
    check_shape(project.run("show", "mine", "--json").doc)


def test_a_failing_variant_does_not_change_the_shape(project: Any) -> None:
    project.write("mod.py", MODULE)
    found = project.run("run", project.scenario("x", {**PAIR, "v3": {"target": "mod:bad"}}), "--json")
    check_shape(found.doc)
    assert set(found.doc["cases"][0]["variants"]) == {"v1", "v2", "v3"}
    found = project.run("run", project.scenario("y", {"v1": {"target": "mod:bad"}}), "--json")
    check_shape(found.doc)
    assert found.doc["cases"][0]["state"] == "invalid"


def test_an_interrupted_run_prints_what_it_has_in_the_same_shape(project: Any) -> None:
    project.write("mod.py", MODULE)
    scenario = project.scenario("x", PAIR, measure={"max_units": 1000, "budget": "60 s", "margin": 0})
    process = project.start("run", scenario, "--json")
    project.wait_for_generations(3)
    process.send_signal(signal.SIGINT)
    found = project.finish(process)
    assert found.code == 130
    check_shape(found.doc)
    assert found.doc["state"] == "interrupted"
    assert found.doc["cases"][0]["comparisons"][0]["units"] >= 3


def test_special_numbers_and_text_make_no_invalid_json(project: Any) -> None:
    project.write(
        "mod.py",
        "def a(): return float('nan')\ndef b(): return float('nan')\ndef c(): raise ValueError('\\ud800 \"quoted\"')\n",
    )
    found = project.run("run", project.scenario("x", {**PAIR, "v3": {"target": "mod:c"}}), "--json")

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    json.loads(found.out, parse_constant=refuse)
    found.out.encode("utf-8")


def test_no_colour_and_no_control_characters_when_piped_or_with_no_color(project: Any) -> None:
    project.write("mod.py", MODULE)
    scenario = project.scenario("x", PAIR)
    for environment in ({}, {"NO_COLOR": "1"}):
        found = project.call("run", scenario, env={**os.environ, **environment})
        assert "\x1b" not in found.out + found.err


def test_a_terminal_gets_a_live_view_and_no_color_is_kept(project: Any) -> None:
    project.write("mod.py", MODULE)
    scenario = project.scenario("x", PAIR)
    command = f"{sys.executable} -m fibench run {scenario}"
    line = ["script", "-qec", command, "/dev/null"]
    shown = subprocess.run(
        line, capture_output=True, text=True, check=True, cwd=project.folder, env={**os.environ, "TERM": "xterm-256color"}
    )
    assert "\x1b[" in shown.stdout
    assert shown.stdout.rindex("\x1b[?25h") > shown.stdout.rindex("\x1b[?25l"), "the cursor is shown again"
    plain = subprocess.run(
        line,
        capture_output=True,
        text=True,
        check=True,
        cwd=project.folder,
        env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1"},
    )
    assert not re.search(r"\x1b\[(?:\d+;)*(?:[349][0-7]|[34]8)[;m]", plain.stdout), (
        "cursor movements and italics are no colours"
    )
