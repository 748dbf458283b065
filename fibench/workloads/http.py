"""Kind `http`: load on any address, open or closed loop, natively or through Locust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.workloads import traffic, traffic_notes
from fibench.workloads.closed import ClosedKind


class Params(traffic.Traffic):
    """`url` is http://, https:// or http+unix://%2Fpath%2Fto.sock/; everything else says what is sent there, and when."""

    url: Annotated[str, Field(pattern=r"^(https?|http\+unix)://\S+$", examples=["http://127.0.0.1:8000/"])]


class HttpKind(ClosedKind):
    """The parent half; the child's is `fibench.operations.service`."""

    name = "http"
    about = "load on any address: response times, throughput, errors; open or closed loop"
    Params = Params
    metrics = traffic.METRICS
    operation = "fibench.operations.service:open_http"
    packages = ("httptools",)
    per_round = True
    service = True
    shown = traffic.SHOWN

    def settle(self, params: Mapping[str, Any], free: Mapping[str, Any]) -> dict[str, Any]:
        """See `traffic.settled`."""
        return traffic.settled(super().settle(params, free))

    def standard(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """See `traffic.standard`."""
        return traffic.standard(params)

    def same_inputs(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """See `traffic.same_request`."""
        return traffic.same_request(one, other)

    def instructions(self, params: Mapping[str, Any]) -> Iterable[str]:
        """See `traffic.instructions`."""
        return traffic.instructions(params)

    def label(self, params: Mapping[str, Any]) -> str:
        """See `traffic.label`."""
        return traffic.label(params)

    def addresses(self, params: Mapping[str, Any]) -> Iterable[str]:
        """The address that the scenario names."""
        return (str(params["url"]),)

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """How the load went."""
        return traffic_notes.of(record, result)


KIND = HttpKind()
