"""The documented exit codes, and one or two lines for whatever is wrong with the words or the file."""

from __future__ import annotations

from typing import Any

import pytest

PAIR = {"v1": {"target": "mod:a"}, "v2": {"target": "mod:b"}}
MODULE = "def a(): return sum(range(300))\ndef b(): return sum(range(300))\ndef slow(): return sum(range(30000)) and 44850\n"


@pytest.fixture(autouse=True)
def module(project: Any) -> None:
    project.write("mod.py", MODULE)


def claim(**form: Any) -> dict[str, Any]:
    return {"id": "c1", "text": "a sentence", "required": True, "where": {}, "metric": "wall", **form}


def test_0_when_everything_was_measured(project: Any) -> None:
    found = project.run("run", project.scenario("x", PAIR))
    assert (found.code, "error" in found.err) == (0, False)


def test_1_when_a_required_claim_is_refuted(project: Any) -> None:
    variants = {"v1": {"target": "mod:a"}, "v2": {"target": "mod:slow"}}
    scenario = project.scenario(
        "x", variants, claims=[claim(speedup={"at_least": 2})], measure={"max_units": 30, "budget": "20 s", "check": "none"}
    )
    found = project.run("run", scenario, "--json")
    assert (found.doc["claims"][0]["verdict"], found.code) == ("REFUTED", 1)


def test_3_when_a_required_claim_is_undecided(project: Any) -> None:
    found = project.run("run", project.scenario("x", PAIR, claims=[claim(speedup={"at_least": 1.0001})]), "--json")
    assert (found.doc["claims"][0]["verdict"], found.code) == ("UNPROVEN", 3)


def test_0_when_a_claim_that_is_not_required_is_undecided(project: Any) -> None:
    found = project.run("run", project.scenario("x", PAIR, claims=[claim(speedup={"at_least": 1.0001}) | {"required": False}]))
    assert found.code == 0


def test_4_when_the_measurement_failed(project: Any) -> None:
    assert project.run("run", project.scenario("x", {"v1": {"target": "mod:none"}})).code == 4


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["run", "no-such"], "there is no scenario 'no-such'"),
        (["run", "no-such.yaml"], "there is x"),
        (["claims", "--verdict", "refted"], "did you mean 'refuted'?"),
        (["report", "-o", "page.docx"], "no format is known"),
        (["gate", "x.yaml", "--set", "gate=wall", "-o", "page.docx"], "no format is known"),
        (["run"], "no scenario given"),
        (["run", "x.yaml", "--bugdet", "3 s"], "--budget"),
        (["run", "x.yaml", "--budget", "3 parsecs"], "--budget"),
        (["run", "x.yaml", "--variant", "v3"], "there is no variant 'v3'"),
        (["run", "x.yaml", "--set", "measure.bugdet=3 s"], "bugdet"),
        (["run", "x.yaml", "--label", "last"], "'last' cannot be a label"),
        (["run", "x.yaml", "x.yaml"], "two scenarios give the case"),
        (["run", "--store", "redis://here", "x.yaml"], "redis://"),
        (["rnu", "x.yaml"], "run"),
        (["show", "nothing"], "nothing is stored yet"),
        (["gate", "x.yaml"], "no scenario here declares a gate"),
        (["gate", "x.yaml", "--against", "a", "--baseline", "b"], "exclude each other"),
        (["gate", "x.yaml", "--undecided", "maybe"], "fail or pass"),
        (["profile", "x.yaml"], "designed but not built yet"),
        (["run", "--resume"], "no interrupted run"),
        (["init", "x", "--kind", "no-such"], "no-such"),
    ],
)
def test_2_with_one_or_two_lines_when_the_words_are_wrong(project: Any, words: list[str], what: str) -> None:
    project.scenario("x", PAIR)
    found = project.run(*words)
    assert (found.code, found.out) == (2, "")
    lines = found.err.splitlines()
    assert lines[0].startswith("error: ")
    assert len(lines) <= 2
    assert what in found.err
    assert "Traceback" not in found.err


def test_2_when_a_run_is_unknown_and_the_nearest_is_named(project: Any) -> None:
    project.run("run", project.scenario("x", PAIR), "--label", "before")
    found = project.run("show", "befor")
    assert found.code == 2
    assert "did you mean 'before'?" in found.err


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("scenario: x\nkind: python\nvariants:\n  v1: {target: 'mod:a', colour: red}\n", "bad.yaml:4"),
        ("scenario: x\nkind: pyhton\nvariants: {}\n", "bad.yaml:2"),
        ("scenario: x\nkind: python\nvariants:\n  v1: {target: 'mod:a'}\nmeasure: {budget: 3 kg}\n", "bad.yaml:5"),
        ("scenario: x\nkind: python\nvariants: {v1: {target: 'm:a'}}\nmeasure:\n  budget: 3 s\n  margin: 2\n", "bad.yaml:6"),
        ("scenario: x\nkind: python\nparams: {n: 18}\nvariants: {v1: {target: 'm:a'}}\n", "bad.yaml:3"),
        ("scenario: [\n", "bad.yaml:"),
        ("", "bad.yaml"),
        ("\x00\x01", "bad.yaml"),
    ],
)
def test_2_with_file_and_line_when_the_scenario_is_wrong(project: Any, text: str, place: str) -> None:
    (project.folder / "bad.yaml").write_text(text)
    found = project.run("run", "bad.yaml")
    assert found.code == 2
    assert place in found.err.splitlines()[0]
    assert len(found.err.splitlines()) <= 2


def test_what_was_meant_is_said(project: Any) -> None:
    project.scenario("x", PAIR, params={"n": 18})
    assert "an argument of the target is written kwargs: {n: 18}" in project.run("run", "x.yaml").err
    project.scenario("x", PAIR, measure={"margin": 2})
    assert "measure.margin: a margin lies between 0 % and 100 %, found 2: write 2 %" in project.run("run", "x.yaml").err
    project.scenario("x", PAIR, measure={"margin": {"wall": "1 %", "cpu": 5}})
    assert "measure.margin.cpu: a margin lies between 0 % and 100 %, found 5: write 5 %" in project.run("run", "x.yaml").err


@pytest.mark.parametrize("command", ["run", "gate"])
def test_a_wrong_scenario_is_answered_before_a_store_is_opened_or_anything_heavy_imported(project: Any, command: str) -> None:
    import subprocess
    import sys

    project.scenario("x", PAIR, measure={"margin": 2})
    code = (
        f"import sys; from fibench.cli.main import entry; code = entry(['{command}', 'x.yaml']); "
        "print(code, *{'sqlalchemy', 'numpy', 'psutil'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project.folder, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2"]
    assert not project.store.exists()


def test_a_bug_of_our_own_says_so_in_two_lines_and_shows_its_traceback_with_debug(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fibench.app.run.collect", lambda *_: 1 / 0)
    found = project.run("run", project.scenario("x", PAIR))
    assert found.code == 4
    assert found.err.splitlines()[0].startswith("error: fibench itself failed: ZeroDivisionError")
    assert len(found.err.splitlines()) == 2
    assert "Traceback" in project.run("run", "x.yaml", "--debug").err


def test_a_known_error_keeps_its_exit_code_with_debug(project: Any) -> None:
    found = project.run("run", "no-such", "--debug")
    assert found.code == 2
    assert "Traceback" in found.err


def test_the_exit_code_survives_a_reader_that_has_gone(project: Any) -> None:
    import subprocess
    import sys

    scenario = project.scenario("x", {"v1": {"target": "mod:none"}})
    for words in (f"run {scenario}", f"run {scenario} --json"):
        line = f"{sys.executable} -m fibench {words} 2>/dev/null | true; exit ${{PIPESTATUS[0]}}"
        assert subprocess.run(["bash", "-c", line], cwd=project.folder, check=False).returncode == 4
    line = f"{sys.executable} -m fibench --help | true; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", line], cwd=project.folder, check=False).returncode == 0
