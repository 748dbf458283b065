"""Documents that `fibench run --json` printed: medians without raw values, so they only suggest."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from fibench.errors import UsageError
from fibench.judge.unpaired import Side, compare_sides
from fibench.model.case import Case, Variant
from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult, Comparison, RunResult, Summary
from fibench.model.scenario import Measure

NOTE = Note("medians-only", "a JSON document holds no raw values: evidence is E0", "compare the runs in their store instead")
HIGHER = {"throughput", "goodput", "output_tokens_per_s"}
"""Metrics of a document (it does not say) for which more is better."""


def read_document(one: str, other: str) -> RunResult:
    """Compare two documents case by case and variant by variant."""
    before, after = _read(one), _read(other)
    names = (Path(one).stem, Path(other).stem) if Path(one).stem != Path(other).stem else (one, other)
    cases = []
    for case in after["cases"]:
        match = [old for old in before["cases"] if (old["scenario"], old["point"]) == (case["scenario"], case["point"])]
        if match:
            cases.append(_case(match[0], case, names))
    if not cases:
        raise UsageError("the two documents have no case in common", where=other)
    return RunResult(f"{before['run']}…{after['run']}", None, "complete", tuple(cases), (), (NOTE,))


def _read(word: str) -> dict[str, Any]:
    if not word.endswith(".json"):
        raise UsageError("a document can only be compared with a document", where=word, hint="fibench run … --json > x.json")
    try:
        found = json.loads(Path(word).read_text(encoding="utf-8"))
        for case in found["cases"]:
            assert isinstance(case["scenario"], str) and isinstance(case["point"], dict) and case["variants"] is not None
        assert found["run"]
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=word) from error
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise UsageError("is not a document of fibench run --json", where=word) from error
    return dict(found)


def _case(old: dict[str, Any], new: dict[str, Any], names: tuple[str, str]) -> CaseResult:
    rows: list[Comparison] = []
    shown: dict[str, dict[str, Summary]] = {}
    metrics: dict[str, Metric] = {}
    for variant, found in new["variants"].items():
        for name, values in found["metrics"].items():
            earlier = old["variants"].get(variant, {}).get("metrics", {}).get(name)
            if not earlier or not earlier.get("median") or not values.get("median"):
                continue
            metric = metrics.setdefault(name, Metric(name, values["unit"], "higher" if name in HIGHER else "lower"))
            sides = [
                Side(f"{names[0]}/{variant}", math.log(earlier["median"]), 0.0, earlier["n"]),
                Side(f"{names[1]}/{variant}", math.log(values["median"]), 0.0, values["n"]),
            ]
            rows.append(compare_sides(sides[0], sides[1], metric, 0.02, 0.01, ()))
            for side, summary in zip(sides, (earlier, values), strict=True):
                shown.setdefault(side.name, {})[name] = Summary(**summary)
    variants = tuple(Variant(name=name, params={}) for name in new["variants"])
    case = Case(
        scenario=new["scenario"], kind="document", point=new["point"], variants=variants,
        metrics=tuple(metrics.values()), measure=Measure(), key="",
    )  # fmt: skip
    return CaseResult(case, "valid", None, shown, tuple(rows))
