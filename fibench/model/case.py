"""A case: everything that one interleaved measurement needs, resolved, so that a stored run explains itself.

Stored as JSON beside the samples: `compare`, `claims` and `show` work on it years later without the YAML file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from fibench import units
from fibench.model.metric import Metric
from fibench.model.scenario import Claim, Measure

CONTROL = "control"
"""The name of the baseline's twin whose difference from the baseline is the noise floor."""


FILE_PARAMS = ("body_file", "data", "trace", "ca_file", "locustfile")
"""Parameters of kinds that name files, relative to the scenario."""


class Frozen(BaseModel):
    """Frozen and exact."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")


class Variant(Frozen):
    """A variant with the scenario's, the matrix point's and its own parameters merged."""

    name: str
    params: dict[str, Any]
    env: dict[str, str] = {}
    python: str | None = None
    revision: str | None = None


class Case(Frozen):
    """One scenario at one matrix point. `key` is a hash of what is measured (not of how long, nor of the claims)."""

    scenario: str
    kind: str
    point: dict[str, Any]
    variants: tuple[Variant, ...]
    metrics: tuple[Metric, ...]
    measure: Measure
    claims: tuple[Claim, ...] = ()
    gate: tuple[str, ...] = ()
    key: str
    about: str = ""
    folder: str = "."
    simulated: str = ""
    label: str = ""
    """What every number of this case must carry beside it, such as "closed loop"."""
    shown: tuple[Metric, ...] = ()
    """Metrics that are summarised although nothing asks for them."""

    @property
    def baseline(self) -> Variant:
        """V1: the first variant written."""
        return self.variants[0]

    def metric(self, name: str) -> Metric:
        """The metric called `name`; KeyError if this case does not record it."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(name)

    def variant(self, name: str) -> Variant:
        """The variant called `name`; KeyError if there is none."""
        for variant in self.variants:
            if variant.name == name:
                return variant
        raise KeyError(name)

    def matches(self, where: Mapping[str, Any]) -> bool:
        """True when the point has all of `where` ("1 ms" and "1000 us" are the same value)."""
        return all(key in self.point and same_value(self.point[key], value) for key, value in where.items())

    @property
    def title(self) -> str:
        """ "event-loop tasks=1000": how a case is called in tables."""
        point = " ".join(f"{key}={value}" for key, value in self.point.items())
        return f"{self.scenario} {point}".strip()


def same_value(left: Any, right: Any) -> bool:
    """Equal as written, as text, or as quantities of one dimension."""
    if left == right or str(left) == str(right):
        return True
    for dimension in units.DIMENSIONS:
        try:
            if units.parse(left, dimension) == units.parse(right, dimension):
                return True
        except ValueError:
            continue
    return False
