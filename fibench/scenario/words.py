"""A validation error → problems in our words: which key, what was found, what was expected, the nearest right word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from fibench import units
from fibench.registry import did_you_mean
from fibench.scenario import fields
from fibench.scenario.places import Key, Problem, find, plain, shown, spoken

_TEXT, _LIST, _MAPPING = "text", "a list such as [a, b]", "a mapping such as {{key: value}}"
_BASE = {"duration": "s", "size": "B", "rate": "/s"}
_EXPECTED = {
    "string_type": _TEXT,
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "mapping_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "none_required": "nothing",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "literal_error": "{expected}",
    "enum": "{expected}",
}
_BOUNDS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}
_NAME_PATTERN = "^[A-Za-z0-9]["


def translate(error: ValidationError, data: Any, model: type[BaseModel], written: Mapping[Key, str]) -> list[Problem]:
    """One problem per place: the alternatives of a union are joined by "or"."""
    sentences: dict[Key, str] = {}
    wanted: dict[Key, dict[str, None]] = {}
    for entry in error.errors(include_url=False):
        path, is_key = _path(entry, data)
        sentence, expected = _judge(entry, path, is_key, data, model)
        if sentence and path == ("measure",) and entry["type"] == "value_error":
            path, sentence = _in_measure(sentence, _at(data, path))
        if sentence:
            sentences.setdefault(path, sentence)
        else:
            wanted.setdefault(path, {})[expected] = None
    for path, expectations in wanted.items():
        if path not in sentences:
            sentences[path] = _mismatch(path, list(expectations), _at(data, path), find(written, path))
    deepest = [path for path in sentences if not any(path != other and path == other[: len(path)] for other in sentences)]
    return [Problem(path, sentences[path]) for path in deepest]


def unknown(word: str, known: list[str], inside: str = "") -> str:
    """ "unknown key 'varients': did you mean 'variants'?" """
    return f"unknown key '{plain(word)}'{f' in {inside}' if inside else ''}: {did_you_mean(word, known)}"


def _judge(entry: Any, path: Key, is_key: bool, data: Any, model: type[BaseModel]) -> tuple[str, str]:
    """Either a whole sentence or what was expected."""
    kind, context = entry["type"], entry.get("ctx", {})
    called = f"{spoken(path)}: " if path else ""
    if kind == "extra_forbidden":
        return unknown(str(path[-1]), fields.known(model, path[:-1]), spoken(path[:-1])), ""
    if kind == "missing":
        inside = f" in {spoken(path[:-1])}" if path[:-1] else ""
        return f"missing key '{path[-1]}'{inside}{_such_as(fields.examples(model, path))}", ""
    if kind in ("value_error", "assertion_error"):
        found = _at(data, path)
        return called + str(context["error"]).replace(f"found {found!r}", f"found {shown(found)}"), ""
    if is_key:
        return f"'{plain(str(path[-1]))}' in {spoken(path[:-1])}: expected {_shape(entry, path, model)}", ""
    if kind in ("too_short", "too_long"):
        few = kind == "too_short"
        number, found = context["min_length" if few else "max_length"], context["actual_length"]
        return f"{called}expected at {'least' if few else 'most'} {number}, found {found or 'none'}", ""
    if kind in _BOUNDS:
        return "", f"{_BOUNDS[kind]} {_bound(next(iter(context.values())), _at(data, path))}"
    return "", _shape(entry, path, model)


def _in_measure(sentence: str, measure: Any) -> tuple[Key, str]:
    """A check of all of `measure` → the key that it is about; a margin of 2 was meant as 2 %."""
    reason = sentence.removeprefix("measure: ")
    key = next((key for start, key in (("a margin", "margin"), ("a metric", "metrics")) if reason.startswith(start)), "")
    if not isinstance(measure, Mapping) or key not in measure:
        return ("measure",), sentence
    path: Key = ("measure", key)
    found = measure[key]
    if key == "margin" and isinstance(found, Mapping):
        metric = next((name for name, value in found.items() if not _is_margin(value)), None)
        path, found = (path, found) if metric is None else ((*path, metric), found[metric])
    bare = isinstance(found, (int, float)) and not isinstance(found, bool) and 1 <= found < 100
    advice = f": write {found:g} %" if key == "margin" and bare else ""
    return path, f"{spoken(path)}: {reason}, found {shown(found)}{advice}"


def _is_margin(value: Any) -> bool:
    try:
        return 0 <= units.parse(value, "fraction") < 1
    except ValueError:
        return False


def _shape(entry: Any, path: Key, model: type[BaseModel]) -> str:
    if entry["type"] == "string_pattern_mismatch":
        pattern = entry["ctx"]["pattern"]
        if pattern.startswith(_NAME_PATTERN):
            return "a name of letters, digits, '.', '_', '+' and '-'"
        return f"text{_such_as(fields.examples(model, path)) or f' like {plain(pattern)}'}"
    words = _EXPECTED.get(entry["type"])
    if words is None:
        return f"something else ({plain(entry['msg'].removeprefix('Input should be ').removeprefix('Value error, '))})"
    return words.format(**entry.get("ctx", {}))


def _mismatch(path: Key, expected: list[str], found: Any, written: str | None) -> str:
    choices = [word.strip("'") for text in expected if "'" in text for word in text.replace(" or ", ", ").split(", ")]
    advice = ""
    if _TEXT in expected and found is not None and not isinstance(found, (str, list, tuple, Mapping)):
        advice = f": quote it, '{plain(written or str(found))}'"
    elif choices and isinstance(found, str) and (near := did_you_mean(found, choices)).startswith("did"):
        advice = f": {near}"
    elif _LIST in expected and isinstance(found, (str, int, float)):
        advice = f": write [{plain(written or str(found))}]"
    called = f"{spoken(path)}: " if path else ""
    odd = isinstance(found, bool) and written is not None and written.lower() not in ("true", "false")
    seen = f" (YAML reads {written} as that)" if odd else ""
    return f"{called}expected {' or '.join(expected)}, found {shown(found)}{seen}{advice}"


def _bound(limit: Any, found: Any) -> str:
    """A limit with the unit that the user's own value shows."""
    if isinstance(found, str):
        for dimension, table in units.DIMENSIONS.items():
            if any(found.rstrip().endswith(unit) for unit in table):
                return f"{limit:g} {_BASE[dimension]}" if dimension in _BASE else f"{limit * 100:g} %"
    return f"{limit:g}" if isinstance(limit, float) else str(limit)


def _such_as(examples: list[Any]) -> str:
    return f" (such as {examples[0]!r})" if examples else ""


def _path(entry: Any, data: Any) -> tuple[Key, bool]:
    """The path in the user's own data: names of union branches are left out."""
    path: list[str | int] = []
    here = data
    location = entry["loc"]
    for index, part in enumerate(location):
        if (isinstance(here, Mapping) and part in here) or (isinstance(here, (list, tuple)) and _is_index(part, here)):
            path.append(part)
            here = here[part]
        elif entry["type"] == "missing" and index == len(location) - 1:
            path.append(part)
    return tuple(path), location[-1:] == ("[key]",)


def _is_index(part: str | int, items: list[Any] | tuple[Any, ...]) -> bool:
    return isinstance(part, int) and part < len(items)


def _at(data: Any, path: Key) -> Any:
    for part in path:
        data = data[part]
    return data
