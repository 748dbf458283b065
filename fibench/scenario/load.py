"""A scenario file → a Scenario, or a ScenarioError that names the line and the cure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from fibench.errors import ScenarioError, UsageError
from fibench.model.scenario import Scenario
from fibench.ports import Workload
from fibench.scenario import fields, grammar, words, yaml_lines
from fibench.scenario.kinds import KindLookup
from fibench.scenario.overrides import apply_overrides
from fibench.scenario.places import Problem, error, shown

LARGEST_FILE = 256 * 1024


def load(path: Path, kinds: KindLookup, overrides: Sequence[str] = ()) -> Scenario:
    """Read, override (`--set`), check."""
    return load_text(read(path), path, kinds, overrides)


def load_text(text: str, file: Path | str, kinds: KindLookup, overrides: Sequence[str] = ()) -> Scenario:
    """The same for text that is already here; `file` is what errors call it, its folder is the scenario's."""
    tree = yaml_lines.parse(text, str(file))
    if not isinstance(tree.data, dict):
        message = f"expected a mapping that starts with 'scenario: name', found {shown(tree.data)}"
        raise ScenarioError(message, where=tree.places[()])
    apply_overrides(tree, overrides, kinds)
    grammar.restore_text(tree)
    workload, problems = _kind(tree, kinds)
    raw, more = grammar.normalise(tree, fields.names(workload.Params) if workload else None)
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as failure:
        more += words.translate(failure, raw, Scenario, tree.written)
    if problems or more:
        raise error([*problems, *more], tree.places, tree.file) from None
    seen = {"file": Path(file), "places": dict(tree.places), "narrowed": frozenset(tree.narrowed)}
    return scenario.model_copy(update=seen)


def read(path: Path) -> str:
    """The file's text, or what kept it from being read."""
    where = str(path)
    if path.is_dir():
        raise ScenarioError("this is a folder, expected a scenario file (.yaml)", where=where)
    if not path.exists():
        raise ScenarioError("there is no such file", where=where, hint="fibench list shows the scenarios that exist")
    if not path.is_file():
        raise ScenarioError("this is not an ordinary file", where=where)
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise ScenarioError(f"expected a .yaml file, found {shown(path.suffix)}", where=where)
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise ScenarioError(f"cannot be read: {problem.strerror}", where=where) from None
    if len(data) > LARGEST_FILE:
        raise ScenarioError(f"larger than {LARGEST_FILE // 1024} KiB: not a scenario", where=where)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise ScenarioError("the file is not UTF-8 text", where=f"{path}:{line}") from None


def _kind(tree: yaml_lines.Tree, kinds: KindLookup) -> tuple[Workload | None, list[Problem]]:
    """The workload, so that its parameters are known; a missing or mistyped `kind` is left to the model."""
    name = tree.data.get("kind")
    if not isinstance(name, str):
        return None, []
    try:
        return kinds(name), []
    except UsageError as unknown:
        advice = f": {unknown.hint}" if unknown.hint else ""
        return None, [Problem(("kind",), unknown.message + advice)]
