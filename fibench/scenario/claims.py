"""Claims made exact: names checked, defaults filled in, bounds in base units, each given to the cases it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fibench import units
from fibench.model.case import Case, same_value
from fibench.model.metric import Metric
from fibench.model.scenario import Claim, Scenario, Speedup, Test, ValueOf
from fibench.ports import Workload
from fibench.registry import did_you_mean
from fibench.scenario import metrics
from fibench.scenario.places import Key, Problem, plain, shown, spoken

_T = TypeVar("_T", bound=Test)
_DIMENSION = {"s": "duration", "B": "size", "1/s": "rate", "%": "fraction"}
_VARIANTS = {"speedup": ("baseline", "candidate"), "ratio": ("of", "to"), "share": ("variant",), "value": ("variant",)}


def resolve(scenario: Scenario, workload: Workload, variants: tuple[str, ...]) -> tuple[tuple[Claim, ...], list[Problem]]:
    """The claims with nothing left to guess, and every problem found in them."""
    resolver = _Resolver(scenario, workload, variants)
    return tuple(resolver.claim(claim, ("claims", i)) for i, claim in enumerate(scenario.claims)), resolver.problems


def attached(claims: Sequence[Claim], point: Mapping[str, Any], *, first: bool) -> tuple[Claim, ...]:
    """The claims about this point; those that measure nothing (formula, not_testable) go with the first case."""
    return tuple(claim for claim in claims if (_is_about(claim, point) if claim.tests else first))


def homeless(scenario: Scenario, claims: Sequence[Claim], cases: Sequence[Case]) -> list[Problem]:
    """Claims that no case can test, unless `--set` took their points away."""
    homes = {claim.id for case in cases for claim in case.claims}
    lost = [(index, claim) for index, claim in enumerate(claims) if claim.id not in homes]
    message = "claims[{}]: no case matches `where` of '{}' and of its tests together"
    return [
        Problem(("claims", index), message.format(index, claim.id))
        for index, claim in lost
        if not any(key in scenario.narrowed for test in (claim, *claim.tests) for key in test.where)
    ]


def _is_about(claim: Claim, point: Mapping[str, Any]) -> bool:
    return _holds(claim.where, point) and any(_holds(test.where, point) for test in claim.tests)


def _holds(where: Mapping[str, Any], point: Mapping[str, Any]) -> bool:
    return all(key in point and same_value(point[key], value) for key, value in where.items())


class _Resolver:
    """Collects problems instead of stopping at the first."""

    def __init__(self, scenario: Scenario, workload: Workload, variants: tuple[str, ...]) -> None:
        self.scenario = scenario
        self.workload = workload
        self.variants = variants
        self.problems: list[Problem] = []
        self.ids: set[str] = set()

    def claim(self, claim: Claim, path: Key) -> Claim:
        if claim.id in self.ids:
            self._wrong((*path, "id"), f"'{claim.id}' is the id of an earlier claim")
        self.ids.add(claim.id)
        if claim.all_of:
            self._where(claim, path)
            tests = tuple(self._test(test, (*path, "all_of", i)) for i, test in enumerate(claim.all_of))
            return claim.model_copy(update={"all_of": tests})
        return self._test(claim, path) if claim.tests else claim

    def _test(self, test: _T, path: Key) -> _T:
        self._where(test, path)
        self._metric(test.metric, (*path, "metric"))
        if test.share:
            self._metric(test.share.of, (*path, "share", "of"))
        form = getattr(test, test.form)
        for field in _VARIANTS[test.form]:
            name = getattr(form, field)
            if name is not None and name not in self.variants:
                advice = did_you_mean(name, self.variants)
                self._wrong((*path, test.form, field), f"there is no variant '{plain(name)}': {advice}")
        if test.speedup:
            return test.model_copy(update={"speedup": self._speedup(test.speedup, (*path, "speedup"))})
        if test.value and test.metric in self.workload.metrics:
            metric = self.workload.metrics[test.metric]
            return test.model_copy(update={"value": self._value(test.value, metric, (*path, "value"))})
        return test

    def _where(self, test: Test, path: Key) -> None:
        matrix = self.scenario.matrix
        for key, value in test.where.items():
            place = (*path, "where", key)
            if key not in matrix:
                advice = did_you_mean(key, matrix) if matrix else "the scenario has no matrix"
                self._wrong(place, f"'{plain(key)}' is no key of the matrix: {advice}")
            elif key not in self.scenario.narrowed and not any(same_value(value, given) for given in matrix[key]):
                given = ", ".join(shown(each) for each in matrix[key][:10])
                self._wrong(place, f"no case has {plain(key)} = {shown(value)}: the matrix has {given}")

    def _metric(self, name: str, place: Key) -> None:
        if name not in self.workload.metrics:
            self._wrong(place, metrics.unknown(name, self.workload))

    def _speedup(self, speedup: Speedup, place: Key) -> Speedup:
        """The baseline is the first variant; the candidate is the other one where there are just two."""
        if len(self.variants) < 2:
            self._wrong(place, "a speedup needs two variants, found one")
            return speedup
        baseline, candidate = speedup.baseline, speedup.candidate
        if baseline is None:
            others = [name for name in self.variants if name != candidate]
            baseline = self.variants[0] if len(self.variants) > 2 else others[0]
        if candidate is None:
            others = [name for name in self.variants if name != baseline]
            candidate = others[0]
            if len(others) > 1:
                self._wrong(place, f"which candidate? write candidate: one of {', '.join(others)}")
        if baseline == candidate:
            self._wrong(place, f"'{plain(baseline)}' is compared with itself")
        return speedup.model_copy(update={"baseline": baseline, "candidate": candidate})

    def _value(self, value: ValueOf, metric: Metric, place: Key) -> ValueOf:
        bounds: dict[str, float] = {}
        for side in ("at_most", "at_least"):
            written = getattr(value, side)
            if written is None:
                continue
            try:
                bounds[side] = _absolute(written, metric)
            except ValueError as problem:
                self._wrong((*place, side), str(problem))
        return value.model_copy(update=bounds)

    def _wrong(self, path: Key, text: str) -> None:
        self.problems.append(Problem(path, f"{spoken(path)}: {text}"))


def _absolute(written: str | float, metric: Metric) -> float:
    """ "800 ms" → 0.8 for a metric in seconds."""
    if isinstance(written, float) and written.is_integer():
        written = int(written)
    if metric.unit in _DIMENSION:
        return units.parse(written, _DIMENSION[metric.unit])
    try:
        return float(written)
    except ValueError:
        raise ValueError(f"expected a plain number, found {shown(written)}") from None
