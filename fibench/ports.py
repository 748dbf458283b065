"""Every plug-in protocol on one page.

A *workload* is the parent's half of a kind (what it measures, which parameters it takes); its *operation* is the
child's half, imported by name in the worker process, where only the standard library and the system under test live.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord, Generation, Run
from fibench.step import Step

if TYPE_CHECKING:
    from pydantic import BaseModel

    from fibench.model.document import Report


@runtime_checkable
class Workload(Protocol):
    """The parent's half of a kind (entry-point group `fibench.workloads`)."""

    name: str
    about: str
    Params: type[BaseModel]
    """The kind's parameters; `extra="forbid"`, quantities as base units."""
    metrics: Mapping[str, Metric]
    """Every metric that a block of this kind yields."""
    operation: str
    """ "module:attribute" of the child's half, an `Opener`."""
    packages: tuple[str, ...]
    """Distributions whose versions decide whether two runs are comparable."""
    per_round: bool
    """True when the round is the inference unit (each block is a process or a window of its own)."""
    service: bool
    """True when the steps hold servers: one set of processes runs many rounds, and each round is stored by itself."""
    shown: tuple[str, ...]
    """Metrics that are summarised as well, compared or not."""

    def standard(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """The metrics that are compared unless the scenario names others."""
        ...

    def settle(self, params: Mapping[str, Any], free: Mapping[str, Any]) -> dict[str, Any]:
        """Merge matrix keys that are no parameters of the kind; raise ValueError if it has no use for them."""
        ...

    def unavailable(self, params: Mapping[str, Any]) -> str:
        """Why this variant cannot be measured here ("needs hdf5plugin …"), or ""."""
        ...

    def label(self, params: Mapping[str, Any]) -> str:
        """What every number of this variant must carry ("closed loop"), or ""."""
        ...

    def addresses(self, params: Mapping[str, Any]) -> Iterable[str]:
        """The URLs to which this variant sends load that fibench has not started itself."""
        ...

    def instructions(self, params: Mapping[str, Any]) -> Iterable[str]:
        """What the user has to start elsewhere before this variant can be measured, a line each."""
        ...

    def same_inputs(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether two variants' parameters promise equal outcomes (then unequal ones make the case INVALID)."""
        ...

    def notes(self, record: CaseRecord, result: CaseResult) -> Iterable[Note]:
        """What the reader must know of these results; may be empty."""
        ...


class Opener(Protocol):
    """The child's half of a kind: parameters in, a Step out; runs in the worker process only."""

    def __call__(self, params: dict[str, Any]) -> Step: ...


class StoppingRule(Protocol):
    """Pure: has the case been decided by what was measured so far?"""

    def decided(self, record: CaseRecord) -> bool: ...


class Store(Protocol):
    """Where runs live. One SQL implementation; the URL chooses the engine."""

    def begin(self, run: Run) -> None: ...
    def add_case(self, run_id: str, index: int, record: CaseRecord) -> None: ...
    def add_generation(self, run_id: str, case_index: int, generation: Generation) -> None: ...
    def close_case(self, run_id: str, case_index: int, record: CaseRecord) -> None: ...
    def finish(self, run_id: str, state: str, seconds: float, notes: Iterable[Note]) -> None: ...
    def load(self, run_id: str) -> Run: ...
    def find(self, word: str) -> str: ...
    def recent(self, limit: int) -> list[Run]: ...


class Exporter(Protocol):
    """One output format (entry-point group `fibench.exporters`): it knows syntax, no wording and no rounding.

    Formats for people read `report.document`; formats for machines read `report.result`.
    """

    suffix: str

    def render(self, report: Report) -> str: ...
