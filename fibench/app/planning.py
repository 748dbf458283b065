"""Words on the command line → cases to measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fibench.app.kinds import kind
from fibench.errors import ScenarioError
from fibench.model.case import Case
from fibench.model.scenario import Scenario
from fibench.ports import Workload
from fibench.scenario.catalog import find
from fibench.scenario.expand import expand
from fibench.scenario.load import load
from fibench.scenario.select import keep_variants


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the scenarios is to be measured, and what is changed for this run."""

    overrides: tuple[str, ...] = ()
    budget: float | None = None
    variants: tuple[str, ...] = ()
    may_load: tuple[str, ...] = ()
    """Public hosts that the user said may be loaded."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A case with the kind that can measure it."""

    case: Case
    workload: Workload


def plan(words: Sequence[str], choice: Choice) -> list[Planned]:
    """Load and expand every scenario; ScenarioError and UsageError say what does not fit."""
    if not words:
        raise ScenarioError("no scenario given", hint="fibench list shows the scenarios here")
    planned: list[Planned] = []
    for path in [find(word) for word in words]:
        planned += plan_file(path, choice)
    names = [case.case.title for case in planned]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ScenarioError(f"two scenarios give the case '{twice}'", hint="scenario names must differ within one run")
    return planned


def plan_file(path: Path, choice: Choice) -> list[Planned]:
    """The cases of one scenario file."""
    scenario = load(path, kind, choice.overrides)
    workload = kind(scenario.kind)
    return [Planned(case, workload) for case in expand(adapt(scenario, choice), workload)]


def adapt(scenario: Scenario, choice: Choice) -> Scenario:
    """The scenario with this run's budget and only the chosen variants (the claims on the others are left out)."""
    if choice.budget is not None:
        scenario = scenario.model_copy(update={"measure": scenario.measure.model_copy(update={"budget": choice.budget})})
    return keep_variants(scenario, choice.variants)
