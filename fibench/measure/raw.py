"""The raw requests of a window: from the files of the child that sent them into the generation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from fibench.model.requests import Requests
from fibench.traffic.packing import pack

FILES = "raw"
"""The key of a remark that lists the block's record files."""


def taken_from(remarks: Sequence[dict[str, Any]]) -> tuple[tuple[dict[str, Any], ...], Requests | None]:
    """The remarks without their files, and what stood in the files, which are removed."""
    packed = {position: pack(_taken(remark[FILES])) for position, remark in enumerate(remarks) if FILES in remark}
    kept = tuple({key: value for key, value in remark.items() if key != FILES} for remark in remarks)
    return kept, Requests.of(packed) if packed else None


def _taken(files: Sequence[str]) -> bytes:
    parts = []
    for name in files:
        with open(name, "rb") as records:
            parts.append(records.read())
        os.unlink(name)
    return b"".join(parts)
