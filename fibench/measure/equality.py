"""Do V1 and V2 give the same answer? Pure: decided from the outcomes that the workers described."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RELATIVE = 1e-9
"""Floats may differ in the last digits: another order of summation is not another answer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`equal` is None when there is nothing to compare; `why` says so in words."""

    equal: bool | None
    why: str = ""


def compare(baseline: Mapping[str, Any], candidate: Mapping[str, Any]) -> Verdict:
    """Compare two described outcomes (see `fibench.measure.outcome`)."""
    for side in (baseline, candidate):
        if side["same"] is None:
            return Verdict(None, side.get("why", ""))
    if baseline["same"] == candidate["same"]:
        return Verdict(True)
    if baseline["tree"] is not None and candidate["tree"] is not None and close(baseline["tree"], candidate["tree"]):
        return Verdict(True)
    return Verdict(False, f"{baseline['shown']} against {candidate['shown']}")


def close(left: Any, right: Any) -> bool:
    """Equal plain data, floats within a relative 1e-9."""
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return math.isclose(left, right, rel_tol=RELATIVE, abs_tol=1e-300)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(close, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(close(left[key], right[key]) for key in left)
    return bool(left == right)
