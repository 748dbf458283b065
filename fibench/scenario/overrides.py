"""`--set key=value`: changes to the raw YAML before it is checked, so that they are judged like written ones.

tasks=1000               a matrix key (narrowed to that value) or a parameter of the kind
measure.budget=5 s       any key of the file, by its path
variants.v2.loop=uvloop  one variant's parameter
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fibench.errors import ScenarioError, UsageError
from fibench.model.scenario import Measure
from fibench.registry import did_you_mean
from fibench.scenario import fields, yaml_lines
from fibench.scenario.grammar import PROCESS_KEYS, SCENARIO_KEYS
from fibench.scenario.kinds import KindLookup
from fibench.scenario.places import Key, plain, shown
from fibench.scenario.yaml_lines import Tree

_LISTS: tuple[Key, ...] = (("gate",), ("measure", "metrics"))


def apply_overrides(tree: Tree, words: Sequence[str], kinds: KindLookup) -> None:
    """Change `tree` in place, one word after another; a path that leads nowhere is a ScenarioError."""
    for word in words:
        key, equals, text = word.partition("=")
        place = f"--set {plain(word)}"
        if not equals or not key.strip() or not text.strip():
            raise ScenarioError("expected key=value, such as measure.budget=5s", where=place)
        value = _value(text.strip(), place)
        try:
            path = _path(tree, key.strip().split("."), kinds)
            _put(tree, path, value, place)
        except _NoSuchPathError as problem:
            raise ScenarioError(str(problem), where=place) from None


class _NoSuchPathError(Exception):
    """The dotted path leads nowhere; the text says what would."""


def _value(text: str, place: str) -> Tree:
    """A YAML value; plain text needs no quotes even with ': ' or '#' in it."""
    return yaml_lines.parse(text, place) if text[0] in "[{\"'" else yaml_lines.scalar(text, place)


def _path(tree: Tree, parts: list[str], kinds: KindLookup) -> Key:
    """Where the value goes: bare words may be matrix keys or parameters of the kind."""
    head = parts[0]
    if head == "params" and len(parts) > 1:
        return _parameter(tree, parts[1:], None)
    if head == "measure":
        return _measure(parts)
    if head == "variants":
        return _variant(tree, parts)
    if head in SCENARIO_KEYS:
        return (head, *(int(part) if part.isdecimal() and len(part) < 9 else part for part in parts[1:]))
    return _parameter(tree, parts, _parameters(tree, kinds))


def _parameters(tree: Tree, kinds: KindLookup) -> list[str]:
    kind = tree.data.get("kind")
    try:
        return fields.names(kinds(kind).Params) if isinstance(kind, str) else []
    except UsageError:
        return []  # the loader reports the kind


def _parameter(tree: Tree, parts: list[str], known: list[str] | None) -> Key:
    head, data = parts[0], tree.data
    matrix, variants = data.get("matrix"), data.get("variants")
    if isinstance(matrix, dict) and head in matrix:
        return ("matrix", *parts)
    if known is not None and head not in known and head not in data:
        options = [*known, *(matrix if isinstance(matrix, dict) else ()), *SCENARIO_KEYS]
        near = f"measure.{head}" if head in Measure.model_fields else None
        advice = f"did you mean '{near}'?" if near else did_you_mean(head, set(options))
        raise _NoSuchPathError(f"unknown key '{plain(head)}': {advice}")
    own = [name for name, variant in variants.items() if _gives(variant, head)] if isinstance(variants, dict) else []
    if own:
        example = f"variants.{own[0]}.{'.'.join(parts)}"
        raise _NoSuchPathError(f"'{plain(head)}' is set by {', '.join(map(plain, own))}: use --set {plain(example)}=…")
    return tuple(parts) if head in data and head not in SCENARIO_KEYS else ("params", *parts)


def _gives(variant: Any, key: str) -> bool:
    nested = variant.get("params") if isinstance(variant, dict) else None
    return isinstance(variant, dict) and (key in variant or (isinstance(nested, dict) and key in nested))


def _measure(parts: list[str]) -> Key:
    if len(parts) < 2:
        return ("measure",)
    if parts[1] not in Measure.model_fields:
        raise _NoSuchPathError(f"unknown key '{plain(parts[1])}' in measure: {did_you_mean(parts[1], Measure.model_fields)}")
    return tuple(parts)


def _variant(tree: Tree, parts: list[str]) -> Key:
    variants = tree.data.get("variants")
    names = list(variants) if isinstance(variants, dict) else []
    if len(parts) < 3:
        raise _NoSuchPathError("expected variants.NAME.KEY=value")
    if parts[1] not in names:
        raise _NoSuchPathError(f"there is no variant '{plain(parts[1])}': {did_you_mean(parts[1], names)}")
    nested = variants[parts[1]].get("params") if isinstance(variants[parts[1]], dict) else None
    if isinstance(nested, dict) and parts[2] in nested and parts[2] not in PROCESS_KEYS:
        return ("variants", parts[1], "params", *parts[2:])
    return tuple(parts)


def _put(tree: Tree, path: Key, value: Tree, place: str) -> None:
    """Write the value; mappings on the way are made, everything else must be there."""
    holder: Any = tree.data
    for index, part in enumerate(path[:-1]):
        holder = _inside(holder, part, path[: index + 1])
    if isinstance(holder, list):
        _check_index(holder, path[-1], path)
    elif isinstance(holder, dict):
        path = (*path[:-1], str(path[-1]))
    else:
        raise _NoSuchPathError(f"{_dotted(path[:-1])} is {shown(holder)}, not a mapping")
    wrap = not isinstance(value.data, list) and (path in _LISTS or (path[0] == "matrix" and len(path) == 2))
    _narrow(tree, path, value.data)
    holder[path[-1]] = [value.data] if wrap else value.data
    _forget(tree, path)
    tree.places[path] = place
    start = (*path, 0) if wrap else path
    tree.written.update({(*start, *inner): text for inner, text in value.written.items()})


def _narrow(tree: Tree, path: Key, value: Any) -> None:
    """Remember the matrix keys that no longer have the values their claims speak of."""
    if path[0] == "matrix" and len(path) > 1:
        tree.narrowed.add(str(path[1]))
    elif path[0] == "matrix":
        old = tree.data.get("matrix")
        tree.narrowed.update(*(map(str, keys) for keys in (old, value) if isinstance(keys, dict)))


def _inside(holder: Any, part: str | int, path: Key) -> Any:
    if isinstance(holder, list):
        _check_index(holder, part, path)
        return holder[int(part)]
    if not isinstance(holder, dict):
        raise _NoSuchPathError(f"{_dotted(path[:-1])} is {shown(holder)}, not a mapping")
    if holder.get(str(part)) is None:
        holder[str(part)] = {}
    return holder[str(part)]


def _check_index(holder: list[Any], part: str | int, path: Key) -> None:
    if not isinstance(part, int) or part >= len(holder):
        raise _NoSuchPathError(f"{_dotted(path[:-1])} is a list of {len(holder)}: there is no {shown(part)}")


def _forget(tree: Tree, path: Key) -> None:
    """What stood there before has neither a line nor a spelling any more."""
    for table in (tree.places, tree.written):
        for old in [old for old in table if old[: len(path)] == path]:
            del table[old]


def _dotted(path: Key) -> str:
    return plain(".".join(map(str, path)))
