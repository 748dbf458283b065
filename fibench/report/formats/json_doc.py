"""The documented JSON shape, and nothing else; what is not a number becomes null, so that every reader can parse it."""

from __future__ import annotations

import json
import math
from typing import Any

from fibench.model.document import Report


class JsonDoc:
    """`fibench run --json`."""

    suffix = ".json"

    def render(self, report: Report) -> str:
        return json.dumps(_finite(report.result.to_json()), indent=1, default=str, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
