"""The parent half that `http` and `workers` share; what they ask of it in words stands in `traffic`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.workloads import traffic, traffic_notes
from fibench.workloads.closed import ClosedKind


class TrafficKind(ClosedKind):
    """Windows of load: rounds of them count, and the same servers answer many."""

    per_round = True
    service = True
    shown: tuple[str, ...] = traffic.SHOWN

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

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """How the load went."""
        return traffic_notes.of(record, result)
