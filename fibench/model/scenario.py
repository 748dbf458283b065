"""What a user writes: one YAML file, every key checked, every quantity already in base units.

The kind's own parameters stay a plain mapping here; the kind validates them in a second step
(`fibench.scenario.expand`), because only it knows them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from fibench import units


def _quantity(dimension: str, example: str) -> Any:
    base = {"duration": " s", "size": " B", "rate": "/s", "fraction": ""}[dimension]
    return Annotated[
        float,
        BeforeValidator(lambda text: units.parse(text, dimension)),
        # a stored case is read back by the same validator, which wants units: 30.0 → "30.0 s"
        PlainSerializer(lambda value: f"{value!r}{base}" if base else value, when_used="json"),
        WithJsonSchema({"type": ["string", "number"], "description": f"a {dimension}", "examples": [example]}),
    ]


if TYPE_CHECKING:
    Seconds = float
    Bytes = float
    Rate = float
    Fraction = float
else:
    Seconds = _quantity("duration", "30 s")
    Bytes = _quantity("size", "64 KiB")
    Rate = _quantity("rate", "100/s")
    Fraction = _quantity("fraction", "2 %")

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", max_length=80)]


class Strict(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")


class Bound(Strict):
    """A numeric bound: one of `at_least`, `at_most`, or `between: [low, high]`."""

    at_least: float | None = None
    at_most: float | None = None
    between: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Bound:
        given = [name for name in ("at_least", "at_most", "between") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of at_least, at_most, between")
        if self.between and self.between[0] >= self.between[1]:
            raise ValueError(f"between needs [low, high] with low < high, found {list(self.between)}")
        return self


class Speedup(Bound):
    """The gain of `candidate` over `baseline`: above 1 is better."""

    baseline: str | None = None
    candidate: str | None = None


class RatioOf(Bound):
    """The plain quotient metric(of) / metric(to), whichever way is better."""

    of: str
    to: str


class ShareOf(Bound):
    """The share of one metric in another of the same variant, e.g. cpu in wall."""

    variant: str
    of: str


class ValueOf(Strict):
    """An absolute value of one variant, with its unit ("p50 < 800 ms")."""

    variant: str
    quantile: Annotated[float, Field(gt=0, lt=1)] = 0.5
    at_most: str | float | None = None
    at_least: str | float | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> ValueOf:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("give exactly one of at_most, at_least")
        return self


FORMS = ("speedup", "ratio", "share", "value", "formula", "not_testable", "all_of")


class Test(Strict):
    """One testable statement: where, on which metric, in which form."""

    where: dict[str, Any] = {}
    metric: str = "wall"
    speedup: Speedup | None = None
    ratio: RatioOf | None = None
    share: ShareOf | None = None
    value: ValueOf | None = None

    @property
    def form(self) -> str:
        """The name of the one form that was given."""
        return next(name for name in FORMS if getattr(self, name, None) is not None)

    @model_validator(mode="after")
    def _one_form(self) -> Test:
        given = [name for name in FORMS if getattr(self, name, None) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"a claim has exactly one form of {', '.join(FORMS)}; found {said}")
        return self


class Claim(Test):
    """A sentence somebody stated, and how it is tested. `all_of` joins several tests by AND."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    text: str
    source: str | None = None
    required: bool = False
    note: str | None = None
    formula: str | None = None
    not_testable: str | None = None
    all_of: tuple[Test, ...] | None = Field(default=None, min_length=1)

    @property
    def tests(self) -> tuple[Test, ...]:
        """The measured tests behind the claim; empty for `formula` and `not_testable`."""
        return self.all_of or (() if self.formula or self.not_testable else (self,))


class Measure(Strict):
    """How long, how finely, how surely."""

    metrics: tuple[str, ...] = Field(default=("wall",), min_length=1)
    budget: Seconds = Field(default=30.0, gt=0, le=86_400)
    margin: Fraction | dict[str, Fraction] = 0.02
    alpha: Annotated[Fraction, Field(gt=0, le=0.2)] = 0.01
    block: Annotated[Seconds, Field(ge=20e-6, le=10)] = 0.0003
    timeout: Annotated[Seconds, Field(gt=0)] | None = None
    warmup: Annotated[Seconds, Field(ge=0)] = 0.003
    gc: bool = True
    control: bool = True
    check: Literal["auto", "equal", "none"] = "auto"
    isolate: Literal["auto", "process"] = "auto"
    seed: int | None = None
    max_units: int | None = Field(default=None, ge=1)

    @property
    def patience(self) -> float:
        """Seconds that a variant may take to answer: `timeout`, else twice the budget, between 20 s and 60 s."""
        return self.timeout if self.timeout is not None else min(60.0, max(20.0, 2 * self.budget))

    def margin_of(self, metric: str) -> float:
        """The equivalence margin of one metric as a fraction (0.02 = 2 %)."""
        return self.margin.get(metric, 0.02) if isinstance(self.margin, dict) else self.margin

    @model_validator(mode="after")
    def _sane_margins(self) -> Measure:
        margins = self.margin.values() if isinstance(self.margin, dict) else [self.margin]
        if any(not 0 <= margin < 1 for margin in margins):
            raise ValueError("a margin lies between 0 % and 100 %")
        if len(set(self.metrics)) != len(self.metrics):
            raise ValueError("a metric is listed twice")
        return self


class VariantSpec(Strict):
    """One side of the comparison: the kind's parameters that differ, and the process it needs."""

    params: dict[str, Any] = {}
    env: dict[str, str] = {}
    python: str | None = None
    revision: str | None = None


class Scenario(Strict):
    """A whole scenario file. The loader fills in the last three: the file, where each key stands ("file:line"),
    and the matrix keys that `--set` replaced (claims about other values are then left out)."""

    scenario: Annotated[Name, Field(examples=["my-first"])]
    about: str = ""
    kind: Annotated[str, Field(examples=["python"])]
    params: dict[str, Any] = {}
    matrix: dict[str, tuple[Any, ...]] = {}
    variants: dict[Name, VariantSpec] = Field(default={}, max_length=16)
    measure: Measure = Measure()
    claims: tuple[Claim, ...] = ()
    gate: tuple[str, ...] = ()
    file: Path | None = Field(default=None, exclude=True)
    places: dict[tuple[str | int, ...], str] = Field(default={}, exclude=True, repr=False)
    narrowed: frozenset[str] = Field(default=frozenset(), exclude=True, repr=False)
