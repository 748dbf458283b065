"""Kind `workers`: a server that fibench starts itself, with 1, 2, 4, 8 … workers, all configurations up at once."""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.model.scenario import Seconds
from fibench.traffic.tree import cores
from fibench.workloads import traffic
from fibench.workloads.closed import missing
from fibench.workloads.traffic_kind import TrafficKind

CONSULTATIONS = "fibench.systems.consultations.app:app"
PACKAGES = {"gunicorn": ("gunicorn", "uvicorn_worker"), "uvicorn": ("uvicorn",)}


class Params(traffic.Traffic):
    """The server: `app` under `server`, or any `command` (with {port}, {workers}, {folder}); `path` is what is asked for."""

    server: Literal["gunicorn", "uvicorn", "command"] = "gunicorn"
    app: str = CONSULTATIONS
    command: str | Annotated[tuple[str | int | float, ...], Field(min_length=1)] | None = None
    workers: Annotated[int, Field(ge=1, le=256)] | Literal["cores", "2 * cores + 1"] = 1
    """A number, or a formula for the cores that this process may use."""
    loop: Literal["auto", "asyncio", "uvloop"] = "auto"
    path: Annotated[str, Field(pattern=r"^/\S*$")] = "/"
    cwd: str = "."
    env: dict[str, str] = {}
    ready: Annotated[str, Field(pattern=r"^(/\S*|tcp)$")] = "/"
    """A path that answers once the server is ready, or "tcp": that it accepts connections."""
    ready_timeout: Annotated[Seconds, Field(gt=0, le=600)] = 30.0
    audit: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    """ "module:function": called with the server's folder, it counts the rows; every right answer must have left `rows`."""
    rows: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _command(self) -> Params:
        if (self.command is not None) != (self.server == "command"):
            raise ValueError("server: command and command: go together")
        if isinstance(self.command, str):
            try:
                shlex.split(self.command)
            except ValueError as error:
                raise ValueError(f"the command cannot be split into words: {error}") from error
        return self


class WorkersKind(TrafficKind):
    """The parent half; the child's is `fibench.operations.service`."""

    name = "workers"
    about = "a server started with 1, 2, 4, 8 workers: response times, throughput, its CPU and memory"
    Params = Params
    metrics: Mapping[str, Metric] = {
        **traffic.METRICS,
        "server_cpu": Metric("server_cpu", "%", about="CPU time of the server's processes: share of all cores"),
        "server_cores": Metric("server_cores", "1", about="CPU time of the server's processes per second: cores in use"),
        "server_work": Metric("server_work", about="CPU time of the server's processes per right answer"),
        "server_memory": Metric("server_memory", "B", about="USS: memory that only the server's processes hold"),
        "server_pss": Metric("server_pss", "B", about="PSS: shared pages divided among those that share them"),
        "server_growth": Metric(
            "server_growth", "B", about="peak memory (VmHWM) in a window beyond what was held at its start"
        ),
        "server_switches": Metric("server_switches", "1/s", about="context switches of the server's processes"),
        "server_files": Metric("server_files", "1", about="open file descriptors of the server's processes"),
    }
    operation = "fibench.operations.service:open_workers"
    packages = ("httptools", "gunicorn", "uvicorn", "uvloop", "fastapi", "h5py")
    shown = (*traffic.SHOWN, "server_cpu", "server_memory")

    def settle(self, params: Mapping[str, Any], free: Mapping[str, Any]) -> dict[str, Any]:
        """As every closed kind; a bare `command` means `server: command`."""
        settled = super().settle(params, free)
        if settled.get("workers") in FORMULAS:
            settled["workers"] = FORMULAS[settled["workers"]](cores())
        return {"server": "command", **settled} if settled.get("command") is not None else settled

    def unavailable(self, params: Mapping[str, Any]) -> str:
        """The packages that start the server."""
        if params.get("app") == CONSULTATIONS and params.get("server") != "command" and (why := missing("fastapi", HINT)):
            return why
        wanted = PACKAGES.get(str(params.get("server")), ())
        return next((f"needs {name}: {HINT}" for name in wanted if not importlib.util.find_spec(name)), "")

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """How the load went, and for which cores the verdicts on numbers of workers hold."""
        yield from super().notes(record, result)
        several = {variant.params["workers"] for variant in record.case.variants}
        if len(several) > 1:
            found = next(iter(record.generations), None)
            count = next(iter(found.facts["variants"].values()))["cores"] if found else cores()
            text = f"{count} cores were found, and the client used them too: 2 × cores + 1 is {2 * count + 1} workers here"
            yield Note("cores", text, "a machine with more cores may have another best number of workers", record.case.title)


FORMULAS: Mapping[str, Callable[[int], int]] = {"cores": lambda count: count, "2 * cores + 1": lambda count: 2 * count + 1}
HINT = "pip install 'fibench[servers]'"
KIND = WorkersKind()
