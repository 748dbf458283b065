"""Records by hand for the tests of `fibench.judge`: blocks whose ratios are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fibench.model.case import CONTROL, Case, Variant
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord, Generation
from fibench.model.scenario import Claim, Measure

WALL = Metric("wall")
SIZE = Metric("size", "B", counted=True)
RATE = Metric("throughput", "1/s", direction="higher")


def case(
    names: Sequence[str] = ("v1", "v2"),
    *,
    metrics: Sequence[Metric] = (WALL,),
    claims: Sequence[Mapping[str, Any]] = (),
    gate: Sequence[str] = (),
    point: Mapping[str, Any] | None = None,
    **measure: Any,
) -> Case:
    """A case of kind python; quantities of `measure` are written as a user would."""
    return Case(
        scenario="s", kind="python", point=dict(point or {}), key="k",
        variants=tuple(Variant(name=name, params={"target": f"m:{name}"}) for name in names),
        metrics=tuple(metrics), measure=Measure.model_validate({"metrics": tuple(m.name for m in metrics), **measure}),
        claims=tuple(Claim.model_validate({"id": "c", "text": "t", **claim}) for claim in claims), gate=tuple(gate),
    )  # fmt: skip


def generation(index: int, values: Mapping[str, float], metric: str = "wall", *, control: float | None = None) -> Generation:
    """One round of all variants (and a control round) with exactly these values."""
    names = list(values)
    rounds, variants, column = [0] * len(names), list(names), [values[name] for name in names]
    if control is not None:
        rounds += [1, 1]
        variants += [names[0], CONTROL]
        column += [values[names[0]], control]
    return Generation(index, 0, tuple(rounds), tuple(variants), {metric: tuple(column)}, seconds=0.1)


def record(
    of: Case,
    columns: Mapping[str, Sequence[float]],
    *,
    metric: str = "wall",
    control: Sequence[float] | None = None,
    **more: Any,
) -> CaseRecord:
    """One generation per column entry: `columns["v1"][i]` is V1's value in generation i."""
    count = len(next(iter(columns.values())))
    generations = tuple(
        generation(i, {name: values[i] for name, values in columns.items()}, metric, control=control[i] if control else None)
        for i in range(count)
    )
    return CaseRecord(of, generations, **more)


def jitter(value: float, count: int, spread: float = 0.001) -> list[float]:
    """`count` values around `value`, alternately a little above and below."""
    return [value * (1 + spread * ((i * 7) % 11 - 5) / 5) for i in range(count)]
