"""What a worker is told of a variant: absolute folders, plain data, and whether it needs a start of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fibench.measure.plan import needs_own_start
from fibench.model.case import FILE_PARAMS, Case, Variant


@dataclass(frozen=True, slots=True)
class Tree:
    """A git work tree checked out for a revision, standing in for the repository at `root`."""

    root: Path
    checkout: Path

    def rebase(self, folder: Path) -> Path:
        """The same folder inside the checkout; folders outside the repository stay where they are."""
        return self.checkout / folder.relative_to(self.root) if folder.is_relative_to(self.root) else folder


SEARCHING = 0.75
"""Share of the budget that the searches of a case may fill with load; the rest is for starts and for cooling down."""


def tasks_of(case: Case, variants: Sequence[Variant], trees: Mapping[str, Tree]) -> list[dict[str, Any]]:
    """The variants for the worker; if one needs a start of its own, all get one: a fork and a start differ by 3 %."""
    spawn = any(needs_own_start(variant) for variant in variants)
    return [{**task_of(case, variant, trees), "spawn": spawn} for variant in variants]


def task_of(case: Case, variant: Variant, trees: Mapping[str, Tree]) -> dict[str, Any]:
    """The JSON form of a variant for the worker; `path` and `cwd` become absolute, inside the revision's tree."""
    tree = trees.get(variant.revision) if variant.revision else None
    folder = Path(case.folder)

    def place(relative: str) -> str:
        found = (folder / Path(relative).expanduser()).resolve()
        return str(tree.rebase(found) if tree else found)

    params = dict(variant.params)
    if "env" in params:  # the kind starts a process of its own, whose environment this is
        params["env"] = {**params["env"], **variant.env}
    if "cwd" in params:
        params["cwd"] = place(params["cwd"] or ".")
    if params.get("goal") and params["goal"]["within"] is None:
        params["goal"] = {**params["goal"], "within": SEARCHING * case.measure.budget / len(case.variants)}
    params |= {key: place(params[key]) for key in FILE_PARAMS if params.get(key)}
    path = [place(entry) for entry in params["path"]] + [place(".")] if "path" in params else []
    if params.get("audit"):  # a function of the user's, beside the scenario
        path = [place(".")]
    return {
        "name": variant.name,
        "params": params,
        "env": variant.env,
        "path": path,
        "python": variant.python,
    }
