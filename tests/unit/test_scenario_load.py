"""Loading a scenario: what is understood, and the exact words for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fibench.errors import ScenarioError
from fibench.model.scenario import Scenario
from fibench.scenario.expand import expand
from fibench.scenario.fake import KIND, lookup
from fibench.scenario.load import load, load_text

GOOD = """\
scenario: event-loop
about: uvloop against asyncio
kind: fake
params: {workload: gather-sleep, sleep: 1 ms}
matrix: {tasks: [1000, 10000]}
variants:
  v1: {loop: asyncio}
  v2: {loop: uvloop}
measure: {metrics: [wall, cpu], budget: 30 s, margin: 2 %}
claims:
  - id: sooner
    text: 1K sleeps finish 2.5 times sooner
    where: {tasks: 1000}
    metric: wall
    speedup: {at_least: 2.5}
gate: [wall]
"""


def scenario(old: str = "", new: str = "") -> Scenario:
    assert old in GOOD
    return load_text(GOOD.replace(old, new), "x.yaml", lookup)


def complaint(old: str, new: str) -> str:
    """What the user reads, from loading or from expanding."""
    with pytest.raises(ScenarioError) as caught:
        expand(scenario(old, new), KIND)
    return str(caught.value)


DURATION = "expected a duration such as '30 s' or '1 ms' (ns, us, µs, μs, ms, s, min, h)"
FORMS = "speedup, ratio, share, value, formula, not_testable, all_of"

MISTAKES = [
    ("variants:", "varients:", "x.yaml:6: unknown key 'varients': did you mean 'variants'?"),
    ("budget: 30 s", "bugdet: 30 s", "x.yaml:9: unknown key 'bugdet' in measure: did you mean 'budget'?"),
    ("metric: wall", "metrik: wall", "x.yaml:14: unknown key 'metrik' in claims[0]: did you mean 'metric'?"),
    ("kind: fake", "kind: fak", "x.yaml:3: unknown kind 'fak': did you mean 'fake'?"),
    ("kind: fake\n", "", "x.yaml:1: missing key 'kind' (such as 'python')"),
    ("scenario: event-loop\n", "", "x.yaml:1: missing key 'scenario' (such as 'my-first')"),
    ("    text: 1K sleeps finish 2.5 times sooner\n", "", "x.yaml:11: missing key 'text' in claims[0]"),
    ("budget: 30 s", "budget: 30", f"x.yaml:9: measure.budget: no unit in 30: {DURATION}"),
    ("budget: 30 s", "budget: -5 s", "x.yaml:9: measure.budget: expected more than 0 s, found '-5 s'"),
    ("budget: 30 s", "budget: 30 h", "x.yaml:9: measure.budget: expected at most 86400 s, found '30 h'"),
    ("margin: 2 %", "margin: x", "x.yaml:9: measure.margin: expected a fraction such as '2 %', found 'x'"),
    ("margin: 2 %", "margin: {wall: x}", "x.yaml:9: measure.margin.wall: expected a fraction such as '2 %', found 'x'"),
    ("margin: 2 %", "margin: 300 %", "x.yaml:9: measure.margin: a margin lies between 0 % and 100 %, found '300 %'"),
    ("margin: 2 %", "gc: 3", "x.yaml:9: measure.gc: expected true or false, found 3"),
    (
        "margin: 2 %",
        "check: equl",
        "x.yaml:9: measure.check: expected 'auto', 'equal' or 'none', found 'equl': did you mean 'equal'?",
    ),
    ("[wall, cpu]", "wall", "x.yaml:9: measure.metrics: expected a list such as [a, b], found 'wall': write [wall]"),
    ("[wall, cpu]", "[]", "x.yaml:9: measure.metrics: expected at least 1, found none"),
    ("[wall, cpu]", "[wal]", "x.yaml:9: measure.metrics: kind 'fake' has no metric 'wal': did you mean 'wall'?"),
    ("gate: [wall]", "gate: [wal]", "x.yaml:16: gate: kind 'fake' has no metric 'wal': did you mean 'wall'?"),
    (
        "loop: uvloop",
        "loop: uvlop",
        "x.yaml:8: variant 'v2': loop: expected 'asyncio' or 'uvloop', found 'uvlop': did you mean 'uvloop'?",
    ),
    ("loop: uvloop", "lop: uvloop", "x.yaml:8: variant 'v2': unknown key 'lop': did you mean 'loop'?"),
    ("{loop: uvloop}", "uvloop", "x.yaml:8: variant 'v2': expected {key: value}, found 'uvloop'"),
    (
        "{loop: uvloop}",
        "{loop: uvloop, params: {loop: asyncio}}",
        "x.yaml:8: 'loop' is given both in the variant and in its params: keep one",
    ),
    ("v2:", "control:", "x.yaml:8: a variant cannot be called 'control': that is the baseline's twin"),
    ("v2:", "a b:", "x.yaml:8: 'a b' in variants: expected a name of letters, digits, '.', '_', '+' and '-'"),
    ("v2:", "v1:", "x.yaml:8: key 'v1' is given twice (first on line 7)"),
    ("[1000, 10000]", "1000", "x.yaml:5: matrix.tasks: expected a list such as [a, b], found 1000: write [1000]"),
    ("[1000, 10000]", "[]", "x.yaml:5: matrix.tasks: the list is empty, give at least one value"),
    ("[1000, 10000]", "[1000, many]", "x.yaml:5: matrix: tasks: expected a whole number, found 'many'"),
    ("[1000, 10000]", "[1000, 1000]", "x.yaml:5: matrix.tasks: 1000 is listed twice"),
    (
        "{tasks: 1000}",
        "{taks: 1000}",
        "x.yaml:13: claims[0].where.taks: 'taks' is no key of the matrix: did you mean 'tasks'?",
    ),
    (
        "{tasks: 1000}",
        "{tasks: 5}",
        "x.yaml:13: claims[0].where.tasks: no case has tasks = 5: the matrix has 1000, 10000",
    ),
    ("at_least: 2.5", "at_least: x", "x.yaml:15: claims[0].speedup.at_least: expected a number, found 'x'"),
    (
        "{at_least: 2.5}",
        "{at_least: 2, at_most: 3}",
        "x.yaml:15: claims[0].speedup: give exactly one of at_least, at_most, between",
    ),
    (
        "    speedup: {at_least: 2.5}\n",
        "",
        f"x.yaml:11: claims[0]: a claim has exactly one form of {FORMS}; found none",
    ),
    ("gate: [wall]", "sleep: 2 ms", "x.yaml:16: 'sleep' is given both at the top level and in params: keep one"),
    ("gate: [wall]", "env: {A: 1}", "x.yaml:16: 'env' belongs to a variant: variants: {v1: {env: …}}"),
    ("gate: [wall]", "target: 3", "x.yaml:16: target: expected text, found 3: quote it, '3'"),
    ("gate: [wall]", "target: x", "x.yaml:16: target: expected text (such as 'module:function'), found 'x'"),
    ("sleep: 1 ms", "sleep: 010", "x.yaml:4: '010' is octal in YAML: write 8, or quote it"),
    ("sleep: 1 ms", "sleep: .nan", "x.yaml:4: '.nan' is not a finite number"),
    ("sleep: 1 ms", "tasks: " + "9" * 30, f"x.yaml:4: '{'9' * 30}' is too large a number"),
    ("sleep: 1 ms", "sleep: 90 s", "x.yaml:4: sleep: expected at most 60 s, found '90 s'"),
    ("params: {", "\tparams: {", "x.yaml:4: a tab is used for indentation: YAML wants spaces"),
    (
        "text: 1K",
        "text: so: 1K",
        "x.yaml:12: a second ': ' on one line, or a wrong indentation: put text with ':' in quotes",
    ),
    ("about: uvloop", "about: @uvloop", "x.yaml:2: a value cannot start with '@': put it in quotes"),
    ("about: uvloop", 'about: "uvloop', "x.yaml:2: a quote is opened and never closed"),
    ("about: uvloop", "about: *base", "x.yaml:2: '*base' has no anchor '&base' above it"),
    (
        "about: uvloop",
        "about: !!python/name:os.system",
        "x.yaml:2: the YAML tag '!!python/name:os.system' is not used here",
    ),
    ("[1000, 10000]", "[1000, 10000", "x.yaml:5: a ']' or a ',' is missing"),
    ("gate: [wall]", "gate: &a [*a]", "x.yaml:16: an anchor contains itself"),
    ("gate: [wall]", "---\na: 1", "x.yaml:16: one file holds one scenario, found a second '---'"),
]


@pytest.mark.parametrize(("old", "new", "line"), MISTAKES, ids=[new[:40] or old[:40] for old, new, _ in MISTAKES])
def test_a_typical_mistake_is_answered_with_one_line(old: str, new: str, line: str) -> None:
    assert complaint(old, new) == line


def test_several_mistakes_are_told_together_in_the_order_of_the_file() -> None:
    text = GOOD.replace("budget: 30 s", "budget: 30").replace("scenario: event-loop", "scenario: a b").replace("gate", "gat")
    with pytest.raises(ScenarioError) as caught:
        load_text(text, "x.yaml", lookup)
    assert [line.split(": ")[0] for line in str(caught.value).splitlines()] == ["x.yaml:1", "x.yaml:9", "x.yaml:16"]


def test_ten_mistakes_are_listed_and_the_rest_is_counted() -> None:
    extra = "".join(f"odd{number}: 1\n" for number in range(14))
    with pytest.raises(ScenarioError) as caught:
        load_text(GOOD + extra, "x.yaml", lookup)
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "and 4 more"


def test_a_mistake_in_a_shared_parameter_is_told_once_not_per_variant() -> None:
    assert complaint("sleep: 1 ms", "slep: 1 ms") == "x.yaml:4: unknown key 'slep': did you mean 'sleep'?"


def test_quantities_come_out_in_base_units() -> None:
    measure = scenario().measure
    assert (measure.budget, measure.margin) == (30.0, 0.02)


def test_keys_of_a_variant_are_parameters_unless_they_are_of_the_process() -> None:
    spec = scenario("{loop: uvloop}", "{loop: uvloop, env: {A: x}, revision: main, params: {tasks: 2}}").variants["v2"]
    assert spec.params == {"tasks": 2, "loop": "uvloop"}
    assert (spec.env, spec.revision) == ({"A": "x"}, "main")


def test_text_that_yaml_takes_for_numbers_or_booleans_is_read_as_written() -> None:
    found = scenario("{loop: uvloop}", "{env: {DEBUG: on, SEED: 0}, python: 3.10, revision: 1234567}").variants["v2"]
    assert found.env == {"DEBUG": "on", "SEED": "0"}
    assert (found.python, found.revision) == ("3.10", "1234567")


@pytest.mark.parametrize("name", ["on", "yes", "no", "3.10", "2", "null", "2024-01-01"])
def test_a_variant_may_be_called_what_yaml_takes_for_something_else(name: str) -> None:
    assert list(scenario("v2:", f"{name}:").variants) == ["v1", name]


def test_a_variant_without_changes_is_a_variant() -> None:
    assert scenario("v1: {loop: asyncio}", "v1:").variants["v1"].params == {}


def test_an_empty_section_counts_as_absent() -> None:
    assert scenario("gate: [wall]", "gate:").gate == ()


def test_parameters_of_the_kind_may_stand_at_the_top_level() -> None:
    assert scenario("gate: [wall]", "target: a:b").params["target"] == "a:b"


def test_merge_keys_copy_and_own_keys_win() -> None:
    text = "{loop: uvloop}"
    found = scenario(f"{{loop: asyncio}}\n  v2: {text}", "&base {loop: asyncio, tasks: 2}\n  v2: {<<: *base, loop: uvloop}")
    assert found.variants["v2"].params == {"loop": "uvloop", "tasks": 2}


def test_numbers_with_an_exponent_are_numbers() -> None:
    assert scenario("[1000, 10000]", "[1e3, 1.5e4]").matrix["tasks"] == (1000, 15000.0)


def test_a_billion_laughs_are_refused_quickly() -> None:
    laughs = "".join(f"  a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    with pytest.raises(ScenarioError, match="more than 20,000 values once its anchors are followed"):
        load_text(f"params:\n  a0: &a0 x\n{laughs}", "x.yaml", lookup)


def test_merged_laughs_are_refused_quickly() -> None:
    laughs = "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 12))
    with pytest.raises(ScenarioError, match="more than 20,000 values"):
        load_text(f"a0: &a0 {{x: 1}}\n{laughs}", "x.yaml", lookup)


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "? " * 5000])
def test_deep_nesting_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ScenarioError, match=r"^x.yaml:1: nested deeper than 30 levels"):
        load_text(text, "x.yaml", lookup)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "x.yaml:1: the file is empty\n  hint: fibench init writes a scenario to start from"),
        ("# only a comment\n", "x.yaml:1: the file is empty\n  hint: fibench init writes a scenario to start from"),
        ("\n- a\n", "x.yaml:2: expected a mapping that starts with 'scenario: name', found ['a']"),
        ("hello", "x.yaml:1: expected a mapping that starts with 'scenario: name', found 'hello'"),
        ("a: 1\nb: \0\n", "x.yaml:2: the character U+0000 is not allowed in YAML"),
        ("? [a]\n: 1\n", "x.yaml:1: a key is a single word, found a list or a mapping"),
    ],
)
def test_what_is_no_scenario_at_all_is_said_with_a_line(text: str, line: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(text, "x.yaml", lookup)
    assert str(caught.value) == line


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"a: 1\nb: \xff\n")
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "big.yaml").write_text("#" * 300_000)
    for name, words in {
        "": "this is a folder, expected a scenario file",
        "none.yaml": "there is no such file",
        "bad.yaml": "the file is not UTF-8 text",
        "x.json": "expected a .yaml file, found '.json'",
        "big.yaml": "larger than 256 KiB",
    }.items():
        with pytest.raises(ScenarioError, match=words):
            load(tmp_path / name, lookup)


def test_a_scenario_knows_its_file_and_where_its_keys_stand(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("﻿" + GOOD.replace("\n", "\r\n"))
    found = load(file, lookup)
    assert found.file == file
    assert found.places["variants", "v2", "loop"] == f"{file}:8"
