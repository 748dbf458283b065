"""What the kinds with a closed set of parameters share: no free matrix keys, facts by variant, equal inputs."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from fibench.model.run import CaseRecord
from fibench.registry import did_you_mean
from fibench.workloads.kind import Kind


class ClosedKind(Kind):
    """A parent half whose every parameter is a field of `Params`."""

    name: str
    Params: type[BaseModel]
    ways: ClassVar[frozenset[str]] = frozenset()
    """Parameters that say how a thing is done, not what is done: variants that differ in nothing else must agree."""

    def settle(self, params: Mapping[str, Any], free: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing is free here: a matrix key that is no parameter is a slip of the pen."""
        for key in free:
            raise ValueError(f"kind '{self.name}' has no parameter '{key}': {did_you_mean(key, self.Params.model_fields)}")
        return dict(params)

    def same_inputs(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """True when both variants do the same thing, so that their outcomes must be equal."""
        return all(one.get(key) == other.get(key) for key in {*one, *other} - self.ways)


def missing(package: str, hint: str = "") -> str:
    """ "needs uvloop: pip install uvloop" when the package is not there, else ""."""
    return "" if importlib.util.find_spec(package) else f"needs {package}: {hint or f'pip install {package}'}"


def facts(record: CaseRecord) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """(variant, its parameters, the facts of its latest generation), for every variant that was measured."""
    for variant in record.case.variants:
        for generation in reversed(record.generations):
            found = generation.facts.get("variants", {}).get(variant.name)
            if found is not None:
                yield variant.name, variant.params, found
                break


def median(record: CaseRecord, variant: str, metric: str) -> float | None:
    """The middle of all blocks of one variant; None if it has none."""
    values = sorted(
        value
        for generation in record.generations
        for name, value in zip(generation.variants, generation.metrics.get(metric, ()), strict=False)
        if name == variant
    )
    return values[len(values) // 2] if values else None
