"""Finding scenarios, writing the first one, and kinds that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fibench.errors import NotFoundError, ScenarioError, UsageError
from fibench.scenario import catalog, template
from fibench.scenario.expand import expand
from fibench.scenario.kinds import lookup as kind_lookup
from fibench.scenario.load import load, load_text
from fibench.workloads.builtin import BUILTIN, GROUP, PLANNED

JSON = "scenario: json\nkind: json\nabout: |\n  two\n  lines\nclaims: [1, 2]\n"
kinds = kind_lookup(BUILTIN, PLANNED, GROUP)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "json.yaml").write_text(JSON)
    (tmp_path / "scenarios" / "other.yml").write_text("scenario: loops\nkind: event-loop\n")
    (tmp_path / "scenarios" / "broken.yaml").write_text("scenario: [\n")
    (tmp_path / "mine.yaml").write_text("scenario: mine\nkind: python\n")
    return tmp_path


@pytest.mark.parametrize(
    ("word", "file"),
    [
        ("json", "scenarios/json.yaml"),
        ("other", "scenarios/other.yml"),
        ("loops", "scenarios/other.yml"),
        ("mine", "mine.yaml"),
        ("scenarios/json.yaml", "scenarios/json.yaml"),
    ],
)
def test_a_scenario_is_found_by_path_file_name_or_name(root: Path, word: str, file: str) -> None:
    assert catalog.find(word, root) == root / file


def test_a_name_that_is_not_there_is_answered_with_the_nearest(root: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        catalog.find("jsn", root)
    assert str(caught.value) == "there is no scenario 'jsn'\n  hint: did you mean 'json'?"


def test_a_name_far_from_all_is_answered_with_what_there_is(root: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there are broken, json, loops, mine"):
        catalog.find("nope.yaml", root)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match="fibench init writes one"):
        catalog.find("nope.yaml", tmp_path / "empty")


def test_the_list_has_kind_about_and_claims_and_says_what_is_broken(root: Path) -> None:
    (root / "compose.yaml").write_text("services: {}\n")  # other tools keep YAML here too
    broken, json_entry, loops, mine = catalog.listing(root)
    assert (json_entry.kind, json_entry.about, json_entry.claims) == ("json", "two lines", 2)
    assert (loops.name, mine.path) == ("loops", root / "mine.yaml")
    assert "broken.yaml:2: " in broken.problem


@pytest.mark.parametrize("kind", template.KINDS)
@pytest.mark.parametrize("name", ["example", "my-1.st"])
def test_the_first_scenario_is_valid_as_it_is(tmp_path: Path, kind: str, name: str) -> None:
    for file, text in template.files(kind, name).items():
        (tmp_path / file).write_text(text)
    scenario = load(tmp_path / f"{name}.yaml", kinds)
    for case in expand(scenario, kinds(scenario.kind)):
        assert len(case.variants) == 2


def test_the_first_module_gives_equal_results() -> None:
    module: dict[str, Any] = {}
    exec(template.files("python")["target_example.py"], module)
    words = module["make_words"](5)
    assert module["add_up"](words) == module["join"](words)


def test_there_is_no_template_for_every_kind() -> None:
    with pytest.raises(UsageError, match="there is no template for kind 'pyton'") as caught:
        template.files("pyton")
    assert caught.value.hint == "did you mean 'python'?"
    with pytest.raises(UsageError, match="is no name"):
        template.files("python", "../x")


def test_a_planned_kind_is_called_planned() -> None:
    look = kind_lookup({}, {"later": "the future"}, GROUP)
    with pytest.raises(ScenarioError) as caught:
        load_text("scenario: s\nkind: later\nurl: x\n", "x.yaml", look)
    assert str(caught.value) == "x.yaml:2: kind 'later' is planned but not built yet (the future)"
