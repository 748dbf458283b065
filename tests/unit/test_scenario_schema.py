"""The editor's schema: it accepts what the loader accepts, and underlines what editors can know."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from fibench.scenario.expand import expand
from fibench.scenario.fake import KIND
from fibench.scenario.kinds import lookup
from fibench.scenario.load import load
from fibench.scenario.schema import schema
from fibench.workloads.builtin import BUILTIN, GROUP, PLANNED

kinds = lookup(BUILTIN, PLANNED, GROUP)
SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
FAKE = schema([KIND])
GOOD = {
    "scenario": "s",
    "kind": "fake",
    "sleep": "1 ms",
    "matrix": {"tasks": [1, 2]},
    "variants": {"v1": None, "v2": {"loop": "uvloop", "env": {"A": 1}, "python": 3.13}},
    "claims": [{"id": "c", "text": "t", "value": {"variant": "v1", "at_most": "800 ms"}}],
    "gate": None,
}

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


def accepts(node: Any, value: Any, root: Any) -> bool:
    """The part of JSON Schema that this schema uses (no validator is among fibench's dependencies)."""
    if isinstance(node, bool):
        return node
    return all(_holds(word, node, value, root) for word in node)


def _holds(word: str, node: Any, value: Any, root: Any) -> bool:
    rule = node[word]
    match word:
        case "$ref":
            target = root
            for part in rule.removeprefix("#/").split("/"):
                target = target[part]
            return accepts(target, value, root)
        case "type":
            names = [rule] if isinstance(rule, str) else rule
            return any(isinstance(value, TYPES[name]) and (name == "boolean") == isinstance(value, bool) for name in names)
        case "enum" | "const":
            return value in (rule if word == "enum" else [rule])
        case "anyOf" | "allOf":
            return (any if word == "anyOf" else all)(accepts(branch, value, root) for branch in rule)
        case "if":
            return not accepts(rule, value, root) or accepts(node["then"], value, root)
        case "pattern":
            return not isinstance(value, str) or bool(re.search(rule, value))
    if isinstance(value, dict):
        return _holds_in_object(word, rule, node, value, root)
    return word != "items" or not isinstance(value, list) or all(accepts(rule, item, root) for item in value)


def _holds_in_object(word: str, rule: Any, node: Any, value: dict[str, Any], root: Any) -> bool:
    if word == "required":
        return all(name in value for name in rule)
    if word == "propertyNames":
        return all(accepts(rule, name, root) for name in value)
    if word == "properties":
        return all(accepts(rule[name], inner, root) for name, inner in value.items() if name in rule)
    if word == "additionalProperties":
        known = node.get("properties", {})
        return all(accepts(rule, inner, root) for name, inner in value.items() if name not in known)
    return True


def test_the_schema_knows_the_short_forms() -> None:
    assert accepts(FAKE, GOOD, FAKE)


@pytest.mark.parametrize(
    "change",
    [
        {"slep": 1},
        {"kind": "fak"},
        {"scenario": "a b"},
        {"loop": "uvlop"},
        {"params": {"tsks": 1}},
        {"variants": {"v1": {"lop": "uvloop"}}},
        {"variants": {"v1": {"loop": "uvlop"}}},
        {"variants": []},
        {"measure": {"bugdet": "30 s"}},
        {"gate": "wall"},
        {"claims": [{"id": "c"}]},
        {"matrix": {"tasks": 1}},
        {"file": "x"},
    ],
)
def test_what_an_editor_can_know_is_underlined(change: dict[str, Any]) -> None:
    assert not accepts(FAKE, {**GOOD, **change}, FAKE)


def test_the_schema_is_plain_json_without_what_the_loader_fills_in() -> None:
    assert json.loads(json.dumps(FAKE)) == FAKE
    assert not {"file", "places", "narrowed"} & set(FAKE["properties"])


def test_every_reference_leads_somewhere() -> None:
    whole = schema([kinds("python"), kinds("command"), KIND])
    for name in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole)):
        target: Any = whole
        for part in name.split("/"):
            target = target[part]


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_a_shipped_scenario_loads_expands_and_fits(path: Path) -> None:
    scenario = load(path, kinds)
    workload = kinds(scenario.kind)
    assert expand(scenario, workload)
    whole = schema([workload])
    assert accepts(whole, yaml.safe_load(path.read_text(encoding="utf-8")), whole)
