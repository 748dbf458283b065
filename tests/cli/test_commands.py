"""The other commands, whole: compare, report, show, runs, tag, rm, list, validate, schema, init, doctor, and options of run."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

MODULE = "def a(): return sum(range(300))\ndef b(): return sum(range(300))\ndef c(): return sum(range(300))\n"
TRIO = {name: {"target": f"mod:{target}"} for name, target in {"v1": "a", "v2": "b", "v3": "c"}.items()}


@pytest.fixture
def stored(project: Any) -> str:
    """Two stored runs, `before` and `after`, of one scenario; the scenario's file."""
    project.write("mod.py", MODULE)
    name: str = project.scenario("x", TRIO, measure={"max_units": 1})
    for label in ("before", "after"):
        assert project.run("run", name, "--label", label).code == 0
    return name


def test_compare_takes_two_variants_of_the_last_run(project: Any, stored: str) -> None:
    found = project.run("compare", "v2", "v3", "--json")
    assert found.code == 0
    (row,) = found.doc["cases"][0]["comparisons"]
    assert (row["baseline"], row["candidate"]) == ("v2", "v3")
    found = project.run("compare", "v1", "v4")
    assert (found.code, "no case with both 'v1' and 'v4'" in found.err) == (2, True)
    assert project.run("compare", "v1", "v2", "--run", "before", "--json").doc["label"] == "before"


def test_compare_takes_labels_ids_and_beginnings_of_ids(project: Any, stored: str) -> None:
    newer, older = (run["run"] for run in project.run("runs", "--json").doc)
    for words in (("before", "after"), (older, newer), ("before", newer[:-1])):
        found = project.run("compare", *words, "--json")
        assert found.code == 0, found.err
        assert {row["evidence"] for row in found.doc["cases"][0]["comparisons"]} <= {"E0", "E1"}
    assert project.run("compare", "before", "no-such").code == 2


def test_compare_takes_two_documents_and_two_stores(project: Any, stored: str) -> None:
    for label in ("before", "after"):
        (project.folder / f"{label}.json").write_text(project.run("show", label, "--json").out)
        assert project.run("run", stored, "--store", f"{label}.db").code == 0
    found = project.run("compare", "before.json", "after.json", "--json")
    assert (found.code, [note["code"] for note in found.doc["notes"]]) == (0, ["medians-only"])
    found = project.run("compare", "before.db", "after.db", "--json")
    assert found.code == 0, found.err
    assert found.doc["cases"][0]["comparisons"][0]["baseline"] == "before/v1"
    for word, what in (("no.json", "cannot be read"), ("x.yaml", "can only be compared with a document")):
        found = project.run("compare", "before.json", word)
        assert (found.code, what in found.err) == (2, True), found.err
    (project.folder / "other.json").write_text("[1]")
    assert "is not a document of fibench" in project.run("compare", "before.json", "other.json").err


def test_another_machine_or_version_is_not_comparable_and_says_which_field(project: Any, stored: str) -> None:
    with sqlite3.connect(project.store) as connection:
        (text,) = connection.execute("SELECT fingerprint FROM runs WHERE label = 'before'").fetchone()
        changed = json.loads(text) | {"python": "3.9.1", "cpu": "Abacus"}
        connection.execute("UPDATE runs SET fingerprint = ? WHERE label = 'before'", (json.dumps(changed),))
    connection.close()
    found = project.run("compare", "before", "after", "--json")
    assert {row["verdict"] for row in found.doc["cases"][0]["comparisons"]} == {"NOT COMPARABLE"}
    shown = project.run("compare", "before", "after").said
    assert "python 3.9.1 → 3.11" in shown
    assert "Abacus" in shown
    anyway = project.run("compare", "before", "after", "--anyway", "--json").doc
    assert {row["verdict"] for row in anyway["cases"][0]["comparisons"]} != {"NOT COMPARABLE"}
    assert {row["evidence"] for row in anyway["cases"][0]["comparisons"]} == {"E0"}
    assert "compared-anyway" in {note["code"] for note in anyway["notes"]}


def test_a_changed_scenario_is_not_comparable_and_says_what_changed(project: Any, stored: str) -> None:
    project.scenario("x", {**TRIO, "v2": {"target": "mod:c"}})
    assert project.run("run", "x.yaml", "--label", "changed").code == 0
    assert "v2.target" in project.run("compare", "before", "changed").said


def test_compare_writes_every_format(project: Any, stored: str) -> None:
    for suffix in ("html", "md", "csv", "json", "xml", "txt"):
        found = project.run("compare", "v1", "v2", "-o", f"out/page.{suffix}")
        assert found.code == 0, found.err
        assert (project.folder / f"out/page.{suffix}").stat().st_size > 100
        assert (found.out, found.err) == ("", f"report: out/page.{suffix}\n"), "the page is the answer"
    found = project.run("compare", "v1", "v2", "-o", "good.md", "-o", "page.docx")
    assert (found.code, found.out, (project.folder / "good.md").exists()) == (2, "", False), "an unknown format"


def test_report_writes_a_page_that_needs_nothing_else(project: Any, stored: str) -> None:
    assert project.run("report", "after").code == 0
    page = (project.folder / "reports/after.html").read_text()
    assert "<svg" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert project.run("report", "after", "-o", "/proc/x.html").code == 2
    assert project.run("run", stored, "--report").code == 0


def test_show_runs_tag_and_rm(project: Any, stored: str) -> None:
    assert "before" in project.run("runs").out
    assert len(project.run("runs", "--limit", "1", "--json").doc) == 1
    assert project.run("show", "before", "--full").code == 0
    assert project.run("tag", "before", "first").code == 0
    assert project.run("show", "first", "--json").doc["label"] == "first"
    assert project.run("tag", "first").code == 0
    assert project.run("show", "first").code == 2
    assert project.run("tag", "last", "latest").code == 2
    assert project.run("rm", "after").code == 2, "a script must say --yes"
    assert project.run("rm", "after", "--yes").code == 0
    assert len(project.run("runs", "--json").doc) == 1
    assert project.run("rm", "after", "--yes").code == 2


def test_claims_shows_the_ledger(project: Any) -> None:
    project.write("mod.py", MODULE)
    claims = [{"id": "a.one", "text": "t", "where": {}, "metric": "wall", "speedup": {"at_least": 5}},
              {"id": "b.two", "text": "t", "not_testable": "no such machine"}]  # fmt: skip
    pair = {name: TRIO[name] for name in ("v1", "v2")}
    assert project.run("run", project.scenario("x", pair, claims=claims)).code == 0
    assert [claim["id"] for claim in project.run("claims", "--json").doc["claims"]] == ["a.one", "b.two"]
    assert [claim["verdict"] for claim in project.run("claims", "b.", "--json").doc["claims"]] == ["NOT TESTABLE"]
    assert "a.one" in project.run("claims", "--full").out
    chosen = project.run("claims", "--verdict", "not-testable", "--json").doc["claims"]
    assert [claim["id"] for claim in chosen] == ["b.two"]
    found = project.run("claims", "--verdict", "confirmed")
    assert (found.code, found.err) == (0, "none of the 2 claims is CONFIRMED\n")
    assert project.run("claims", "c.").code == 2


def test_list_validate_schema_and_doctor(project: Any) -> None:
    project.write("mod.py", MODULE)
    project.scenario("x", TRIO, matrix={"n": [1, 2, 3]})
    project.write("scenarios/y.yaml", (project.folder / "x.yaml").read_text())
    assert [one["scenario"] for one in project.run("list", "--json").doc] == ["x", "x"]
    assert "python" in project.run("list", "--kinds").out
    assert project.run("list", "--json").doc[0]["claims"] == 0
    found = project.run("validate", "x.yaml")
    assert (found.code, "valid: 3 cases" in found.err) == (0, True)
    assert "; targets checked" in found.err
    assert len(project.run("validate", "x.yaml", "--json").doc) == 3
    assert project.run("schema").doc["$schema"].startswith("http")
    found = project.run("doctor", "--json")
    assert found.code == 0
    assert {"python", "store", "clock", "neighbours"} <= {check["check"] for check in found.doc}


def test_validate_imports_targets_in_a_process_of_their_own(project: Any) -> None:
    project.write("mod.py", "import sys\nprint('loud', flush=True)\nsys.loaded = True\ndef a(): return 1\nnumber = 3\n")
    project.write("hangs.py", "import time\ntime.sleep(60)\ndef a(): return 1\n")
    project.write("dies.py", "import os\nos._exit(0)\n")
    variants = {"v1": {"target": "mod:a"}, "v2": {"target": "mod:none"}, "v3": {"target": "mod:number", "setup": "dies:a"}}
    project.scenario("x", variants)
    found = project.run("validate", "x.yaml")
    assert (found.code, found.out) == (2, "")
    assert "x: v2: mod:none: " in found.err
    assert "x: v3: its process ended while it imported mod:number, dies:a" in found.err
    assert "v1" not in found.err and "loud" not in found.err
    found = project.run("validate", "x.yaml", "--no-targets")
    assert (found.code, "targets not checked" in found.err) == (0, True)


def test_validate_does_not_wait_for_ever(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fibench.app.targets.TIMEOUT", 0.3)
    project.write("hangs.py", "import time\ntime.sleep(60)\ndef a(): return 1\n")
    found = project.run("validate", project.scenario("x", {"v1": {"target": "hangs:a"}}))
    assert (found.code, "not all targets checked" in found.err) == (0, True)


def test_tables_break_no_word_at_80_columns(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "a-scenario-whose-name-is-rather-long-" + "x" * 20
    about = "what it compares, told in more words than have room beside the other columns of the table"
    project.write("mod.py", MODULE)
    project.scenario(name, TRIO, about=about, matrix={"parameter": ["first-value"]})
    found = project.run("list").out.splitlines()
    assert f"{name}.yaml" in " ".join(found).split()
    assert set(about.split()) <= set(" ".join(found).split())
    assert max(map(len, found)) <= 80
    assert f"{name} parameter=first-value" in project.run("validate", f"{name}.yaml").out


def test_runs_has_one_line_for_each(project: Any) -> None:
    assert project.run("runs").err == "no runs yet: fibench run SCENARIO\n"
    assert project.run("runs", "--json").doc == []
    assert project.run("runs", "--store", "nowhere.db").code == 2
    project.write("mod.py", MODULE)
    names = [project.scenario(f"scenario-number-{number}", TRIO) for number in range(4)]
    assert project.run("run", *names, "--label", "before", "--variant", "v1").code == 0
    header, line = project.run("runs").out.splitlines()
    assert header.split()[:2] == ["run", "label"]
    assert len(line) <= 80
    assert line.endswith("scenario-number-0 +3 (4)")


def test_a_run_that_is_going_on_says_for_how_long(project: Any) -> None:
    project.write("mod.py", MODULE)
    scenario = project.scenario("x", TRIO, measure={"max_units": 1000, "budget": "60 s", "margin": 0})
    process = project.start("run", scenario)
    project.wait_for_generations(2)
    (_, line) = project.run("runs").out.splitlines()
    assert "running" in line
    assert " s …" in line and " 0.0 s" not in line
    process.kill()
    process.communicate()


def test_no_description_in_the_schema_speaks_of_the_loader(project: Any) -> None:
    assert "loader" not in project.run("schema").out


def test_help_cuts_no_command_short(project: Any) -> None:
    assert "..." not in project.run("--help").out.partition("Commands:")[2]


@pytest.mark.parametrize("kind", ["python", "command", "workers"])
def test_init_writes_a_scenario_that_runs_as_it_is(project: Any, kind: str) -> None:
    assert project.run("init", "mine", "--kind", kind).code == 0
    found = project.run("init", "mine", "--kind", kind)
    assert (found.code, "exists" in found.err) == (2, True)
    assert project.run("init", "mine", "--kind", kind, "--force").code == 0
    found = project.run("run", "mine.yaml", "--budget", "2 s", "--set", "measure.max_units=2", "--json")
    assert found.code in (0, 3) or kind == "workers", found.err  # on a busy machine its two windows may not count
    assert found.doc["cases"][0]["state"] == "valid" or kind == "workers"
    assert found.doc["cases"][0]["variants"]


COMMANDS = [
    "run",
    "compare",
    "gate",
    "claims",
    "report",
    "list",
    "show",
    "runs",
    "tag",
    "rm",
    "validate",
    "schema",
    "init",
    "doctor",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(project: Any, command: str) -> None:
    found = project.run(command, "--help")
    assert found.code == 0
    assert f"Example: fibench {command}" in " ".join(found.out.split())


def test_budget_set_variant_and_label(project: Any) -> None:
    project.write("mod.py", MODULE)
    scenario = project.scenario("x", TRIO, measure={"max_units": None, "budget": "60 s", "margin": 0})
    words = ["--budget", "500 ms", "--variant", "v1", "--variant", "v3", "--set", "measure.alpha=0.05", "--label", "quick"]
    found = project.run("run", scenario, *words, "--json").doc
    assert found["label"] == "quick"
    assert set(found["cases"][0]["variants"]) == {"v1", "v3"}
    (row,) = found["cases"][0]["comparisons"]
    assert (row["level"], row["seconds"] < 3) == (0.95, True)


def test_a_single_variant_is_described_without_a_comparison(project: Any) -> None:
    project.write("mod.py", MODULE)
    found = project.run("run", project.scenario("x", {"only": {"target": "mod:a"}}), "--json").doc["cases"][0]
    assert (found["comparisons"], found["state"]) == ([], "valid")
    assert found["variants"]["only"]["metrics"]["wall"]["n"] > 10


def test_the_python_api_runs_loads_and_compares(project: Any) -> None:
    import fibench

    project.write("mod.py", MODULE)
    result = fibench.run(project.scenario("x", TRIO), label="api", budget=1.0)
    assert result.state == "complete"
    frame = fibench.load("api").to_frame()
    assert {"variant", "wall", "generation", "round"} <= set(frame.columns)
    from fibench.app.api import compare

    assert compare("v1", "v2").cases[0].comparisons[0].candidate == "v2"


def test_the_python_api_compares_under_its_documented_name(project: Any) -> None:
    import fibench
    from fibench.app import api  # noqa: F401

    assert callable(fibench.compare)
