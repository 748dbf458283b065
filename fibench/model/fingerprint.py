"""Where a run happened: enough to say whether two runs may be compared at all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Facts about the machine, the interpreter and the packages of a run; `noise` is how busy it was."""

    host: str = ""
    cpu: str = ""
    cores: int = 0
    quota: float | None = None
    memory: int = 0
    virtual: str = ""
    kernel: str = ""
    governor: str = ""
    python: str = ""
    build: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    git: str = ""
    noise: dict[str, float] = field(default_factory=dict)
    fibench: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data for the store."""
        return asdict(self)
