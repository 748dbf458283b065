"""Which metrics a case records, and whether the kind has them."""

from __future__ import annotations

from collections.abc import Iterable

from fibench.model.metric import Metric
from fibench.model.scenario import Claim, Scenario
from fibench.ports import Workload
from fibench.registry import did_you_mean
from fibench.scenario.places import Key, Problem, plain


def problems(scenario: Scenario, workload: Workload) -> list[Problem]:
    """Names in `measure.metrics`, `gate` and `measure.margin` that the kind does not measure."""
    margin = scenario.measure.margin
    named: list[tuple[Key, str, str]] = [
        *((("measure", "metrics", i), "measure.metrics", name) for i, name in enumerate(scenario.measure.metrics)),
        *((("gate", i), "gate", name) for i, name in enumerate(scenario.gate)),
        *((("measure", "margin", name), "measure.margin", name) for name in (margin if isinstance(margin, dict) else ())),
    ]
    wrong = [entry for entry in named if entry[2] not in workload.metrics]
    return [Problem(path, f"{place}: {unknown(name, workload)}") for path, place, name in wrong]


def unknown(name: str, workload: Workload) -> str:
    """The sentence about a metric that the kind does not have."""
    return f"kind '{workload.name}' has no metric '{plain(name)}': {did_you_mean(name, workload.metrics)}"


def settled(scenario: Scenario, workload: Workload) -> Scenario:
    """The scenario with the kind's own metrics where it names none; a search has no control, it would be a third search."""
    measure = scenario.measure
    if "metrics" not in measure.model_fields_set:
        measure = measure.model_copy(update={"metrics": workload.standard(scenario.params)})
    if any(workload.metrics[name].bracket for name in measure.metrics if name in workload.metrics):
        measure = measure.model_copy(update={"control": False})
    return scenario if measure is scenario.measure else scenario.model_copy(update={"measure": measure})


def also_shown(recorded: Iterable[Metric], workload: Workload) -> tuple[Metric, ...]:
    """Metrics of the kind that are summarised although nothing asks for them."""
    known = {metric.name for metric in recorded}
    return tuple(workload.metrics[name] for name in workload.shown if name not in known)


def recorded(scenario: Scenario, claims: Iterable[Claim], workload: Workload) -> tuple[Metric, ...]:
    """The declared ones first, then those that the gate and the claims need."""
    needed = [*scenario.measure.metrics, *scenario.gate]
    for claim in claims:
        for test in claim.tests:
            needed += [test.metric, test.share.of] if test.share else [test.metric]
    return tuple(workload.metrics[name] for name in dict.fromkeys(needed))
