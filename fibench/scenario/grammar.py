"""The short forms: what users may write → what the Scenario model has. Wrong types are left to the model."""

from __future__ import annotations

from typing import Any

from fibench.model.case import CONTROL
from fibench.model.scenario import Scenario, VariantSpec
from fibench.registry import did_you_mean
from fibench.scenario import fields
from fibench.scenario.places import Key, Problem, plain, shown
from fibench.scenario.words import unknown
from fibench.scenario.yaml_lines import Tree

SCENARIO_KEYS = tuple(fields.names(Scenario))
PROCESS_KEYS = tuple(name for name in fields.names(VariantSpec) if name != "params")
_MAY_BE_EMPTY = ("params", "matrix", "variants", "measure", "claims", "gate", "about")
_TEXT_AT_TOP = ("scenario", "about", "kind", "gate")
TEXT_IN_CLAIMS = ("id", "text", "source", "note", "formula", "not_testable", "metric")
NAMES_IN_CLAIMS = ("baseline", "candidate", "of", "to", "variant")


def normalise(tree: Tree, parameters: list[str] | None) -> tuple[dict[str, Any], list[Problem]]:
    """The mapping for the model and what was wrong; `parameters` are the kind's (None: the kind is unknown)."""
    problems: list[Problem] = []
    raw = {key: value for key, value in tree.data.items() if value is not None or key not in _MAY_BE_EMPTY}
    _lift_parameters(raw, parameters, problems)
    if isinstance(raw.get("variants"), dict):
        variants = raw["variants"].items()
        raw["variants"] = {name: _variant(name, variant, problems) for name, variant in variants}
    return raw, problems


def restore_text(tree: Tree) -> None:
    """`python: 3.10` and `env: {DEBUG: 1}` are text although YAML reads numbers: take them as written."""
    for path, text in tree.written.items():
        if text not in ("", "~", "null") and _is_text(path):
            holder = tree.data
            for part in path[:-1]:
                holder = holder[part]
            holder[path[-1]] = text


def _is_text(path: Key) -> bool:
    named = tuple(part for part in path if isinstance(part, str))
    if len(named) == 1:
        return named[0] in _TEXT_AT_TOP
    if named[:1] == ("variants",):
        return (len(named) == 3 and named[2] in ("python", "revision")) or (len(named) == 4 and named[2] == "env")
    if named[:1] == ("claims",) and "where" not in named:
        return named[-1] in TEXT_IN_CLAIMS or (len(named) > 2 and named[-1] in NAMES_IN_CLAIMS)
    return named == ("measure", "metrics")


def _lift_parameters(raw: dict[str, Any], parameters: list[str] | None, problems: list[Problem]) -> None:
    """Parameters of the kind that stand at the top level go to `params`."""
    params = raw.get("params", {})
    lifted: dict[str, Any] = {}
    for key in [key for key in raw if key not in SCENARIO_KEYS]:
        value = raw.pop(key)
        if parameters is None:
            if did_you_mean(key, SCENARIO_KEYS).startswith("did"):
                problems.append(Problem((key,), unknown(key, list(SCENARIO_KEYS))))
        elif key not in parameters:
            problems.append(Problem((key,), _unknown_at_top(key, parameters)))
        elif isinstance(params, dict) and key in params:
            problems.append(Problem((key,), f"'{key}' is given both at the top level and in params: keep one"))
        else:
            lifted[key] = value
    if lifted and isinstance(params, dict):
        raw["params"] = {**params, **lifted}


def _unknown_at_top(key: str, parameters: list[str]) -> str:
    if key in PROCESS_KEYS:
        return f"'{key}' belongs to a variant: variants: {{v1: {{{key}: …}}}}"
    return unknown(key, [*SCENARIO_KEYS, *parameters])


def _variant(name: str, variant: Any, problems: list[Problem]) -> Any:
    """`{loop: uvloop, env: {…}}` → parameters and process-level keys apart."""
    path = ("variants", name)
    if name == CONTROL:
        problems.append(Problem(path, f"a variant cannot be called '{CONTROL}': that is the baseline's twin"))
    if variant is None:
        return {}
    if not isinstance(variant, dict):
        problems.append(Problem(path, f"variant '{plain(name)}': expected {{key: value}}, found {shown(variant)}"))
        return {}
    split = {key: variant[key] for key in PROCESS_KEYS if variant.get(key) is not None}
    params = {key: value for key, value in variant.items() if key not in (*PROCESS_KEYS, "params")}
    nested = {} if variant.get("params") is None else variant["params"]
    if not isinstance(nested, dict):
        return {**split, "params": nested}
    problems.extend(
        Problem((*path, key), f"'{plain(key)}' is given both in the variant and in its params: keep one")
        for key in params
        if key in nested
    )
    return {**split, "params": {**nested, **params}}
