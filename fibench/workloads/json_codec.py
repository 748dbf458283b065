"""Kind `json`: loads and dumps of several payloads by json, orjson, msgspec and ujson."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.model.scenario import Bytes, Strict
from fibench.workloads.closed import ClosedKind, facts, missing


class Params(Strict):
    """`input` matters to loads, `output` to dumps; `size` (bytes of compact UTF-8) to every payload but `literal`."""

    library: Literal["json", "orjson", "msgspec", "ujson"] = "json"
    op: Literal["loads", "dumps"] = "loads"
    input: Literal["str", "bytes", "decoded"] = "bytes"
    output: Literal["bytes", "str"] = "bytes"
    payload: Literal["literal", "chat", "events", "numbers", "unicode", "nested"] = "literal"
    size: Annotated[Bytes, Field(gt=0, le=256e6)] = 100_000.0


class JsonKind(ClosedKind):
    """The parent half; what is inside the timing is said in `fibench.operations.json_codec`."""

    name = "json"
    about = "JSON in and out: json, orjson, msgspec and ujson on literal and realistic payloads"
    Params = Params
    metrics: Mapping[str, Metric] = {
        "wall": Metric("wall", about="wall time of one loads or dumps"),
        "cpu": Metric("cpu", about="CPU time of one loads or dumps"),
    }
    operation = "fibench.operations.json_codec:open"
    packages: tuple[str, ...] = ("orjson", "msgspec", "ujson")
    ways = frozenset({"library", "input", "output"})

    def unavailable(self, params: Mapping[str, Any]) -> str:
        """The library may not be installed; `json` always is."""
        return missing(params.get("library", "json"))

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """Degenerate payloads and cached conversions flatter one side: say so."""
        found = list(facts(record))
        if any(params.get("payload") == "literal" for _, params, _ in found):
            yield Note(
                "degenerate-payload",
                "the payload is one ASCII object repeated 100 times: parsing it is mostly a scan of memory",
                "compare with payload: chat, events, numbers, unicode or nested",
            )
        cached = [name for name, params, fact in found if not fact.get("ascii", True) and params.get("input") == "str"]
        if cached and any(params.get("op") == "loads" for _, params, _ in found):
            yield Note(
                "cached-utf8",
                f"{', '.join(cached)}: the same non-ASCII str is parsed each time, and CPython keeps its UTF-8 form after the "
                "first; a str that has just arrived costs one more encoding",
                "input: decoded makes a new str in every call; input: bytes is what a request body is",
            )


KIND = JsonKind()
