"""YAML text → plain data, with the line of every key; what is dangerous or ambiguous is refused with its line.

Only text, numbers, booleans, null, lists and mappings come out. Keys are always text as written (a variant may be
called `on` or `3.10`); dates and `1:30` stay text; values `yes`, `no`, `on`, `off` are booleans as in YAML 1.1, since a
quoted "off" that is true would be worse. Anchors and merges are copied, never shared, and counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from fibench.errors import ScenarioError
from fibench.scenario.places import Key, plain
from fibench.scenario.yaml_words import translate

DEPTH = 30
VALUES = 20_000
LARGEST = 2**64

_TAG = "tag:yaml.org,2002:"
_TRUE = ("yes", "true", "on")
_FALSE = ("no", "false", "off")
_EXPONENT = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)[eE][-+]?\d+\Z")
_OCTAL = re.compile(r"[-+]?0[0-7_]+\Z")


@dataclass(slots=True)
class Tree:
    """Plain data, "file:line" of every path in it, and the scalars that were not text as they were written."""

    data: Any
    file: str
    places: dict[Key, str] = field(default_factory=dict)
    written: dict[Key, str] = field(default_factory=dict)
    narrowed: set[str] = field(default_factory=set)


def parse(text: str, file: str) -> Tree:
    """Read one YAML document; every problem is a ScenarioError with its line."""
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        line, message = translate(error, text)
        raise ScenarioError(message, where=_place(file, line)) from None
    finally:
        if loader is not None:
            loader.dispose()
    if node is None:
        raise ScenarioError("the file is empty", where=f"{file}:1", hint="fibench init writes a scenario to start from")
    builder = _Builder(Tree(None, file, {(): _place(file, _line(node))}))
    builder.tree.data = builder.build(node, ())
    return builder.tree


def scalar(text: str, file: str) -> Tree:
    """One plain value as YAML would read it (for `--set`), whatever signs it contains."""
    tag = yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    mark = yaml.Mark("", 0, 0, 0, None, 0)
    builder = _Builder(Tree(None, file))
    builder.tree.data = builder.build(yaml.ScalarNode(tag, text, mark, mark), ())
    return builder.tree


class _Loader(yaml.SafeLoader):
    """The safe loader, which stops before the nesting stops it."""

    level = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.level += 1
        if self.level > DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEPTH} levels", problem_mark=mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.level -= 1


class _Builder:
    """Walks the node graph; anchors are followed, counted, and not allowed to contain themselves."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.count = 0
        self.open: list[yaml.Node] = []

    def build(self, node: yaml.Node, path: Key) -> Any:
        self._count(node)
        if any(node is outer for outer in self.open):
            raise self._refused(node, "an anchor contains itself")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._check_tag(node, "map" if isinstance(node, yaml.MappingNode) else "seq")
        self.open.append(node)
        try:
            return self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._sequence(node, path)
        finally:
            self.open.pop()

    def _sequence(self, node: yaml.Node, path: Key) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            self._place((*path, index), item)
            items.append(self.build(item, (*path, index)))
        return items

    def _mapping(self, node: yaml.MappingNode, path: Key) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, key, value in self._pairs(node):
            self._place((*path, name), key)
            found[name] = self.build(value, (*path, name))
        return found

    def _pairs(self, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Own keys first, then those that `<<` merges and that are not given yet."""
        seen: dict[str, int] = {}
        merges = [(key, value) for key, value in node.value if key.tag == _TAG + "merge"]
        for key, value in node.value:
            if key.tag != _TAG + "merge":
                name = self._name(key)
                if name in seen:
                    raise self._refused(key, f"key '{plain(name)}' is given twice (first on line {seen[name]})")
                seen[name] = _line(key)
                yield name, key, value
        for key, value in merges:
            for name, inner, merged in self._merged(key, value):
                if name not in seen:
                    seen[name] = _line(inner)
                    yield name, inner, merged

    def _merged(self, key: yaml.Node, value: yaml.Node) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if not isinstance(source, yaml.MappingNode):
                raise self._refused(key, "'<<' merges mappings only, such as '<<: *base'")
            if any(source is outer for outer in self.open):
                raise self._refused(key, "an anchor contains itself")
            self.open.append(source)
            for pair in self._pairs(source):
                self._count(key)
                yield pair
            self.open.pop()

    def _name(self, key: yaml.Node) -> str:
        if not isinstance(key, yaml.ScalarNode):
            raise self._refused(key, "a key is a single word, found a list or a mapping")
        if key.value == "":
            raise self._refused(key, "a key is missing before ':'")
        return str(key.value)

    def _scalar(self, node: yaml.ScalarNode, path: Key) -> Any:
        kind, text = node.tag.removeprefix(_TAG), node.value
        if kind in ("timestamp", "value", "merge") or (kind == "str" and not self._is_exponent(node)):
            return text
        self._check_tag(node, "str", "null", "bool", "int", "float")
        self.tree.written[path] = text
        if kind == "null":
            return None
        if kind == "bool" and text.lower() in (*_TRUE, *_FALSE):
            return text.lower() in _TRUE
        return text if ":" in text else self._number(node, text, kind)

    def _number(self, node: yaml.Node, text: str, kind: str) -> int | float | str:
        if kind == "int" and _OCTAL.match(text):
            octal = int(text.replace("_", ""), 8)
            raise self._refused(node, f"'{plain(text)}' is octal in YAML: write {octal}, or quote it")
        try:
            digits = text.replace("_", "")
            number = int(digits, 0) if kind == "int" and len(digits) < 100 else float(digits.replace("inf", "∞"))
            if kind == "str" and number == int(number) and abs(number) < 2**53:
                return int(number)
        except (ValueError, OverflowError):
            number = math.inf
        if not math.isfinite(number):
            raise self._refused(node, f"'{plain(text)}' is not a finite number")
        if (isinstance(number, int) and abs(number) > LARGEST) or (kind == "int" and isinstance(number, float)):
            raise self._refused(node, f"'{plain(text)}' is too large a number")
        return number

    @staticmethod
    def _is_exponent(node: yaml.ScalarNode) -> bool:
        """YAML 1.1 takes 1e3 for text; nobody who writes it does."""
        return node.style is None and bool(_EXPONENT.match(node.value))

    def _check_tag(self, node: yaml.Node, *known: str) -> None:
        if node.tag.removeprefix(_TAG) not in known:
            raise self._refused(node, f"the YAML tag '{plain(node.tag.replace(_TAG, '!!'))}' is not used here")

    def _count(self, node: yaml.Node) -> None:
        self.count += 1
        if self.count > VALUES:
            raise self._refused(node, f"more than {VALUES:,} values once its anchors are followed")

    def _place(self, path: Key, node: yaml.Node) -> None:
        self.tree.places[path] = self._where(node)

    def _where(self, node: yaml.Node) -> str:
        return _place(self.tree.file, _line(node))

    def _refused(self, node: yaml.Node, message: str) -> ScenarioError:
        return ScenarioError(message, where=self._where(node))


def _place(file: str, line: int) -> str:
    """A value on the command line has no lines."""
    return file if file.startswith("--set") else f"{file}:{line}"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
