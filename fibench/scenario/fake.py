"""A kind for tests: no packages, no operation, every sort of parameter that real kinds have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from fibench.errors import UsageError
from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.model.scenario import Bytes, Seconds, Strict
from fibench.ports import Workload
from fibench.registry import did_you_mean


class FakeParams(Strict):
    """Like those of `event-loop`, and a few more."""

    workload: Literal["gather-sleep", "echo"] = "gather-sleep"
    loop: Literal["asyncio", "uvloop"] = "asyncio"
    tasks: int = Field(default=1, ge=1)
    sleep: Seconds = Field(default=0.0, ge=0, le=60)
    size: Bytes = 0.0
    options: dict[str, Any] = {}
    target: Annotated[str, Field(pattern=r"^\w+:\w+$", examples=["module:function"])] | None = None


class FakeKind:
    """Takes the free matrix key `depth` into its options and refuses every other."""

    name = "fake"
    about = "for tests"
    Params: type[BaseModel] = FakeParams
    metrics: Mapping[str, Metric] = {
        "wall": Metric("wall"),
        "cpu": Metric("cpu"),
        "memory": Metric("memory", unit="B", counted=True),
        "throughput": Metric("throughput", unit="1/s", direction="higher"),
        "items": Metric("items", unit="1", counted=True),
    }
    operation = "fibench.scenario.fake:nothing"
    packages: tuple[str, ...] = ()
    per_round = False
    service = False
    shown: tuple[str, ...] = ()

    def settle(self, params: Mapping[str, Any], free: Mapping[str, Any]) -> dict[str, Any]:
        """`depth` is the only free key that means anything here."""
        if strange := [key for key in free if key != "depth"]:
            advice = did_you_mean(strange[0], FakeParams.model_fields)
            raise ValueError(f"kind 'fake' has no use for '{strange[0]}': {advice}")
        return {**params, "options": {**params.get("options", {}), **free}} if free else dict(params)

    def unavailable(self, params: Mapping[str, Any]) -> str:
        """Always available."""
        return ""

    def standard(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Wall time."""
        return ("wall",)

    def label(self, params: Mapping[str, Any]) -> str:
        """Nothing to warn of."""
        return ""

    def addresses(self, params: Mapping[str, Any]) -> Iterable[str]:
        """Nobody is loaded."""
        return ()

    def instructions(self, params: Mapping[str, Any]) -> Iterable[str]:
        """Nothing has to be started elsewhere."""
        return ()

    def same_inputs(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Never promised."""
        return False

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """Nothing to say."""
        return ()


KIND = FakeKind()


def lookup(name: str) -> Workload:
    """A KindLookup that knows `fake` only."""
    if name != KIND.name:
        raise UsageError(f"unknown kind '{name}'", hint=did_you_mean(name, [KIND.name]))
    return KIND
