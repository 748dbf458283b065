"""Kind `hdf5`: write, read and size with seven filters, three layouts, per item and in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.model.scenario import Bytes, Strict
from fibench.workloads.closed import ClosedKind, facts, missing

Filter = Literal["none", "gzip-1", "gzip-4", "gzip-9", "lzf", "lz4", "zstd-3"]


class Params(Strict):
    """`size` is bytes per event (literal: the run of x; realistic: about the whole event). `timed: access` leaves creation
    and close of the file out. `file` takes the events from `dataset` of a given file instead."""

    filter: Filter = "gzip-4"
    layout: Literal["vlen", "fixed", "concatenated"] = "vlen"
    op: Literal["write", "read"] = "write"
    access: Literal["item", "bulk", "memoryview"] = "item"
    timed: Literal["all", "access"] = "all"
    content: Literal["literal", "realistic"] = "literal"
    events: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    size: Annotated[Bytes, Field(ge=1, le=64e6)] = 1000.0
    file: str = ""
    dataset: str = "events"

    @model_validator(mode="after")
    def _memoryview_writes_vlen(self) -> Params:
        if self.access == "memoryview" and (self.layout, self.op) != ("vlen", "write"):
            raise ValueError("access: memoryview is a way to write layout: vlen; found "
                             f"op: {self.op}, layout: {self.layout}")  # fmt: skip
        return self


class Hdf5Kind(ClosedKind):
    """The parent half; what is inside the timing is said in `fibench.operations.hdf5`."""

    name = "hdf5"
    about = "events into HDF5 and back: none, gzip 1/4/9, lzf, lz4, zstd; variable-length, fixed and concatenated layouts"
    Params = Params
    metrics: Mapping[str, Metric] = {
        "wall": Metric("wall", about="wall time of writing or reading all events"),
        "cpu": Metric("cpu", about="CPU time of writing or reading all events"),
        "size": Metric("size", "B", counted=True, about="bytes of the file after its close"),
        "storage": Metric("storage", "B", counted=True, about="bytes that the datasets take, heap and metadata not counted"),
        "payload": Metric("payload", "B", counted=True, about="bytes of text that were stored"),
        "supported": Metric("supported", "1", "higher", counted=True, about="1: h5py takes what it is given; 0: it refuses"),
    }
    operation = "fibench.operations.hdf5:open"
    packages: tuple[str, ...] = ("h5py", "hdf5plugin", "numpy")
    ways = frozenset({"filter", "layout", "access", "timed"})

    def unavailable(self, params: Mapping[str, Any]) -> str:
        """lz4 and zstd come with an optional extra."""
        if reason := missing("h5py"):
            return reason
        return missing("hdf5plugin", "pip install 'fibench[hdf5]'") if params.get("filter") in ("lz4", "zstd-3") else ""

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """Whether the mechanism under test was active at all, and what the numbers are numbers of."""
        found = list(facts(record))
        if found:
            yield Note("page-cache", "files are written and read in the page cache, never synced: no disk is in these numbers")
        yield from _idle_filters(found)
        if any(params.get("access") == "item" for _, params, _ in found):
            yield Note(
                "per-item-access",
                "every event is one h5py call (some 20 to 40 µs): at 1 kB an event, that call outweighs every filter",
                "access: bulk measures the filter",
            )
        for name, _, fact in found:
            probe = fact.get("probe", {})
            if not probe.get("supported", True):
                yield Note(
                    "memoryview-refused",
                    f"{name}: h5py refuses a memoryview ({probe.get('reason')}); what was timed is the copy back to bytes "
                    "that a caller then has to make",
                    "hand over str or bytes",
                    record.case.title,
                )


def _idle_filters(found: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]) -> Iterator[Note]:
    idle = [(name, fact) for name, _, fact in found if fact.get("filters") and not fact.get("filter_active", True)]
    if idle:
        fact = idle[0][1]
        sees, payload = fact["filter_sees"], fact["payload"]
        yield Note(
            "filter-idle",
            f"{', '.join(name for name, _ in idle)}: the filter compresses only the 16-byte descriptors of variable-length "
            f"strings; it sees {sees:,} bytes while {payload:,} bytes of text ({sees / payload:.1%}) lie in the heap, "
            "uncompressed",
            "layout: fixed or concatenated lets a filter see the text",
        )


KIND = Hdf5Kind()
