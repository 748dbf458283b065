"""Untrusted text made harmless once, for every format: one line, no control characters, no direction tricks."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

Item = TypeVar("Item")

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_HIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


def line(text: str) -> str:
    """`text` on one line without terminal escapes, control characters, lone surrogates or bidirectional overrides."""
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub("", re.sub(r"\s+", " ", _ESCAPES.sub("", text)))


def scrub(item: Item) -> Item:
    """The same dataclass with every string cleaned, however deep; numbers are shared, not copied."""
    cleaned: Item = _scrub(item)
    return cleaned


def _scrub(item: Any) -> Any:
    if isinstance(item, str):
        return line(item)
    if isinstance(item, tuple) and not (item and isinstance(item[0], (int, float))):
        return tuple(_scrub(part) for part in item)
    if is_dataclass(item) and not isinstance(item, type):
        return replace(item, **{field.name: _scrub(getattr(item, field.name)) for field in fields(item)})
    return item
