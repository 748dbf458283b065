"""`--variant v1 --variant v3`: the same scenario with some of its variants."""

from __future__ import annotations

from collections.abc import Sequence

from fibench.errors import UsageError
from fibench.model.scenario import Claim, Scenario, Test
from fibench.registry import did_you_mean


def keep_variants(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """Only `names`, in the scenario's order; claims about the others are left out, never bent to what is left."""
    for name in names:
        if name not in scenario.variants:
            raise UsageError(f"there is no variant '{name}'", hint=did_you_mean(name, scenario.variants))
    kept = {name: spec for name, spec in scenario.variants.items() if name in names}
    if not names or len(kept) == len(scenario.variants):
        return scenario
    order = tuple(scenario.variants)
    claims = tuple(claim for claim in scenario.claims if _variants_of(claim, order) <= set(kept))
    return scenario.model_copy(update={"variants": kept, "claims": claims})


def _variants_of(claim: Claim, order: tuple[str, ...]) -> set[str]:
    return {name for test in claim.tests for name in _named(test, order)}


def _named(test: Test, order: tuple[str, ...]) -> set[str]:
    """The variants that a test is about, defaults included."""
    if test.speedup:
        baseline, candidate = test.speedup.baseline, test.speedup.candidate
        both = set(order) if len(order) == 2 else {baseline or order[0], candidate or order[-1]}
        return both
    if test.ratio:
        return {test.ratio.of, test.ratio.to}
    form = test.share or test.value
    return {form.variant} if form else set()
