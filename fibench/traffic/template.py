"""{{name}} in a path, a header or a body: found, checked, and filled in the way its place demands.

In a path a value is percent-encoded (unless the path begins with it: then it is the path), in JSON it is escaped, or
keeps its type if it is the whole value; in a header it must not break the line.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote

from fibench.traffic.errors import EngineError

BUILTIN = ("n", "uuid", "random")
"""The request's number from 0; a random UUID (version 4); a random integer below 2³¹. The seed decides the last two."""
_SLOT = re.compile(r"\{\{\s*(?P<name>[^{}\r\n]+?)\s*\}\}")
_JSON_SLOT = re.compile(r'"\{\{\s*(?P<whole>[^{}"\r\n]+?)\s*\}\}"(?=[,\]}]|$)|\{\{\s*(?P<name>[^{}\r\n]+?)\s*\}\}')
_UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_PATH = "/:?[]@!$&'()*+,;=%~-._"
_KEY = struct.Struct("<qq").pack
_TWO = struct.Struct("<QQ").unpack


class Place(Enum):
    """Where a text stands."""

    PATH = "path"
    HEADER = "header"
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Bytes in which each %b awaits the value of the built-in name at the same place of `names`."""

    text: bytes
    names: tuple[str, ...]

    def __add__(self, other: Pattern) -> Pattern:
        return Pattern(self.text + other.text, self.names + other.names)


def names(text: str) -> set[str]:
    """The names that a text asks for."""
    return {found["name"] for found in _SLOT.finditer(text)}


def check(asked: Iterable[tuple[str, str]], columns: Iterable[str]) -> None:
    """EngineError for a name that is neither built in nor a column; `asked` are (place, text)."""
    columns = set(columns)
    hidden = columns & set(BUILTIN)
    if hidden:
        raise EngineError(
            f"the data column {min(hidden)!r} hides the built-in {{{{{min(hidden)}}}}}", "give the column another name"
        )
    known = sorted(columns | set(BUILTIN))
    for place, text in asked:
        for name in sorted(names(text) - set(known)):
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {{{{{near[0]}}}}}?" if near else "known are " + ", ".join(f"{{{{{one}}}}}" for one in known)
            raise EngineError(f"unknown {{{{{name}}}}} in the {place}", hint + " A body from a file is sent as it is.")


def compiled(text: str, values: Mapping[str, Any], place: Place, where: str) -> Pattern:
    """The row's values put in, once: what looks like a name within a value stays. `where` is for messages."""
    parts, wanted, at = [], [], 0
    for found in (_JSON_SLOT if place is Place.JSON else _SLOT).finditer(text):
        whole = found.groupdict().get("whole")
        name = whole or found["name"]
        parts.append(_fixed(text[at : found.start()]))
        at = found.end()
        if name in values:
            parts.append(_fixed(_encoded(values[name], place, where, whole=bool(whole), first=found.start() == 0)))
        else:
            wanted.append(name)
            parts.append(b'"%b"' if whole and name == "uuid" else b"%b")
    return Pattern(b"".join(parts) + _fixed(text[at:]), tuple(wanted))


def _encoded(value: Any, place: Place, where: str, *, whole: bool, first: bool) -> str:
    if whole:
        return compact(value)
    text = plain(value)
    if place is Place.PATH:
        return quote(text, safe=_PATH if first else "~", errors="replace")
    if place is Place.JSON:
        return compact(text)[1:-1]
    return one_line(text, where) if place is Place.HEADER else text


def one_line(text: str, where: str) -> str:
    """A header's value; EngineError if it would break the line."""
    if _UNSAFE.search(text):
        raise EngineError(f"{where}: {text[:40]!r} would break a header's line", "header values have no line breaks")
    return text


def _fixed(text: str) -> bytes:
    return text.encode("utf-8", "replace").replace(b"%", b"%%")


def compact(value: Any) -> str:
    """JSON without blanks; EngineError for what has no JSON."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise EngineError(f"the body has no JSON: {error}", "numbers must be finite, names must be texts") from None


def plain(value: Any) -> str:
    """A value as text: texts as they are, the rest as JSON writes it (true, null, 1.5)."""
    return value if isinstance(value, str) else compact(value)


def chance(seed: int, k: int) -> tuple[int, int]:
    """128 random bits of request k, in two halves: the same for the same seed, whoever asks, in whatever order."""
    first, second = _TWO(hashlib.blake2b(_KEY(seed, k), digest_size=16).digest())
    return first, second


def number(seed: int, k: int) -> bytes:
    """{{n}}."""
    return b"%d" % k


def random(seed: int, k: int) -> bytes:
    """{{random}}."""
    return b"%d" % (chance(seed, ~k)[0] & 0x7FFFFFFF)


def uuid(seed: int, k: int) -> bytes:
    """{{uuid}}."""
    a, b = chance(seed, k)
    return b"%08x-%04x-4%03x-%04x-%012x" % (a >> 32, (a >> 16) & 0xFFFF, a & 0xFFF, 0x8000 | (b >> 50), b & 0xFFFFFFFFFFFF)


MAKERS: dict[str, Callable[[int, int], bytes]] = {"n": number, "uuid": uuid, "random": random}
