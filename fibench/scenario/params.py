"""What each variant runs with at one matrix point: scenario < point < variant, then the kind's own checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from fibench.model.case import Variant
from fibench.model.scenario import Scenario, VariantSpec
from fibench.ports import Workload
from fibench.scenario import fields, words
from fibench.scenario.places import Key, Problem, shown


def settle(
    scenario: Scenario, workload: Workload, point: Mapping[str, Any], variants: Mapping[str, VariantSpec]
) -> tuple[tuple[Variant, ...], list[Problem]]:
    """The variants of one case (parameters JSON-able, quantities as plain numbers), or what is wrong with them."""
    settled: list[Variant] = []
    problems: list[Problem] = []
    for name, spec in variants.items():
        found, wrong = _params(scenario, workload, point, name, spec)
        problems.extend(problem for problem in wrong if problem not in problems)
        settled.append(Variant(name=name, params=found, env=spec.env, python=spec.python, revision=spec.revision))
    return tuple(settled), problems


def _params(
    scenario: Scenario, workload: Workload, point: Mapping[str, Any], name: str, spec: VariantSpec
) -> tuple[dict[str, Any], list[Problem]]:
    known = fields.names(workload.Params)
    fixed = {key: value for key, value in point.items() if key in known}
    free = {key: value for key, value in point.items() if key not in known}
    merged = {**scenario.params, **fixed, **spec.params}
    try:
        merged = workload.settle(merged, free)
        return to_jsonable_python(workload.Params.model_validate(merged).model_dump()), []
    except ValidationError as failure:
        wrong = words.translate(failure, merged, workload.Params, {})
        return {}, [_at_home(problem, scenario, workload, point, name, spec) for problem in wrong]
    except ValueError as refusal:
        return {}, [Problem(("matrix", next(iter(free), "")), f"matrix: {refusal}")]


def _at_home(
    problem: Problem, scenario: Scenario, workload: Workload, point: Mapping[str, Any], name: str, spec: VariantSpec
) -> Problem:
    """The problem at the key that the user wrote, with the variant's name where only one is meant."""
    key = problem.path[0] if problem.path else ""
    inner = problem.path[1:]
    if len(problem.path) == 1 and problem.text.startswith("unknown key") and "kwargs" in workload.Params.model_fields:
        given = spec.params.get(str(key), point.get(str(key), scenario.params.get(str(key))))
        hint = f"an argument of the target is written kwargs: {{{key}: {shown(given)}}}"
        problem = Problem(problem.path, f"{problem.text}; {hint}")
    if key in spec.params:
        return Problem(("variants", name, "params", *problem.path), f"variant '{name}': {problem.text}")
    if key in point:
        return Problem(("matrix", str(key)), f"matrix: {problem.text}")
    if inner and inner[0] in point:
        return Problem(("matrix", inner[0]), f"matrix: {problem.text}")
    if problem.text.startswith("missing key") and not inner:
        who = f"variant '{name}'" if _others_give(scenario, key, name) else f"kind '{workload.name}'"
        home: Key = ("variants", name) if _others_give(scenario, key, name) else ("params",)
        return Problem(home, f"{who} needs {problem.text.removeprefix('missing key ')}")
    return Problem(("params", *problem.path), problem.text)


def _others_give(scenario: Scenario, key: str | int, name: str) -> bool:
    return any(key in spec.params for other, spec in scenario.variants.items() if other != name)
