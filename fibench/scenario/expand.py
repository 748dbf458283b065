"""A scenario × its kind → cases: every matrix point with all its variants, checked and resolved."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fibench.model.case import CONTROL, FILE_PARAMS, Case, Variant
from fibench.model.scenario import Claim, Scenario, VariantSpec
from fibench.ports import Workload
from fibench.scenario import claims, metrics, params
from fibench.scenario.grammar import PROCESS_KEYS
from fibench.scenario.places import Problem, error, plain, shown

MOST_CASES = 200
ALONE = "v1"
"""What the only variant of a scenario without `variants` is called."""

_KEY_MEASURES = ("block", "gc", "warmup", "isolate")
"""The settings of `measure` that change what is measured, not how long or how surely."""


def expand(scenario: Scenario, workload: Workload) -> tuple[Case, ...]:
    """All cases in the order of the matrix; a ScenarioError names every problem with its line."""
    variants = dict(scenario.variants) or {ALONE: VariantSpec()}
    scenario = metrics.settled(scenario, workload)
    _raise_if(scenario, [*_matrix_problems(scenario, workload), *_name_problems(variants)])
    resolved, problems = claims.resolve(scenario, workload, tuple(variants))
    points = _points(scenario.matrix)
    settled = [params.settle(scenario, workload, point, variants) for point in points]
    first_wrong = next((wrong for _, wrong in settled if wrong), [])
    _raise_if(scenario, [*metrics.problems(scenario, workload), *problems, *first_wrong])
    cases = tuple(
        _case(scenario, workload, point, sides, claims.attached(resolved, point, first=point is points[0]))
        for point, (sides, _) in zip(points, settled, strict=True)
    )
    _raise_if(
        scenario, [*claims.homeless(scenario, resolved, cases), *_label_problems(cases, workload), *_file_problems(cases)]
    )
    return cases


def _points(matrix: Mapping[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values())]


def _case(
    scenario: Scenario,
    workload: Workload,
    point: dict[str, Any],
    variants: tuple[Variant, ...],
    mine: tuple[Claim, ...],
) -> Case:
    recorded = metrics.recorded(scenario, mine, workload)
    case = Case(
        scenario=scenario.scenario,
        kind=workload.name,
        point=point,
        variants=variants,
        metrics=recorded,
        shown=metrics.also_shown(recorded, workload),
        label=workload.label(variants[0].params),
        simulated=variants[0].params.get("simulated") or "",
        measure=scenario.measure,
        claims=mine,
        gate=scenario.gate,
        key="",
        about=scenario.about,
        folder=str((scenario.file.parent if scenario.file else Path()).absolute()),
    )
    return case.model_copy(update={"key": key_of(case)})


def _label_problems(cases: tuple[Case, ...], workload: Workload) -> list[Problem]:
    """Variants of different labels must never be compared: a closed loop hides what an open one shows."""
    for case in cases:
        for variant in case.variants[1:]:
            if workload.label(variant.params) != case.label:
                first, other = (label or "open loop" for label in (case.label, workload.label(variant.params)))
                text = (
                    f"'{case.baseline.name}' is measured in a {first}, '{variant.name}' in a {other}: they cannot be compared"
                )
                return [Problem(("variants", variant.name), text)]
    return []


def _file_problems(cases: tuple[Case, ...]) -> list[Problem]:
    """Files that are not there, found before anything is started."""
    problems = []
    for case in cases[:1]:
        for variant in case.variants:
            for key in FILE_PARAMS:
                named = variant.params.get(key)
                if isinstance(named, str) and variant.revision is None and not (Path(case.folder) / named).is_file():
                    problems.append(Problem((key,), f"{key}: there is no file {plain(named)} in {case.folder}"))
    return list(dict.fromkeys(problems))


def key_of(case: Case) -> str:
    """16 hex digits of what is measured: not of how long, how surely, nor of claims and names of files."""
    measured = {
        "kind": case.kind,
        "point": case.point,
        "variants": [variant.model_dump(mode="json") for variant in case.variants],
        "measure": {name: getattr(case.measure, name) for name in _KEY_MEASURES},
    }
    canonical = json.dumps(measured, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _matrix_problems(scenario: Scenario, workload: Workload) -> list[Problem]:
    problems = []
    for key, values in scenario.matrix.items():
        path = ("matrix", key)
        if not key.replace("-", "_").isidentifier():
            problems.append(Problem(path, f"matrix: expected the name of a parameter, found '{plain(key)}'"))
        if key in PROCESS_KEYS and key not in workload.Params.model_fields:
            problems.append(Problem(path, f"matrix.{key}: '{key}' belongs to a variant, a matrix varies parameters"))
        if not values:
            problems.append(Problem(path, f"matrix.{key}: the list is empty, give at least one value"))
        twice = [value for index, value in enumerate(values) if any(_equal(value, other) for other in values[:index])]
        if twice:
            problems.append(Problem(path, f"matrix.{key}: {shown(twice[0])} is listed twice"))
    count = math.prod(len(values) for values in scenario.matrix.values())
    if count > MOST_CASES:
        problems.append(Problem(("matrix",), f"matrix: {count:,} cases, at most {MOST_CASES} are measured in one run"))
    return problems


def _name_problems(variants: Mapping[str, VariantSpec]) -> list[Problem]:
    message = f"a variant cannot be called '{CONTROL}': that is the baseline's twin"
    return [Problem(("variants", CONTROL), message)] if CONTROL in variants else []


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _raise_if(scenario: Scenario, problems: list[Problem]) -> None:
    if problems:
        raise error(problems, scenario.places, str(scenario.file or scenario.scenario))
