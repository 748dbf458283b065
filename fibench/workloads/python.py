"""Kind `python`: any callable `package.module:function`, sync or async."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from fibench.model.metric import Metric
from fibench.model.scenario import Strict
from fibench.workloads.kind import Kind

Address = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$", examples=["package.module:function"])]


class Params(Strict):
    """`setup` runs untimed, once per generation; when given, `target` is called with what it returns, then `args`."""

    target: Address
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    setup: Address | None = None
    path: tuple[str, ...] = ()


class PythonKind(Kind):
    """The parent half: parameters and metrics; matrix keys that are no parameters become keyword arguments."""

    name = "python"
    about = "any Python callable, sync or async: wall and CPU time per call"
    Params = Params
    metrics: Mapping[str, Metric] = {
        "wall": Metric("wall", about="wall time of one call"),
        "cpu": Metric("cpu", about="CPU time of the process during one call"),
    }
    operation = "fibench.operations.python:open"

    def settle(self, params: Mapping[str, Any], free: Mapping[str, Any]) -> dict[str, Any]:
        """Free matrix keys are keyword arguments of the setup where there is one, else of the target."""
        return {**params, "kwargs": {**params.get("kwargs", {}), **free}} if free else dict(params)

    def same_inputs(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Calls with equal arguments are expected to give equal answers."""
        return all(one.get(key) == other.get(key) for key in ("args", "kwargs"))


KIND = PythonKind()
