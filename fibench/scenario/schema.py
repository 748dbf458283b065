"""JSON Schema (draft 7) of a scenario file as users write it: completion and red lines in an editor.

The model's own schema is widened by the grammar's short forms; what a kind takes is added by if/then on `kind`. It
knows names, types and limits; the loader, which also knows how they belong together, stays the judge.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fibench.model.scenario import Scenario
from fibench.ports import Workload
from fibench.scenario import fields, grammar

DRAFT = "http://json-schema.org/draft-07/schema#"
_WRITTEN = {"type": ["string", "number", "boolean"]}
"""Text that need not be quoted: the loader takes it as written."""

ABOUT = "What is compared, how long it may take, and what is claimed: one file for `fibench run`."
_ABOUT = {
    "scenario": "unique name",
    "about": "one line: what is compared and why",
    "kind": "what is measured: `fibench list --kinds` shows them",
    "params": "parameters of the kind, for every variant; they may also stand at the top level",
    "matrix": "every combination of these lists is one case",
    "variants": "the sides of the comparison; the first one is the baseline",
    "measure": "how long, how finely, how surely",
    "claims": "statements to test",
    "gate": "metrics that may fail a build",
}


def schema(workloads: Iterable[Workload] = ()) -> dict[str, Any]:
    """The schema, with the parameters of the given kinds."""
    whole = Scenario.model_json_schema(ref_template="#/definitions/{model}")
    definitions = whole.pop("$defs")
    properties = whole["properties"]
    for name in fields.FILLED_IN:
        properties.pop(name, None)
    for name, text in _ABOUT.items():
        properties[name] = {**properties[name], "description": text}
    kinds = sorted(workloads, key=lambda workload: workload.name)
    definitions["VariantSpec"] = _variant()
    _loosen(properties, definitions)
    if kinds:
        properties["kind"]["enum"] = [kind.name for kind in kinds]
        whole["allOf"] = [_rule(kind, list(properties), definitions) for kind in kinds]
    whole.pop("additionalProperties", None)
    told = {"title": "fibench scenario", "description": ABOUT}
    return {"$schema": DRAFT, **whole, **told, "definitions": definitions}


def _variant() -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "description": "parameters that differ, and the process the variant needs",
        "properties": {
            "params": {"type": ["object", "null"]},
            "env": {
                "type": ["object", "null"],
                "additionalProperties": _WRITTEN,
                "description": "environment variables",
            },
            "python": {**_WRITTEN, "description": "interpreter"},
            "revision": {**_WRITTEN, "description": "git revision, taken from a work tree of its own"},
        },
    }


def _loosen(properties: dict[str, Any], definitions: dict[str, Any]) -> None:
    """An empty section counts as absent; a name may be a number."""
    for name in ("params", "matrix", "variants", "measure", "claims", "gate", "about"):
        properties[name] = {
            "description": properties[name]["description"],
            "anyOf": [properties[name], {"type": "null"}],
        }
    properties["scenario"] = {**properties["scenario"], "type": ["string", "number", "boolean"]}
    for model in ("Claim", "Test", "Speedup", "RatioOf", "ShareOf", "ValueOf"):
        for name, field in definitions[model]["properties"].items():
            if name in grammar.TEXT_IN_CLAIMS + grammar.NAMES_IN_CLAIMS:
                field.pop("type", None)
                field.pop("anyOf", None)


def _rule(kind: Workload, scenario_keys: list[str], definitions: dict[str, Any]) -> dict[str, Any]:
    """If `kind` is this one, then these parameters may stand at the top, in params, in the matrix and in variants."""
    model = kind.Params.model_json_schema(ref_template=f"#/definitions/{kind.name}.{{model}}")
    definitions.update({f"{kind.name}.{name}": inner for name, inner in model.get("$defs", {}).items()})
    params = f"#/definitions/{kind.name}"
    definitions[kind.name] = {"type": "object", "description": kind.about, "properties": model["properties"]}
    names = list(model["properties"])
    at_top = {name: {"$ref": f"{params}/properties/{name}"} for name in names if name not in scenario_keys}
    in_params = {"allOf": [{"$ref": params}, {"propertyNames": {"enum": names}}]}
    one_variant = {"allOf": [{"$ref": params}, {"propertyNames": {"enum": [*grammar.PROCESS_KEYS, "params", *names]}}]}
    in_variants = {"additionalProperties": {"anyOf": [{"type": "null"}, one_variant]}}
    return {
        "if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]},
        "then": {
            "properties": {
                **at_top,
                "params": {"anyOf": [{"type": "null"}, in_params]},
                "variants": {"anyOf": [{"type": "null"}, in_variants]},
            },
            "propertyNames": {"enum": [*scenario_keys, *at_top]},
        },
    }
