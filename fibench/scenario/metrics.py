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


def recorded(scenario: Scenario, claims: Iterable[Claim], workload: Workload) -> tuple[Metric, ...]:
    """The declared ones first, then those that the gate and the claims need."""
    needed = [*scenario.measure.metrics, *scenario.gate]
    for claim in claims:
        for test in claim.tests:
            needed += [test.metric, test.share.of] if test.share else [test.metric]
    return tuple(workload.metrics[name] for name in dict.fromkeys(needed))
