"""`--set key=value`: where it goes, and what it cannot mean."""

from __future__ import annotations

import pytest

from fibench.errors import ScenarioError
from fibench.model.scenario import Scenario
from fibench.scenario.expand import expand
from fibench.scenario.fake import KIND, lookup
from fibench.scenario.load import load_text

TEXT = """\
scenario: s
kind: fake
sleep: 1 ms
params: {options: {a: 1}}
matrix: {tasks: [1, 2]}
variants: {v1: {loop: asyncio}, v2: {params: {loop: uvloop}}}
claims: [{id: c, text: t, where: {tasks: 1}, speedup: {at_least: 2}}]
"""


def changed(*words: str) -> Scenario:
    return load_text(TEXT, "x.yaml", lookup, words)


def complaint(word: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        expand(changed(word), KIND)
    return str(caught.value)


@pytest.mark.parametrize("word", ["tasks=9", "params.tasks=9", "matrix.tasks=9", "matrix.tasks=[9]", "tasks = 9"])
def test_a_matrix_key_is_narrowed_however_it_is_named(word: str) -> None:
    assert changed(word).matrix == {"tasks": (9,)}


def test_a_parameter_goes_where_it_stands() -> None:
    assert changed("sleep=2 ms", "size=1 KiB").params == {"options": {"a": 1}, "sleep": "2 ms", "size": "1 KiB"}
    assert changed("options.b=x: y # z").params["options"] == {"a": 1, "b": "x: y # z"}


def test_sections_are_reached_by_their_path() -> None:
    found = changed("measure.budget=5 s", "measure.metrics=cpu", "gate=[wall, cpu]", "claims.0.speedup.at_least=3")
    assert (found.measure.budget, found.measure.metrics, found.gate) == (5.0, ("cpu",), ("wall", "cpu"))
    assert found.claims[0].speedup
    assert found.claims[0].speedup.at_least == 3


def test_a_variant_is_changed_by_name_in_either_spelling() -> None:
    found = changed("variants.v1.loop=uvloop", "variants.v2.loop=asyncio", "variants.v2.python=3.10").variants
    assert (found["v1"].params, found["v2"].params) == ({"loop": "uvloop"}, {"loop": "asyncio"})
    assert found["v2"].python == "3.10"


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("tasks", "expected key=value, such as measure.budget=5s"),
        ("tasks=", "expected key=value, such as measure.budget=5s"),
        ("budget=5 s", "unknown key 'budget': did you mean 'measure.budget'?"),
        ("slep=5 s", "unknown key 'slep': did you mean 'sleep'?"),
        ("measure.bugdet=5 s", "unknown key 'bugdet' in measure: did you mean 'budget'?"),
        ("loop=uvloop", "'loop' is set by v1, v2: use --set variants.v1.loop=…"),
        ("variants.v3.loop=uvloop", "there is no variant 'v3': known: v1, v2"),
        ("variants.v1=x", "expected variants.NAME.KEY=value"),
        ("sleep.x=1", "sleep is '1 ms', not a mapping"),
        ("claims.7.id=x", "claims is a list of 1: there is no 7"),
        ("measure.budget=5", "measure.budget: no unit in 5: expected a duration such as '30 s' or '1 ms'"),
        ("tasks=[1", "a ']' or a ',' is missing"),
        ("tasks=many", "matrix: tasks: expected a whole number, found 'many'"),
        ("kind=fak", "unknown kind 'fak': did you mean 'fake'?"),
    ],
)
def test_a_word_that_leads_nowhere_says_where_it_could_lead(word: str, line: str) -> None:
    message = complaint(word)
    assert message.startswith(f"--set {word}: {line}"), message
