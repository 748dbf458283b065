"""A scenario's request, made into the bytes of whole HTTP/1.1 messages before the first one is due.

Without names it is one message; with data rows one message per row, in turn; with {{n}}, {{uuid}} or {{random}} each
message is filled when it is asked for, in a microsecond or two. The same seed gives the same bytes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fibench.traffic import rows, template
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Shots

MOST = 1 << 30
"""Bytes that all prebuilt messages may have together."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANK = re.compile(r"[\x00-\x20\x7f]")
_OURS = {
    "content-length": "fibench counts the body itself",
    "transfer-encoding": "say chunked: true instead",
    "connection": "say keep_alive: false instead",
}


@dataclass(frozen=True, slots=True)
class Json:
    """A body that is a JSON value, None and texts included (a dict, list or number is one without this)."""

    value: Any


@dataclass(frozen=True, slots=True)
class File:
    """A body that is a file's bytes, sent as they are."""

    path: str


@dataclass(frozen=True, slots=True)
class Size:
    """A body of so many seeded random bytes."""

    bytes: int


Body = str | bytes | dict[str, Any] | list[Any] | int | float | Json | File | Size | None


@dataclass(frozen=True, slots=True)
class Request:
    """What to send; {{name}} may stand in `path`, header values, and a text or JSON body."""

    host: str
    """The Host header, as `resolve.host_of` gives it."""
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = None
    keep_alive: bool = True
    chunked: int = 0
    """Bytes per chunk of a chunked body; 0: a Content-Length."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked request, its names not yet filled."""

    method: str
    path: str
    lines: tuple[str, ...]
    """Header lines."""
    body: str | bytes | None
    """Bytes are final, a text is a template."""
    json: bool
    chunked: int

    def texts(self) -> list[tuple[str, str]]:
        """(what it is, text) of all that may hold names."""
        found = [("path", self.path), *(("header " + line.partition(":")[0], line) for line in self.lines)]
        return [*found, ("body", self.body)] if isinstance(self.body, str) else found


class Prebuilt:
    """Messages that are ready, in turn."""

    __slots__ = ("_messages",)

    def __init__(self, messages: Sequence[bytes]) -> None:
        self._messages = tuple(messages)

    def __len__(self) -> int:
        return len(self._messages)

    def __getitem__(self, k: int, /) -> bytes:
        return self._messages[k % len(self._messages)]


class Filled:
    """Messages that are filled when asked for; endless, so `len` is 0."""

    __slots__ = ("_makers",)

    def __init__(self, makers: Sequence[Callable[[int], bytes]]) -> None:
        self._makers = tuple(makers)

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, k: int, /) -> bytes:
        return self._makers[k % len(self._makers)](k)


def render(
    request: Request, *, data: str | Sequence[dict[str, Any]] | None = None, seed: int = 0, shuffle: bool = False
) -> Shots:
    """The window's messages. `data`: path of a CSV or JSONL file, or rows; `shuffle`: the rows in a seeded order.

    EngineError for whatever would not be a proper request, or asks for names that are not there.
    """
    seed %= 1 << 63
    draft = drafted(request, seed)
    found = rows.load(data) if data is not None else [rows.Row({}, "the request")]
    texts = draft.texts()
    template.check(texts, {name for row in found for name in row.values})
    asked = {name for _, text in texts for name in template.names(text)}
    for row in found:
        missing = sorted(asked - row.values.keys() - set(template.BUILTIN))
        if missing:
            raise EngineError(f"{row.where}: no {missing[0]!r}, which the request asks for", "give every row the same names")
    if shuffle:
        random.Random(seed).shuffle(found)  # an order, no secret
    if asked & set(template.BUILTIN):
        return Filled([maker(draft, row, seed) for row in found])
    return Prebuilt(built(draft, found, seed))


def drafted(request: Request, seed: int) -> Draft:
    """The checked request: its own headers after fibench's, where they do not replace them."""
    if not _TOKEN.fullmatch(request.method):
        raise EngineError(f"method {request.method!r} is none", "GET, POST, PUT, PATCH, DELETE …")
    if request.chunked < 0:
        raise EngineError("chunked: a chunk has at least one byte")
    body, kind = body_of(request.body, seed)
    given = {_header_name(name).lower(): (name, _header_value(name, value)) for name, value in request.headers.items()}
    default = {
        "host": ("Host", _header_value("Host", request.host)),
        "user-agent": ("User-Agent", "fibench"),
    }
    if kind and body is not None:
        default["content-type"] = ("Content-Type", kind)
    lines = {**default, **given}
    if not request.keep_alive:
        lines["connection"] = ("Connection", "close")
    written = tuple(f"{name}: {value}\r\n" for name, value in lines.values())
    return Draft(request.method, _path(request.path), written, body, kind == "application/json", request.chunked)


def body_of(body: Body, seed: int) -> tuple[str | bytes | None, str]:
    """(text with names, or final bytes, or None; its content type)."""
    if body is None:
        return None, ""
    if isinstance(body, str):
        return body, "text/plain; charset=utf-8"
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    if isinstance(body, File):
        return rows.content(body.path), "application/octet-stream"
    if isinstance(body, Size):
        if not 0 <= body.bytes <= MOST:
            raise EngineError(f"a body of {body.bytes} bytes", f"sizes are 0 … {MOST} bytes")
        return random.Random(seed).randbytes(body.bytes), "application/octet-stream"
    return template.compact(body.value if isinstance(body, Json) else body), "application/json"


def built(draft: Draft, found: Sequence[rows.Row], seed: int) -> list[bytes]:
    """Whole messages of a draft without built-in names; EngineError when they would not fit into memory."""
    messages: list[bytes] = []
    size = 0
    for row in found:
        messages.append(maker(draft, row, seed)(0))
        size += len(messages[-1])
        if size > MOST:
            raise EngineError(
                f"the requests of all data rows have more than {MOST >> 30} GiB", "use fewer rows or a smaller body"
            )
    return messages


def maker(draft: Draft, row: rows.Row, seed: int) -> Callable[[int], bytes]:
    """A function that gives request k, of this row."""
    head, body = head_of(draft, row), body_in(draft, row)
    makers = [(name, template.MAKERS[name]) for name in sorted({*head.names, *body.names})]
    start, first, inner, wanted, chunked = head.text, head.names, body.text, body.names, draft.chunked
    if not wanted:
        raw = draft.body if isinstance(draft.body, bytes) else inner % () if draft.body is not None else None
        rest = framing(draft, raw)

        def fixed(k: int) -> bytes:
            values = {name: one(seed, k) for name, one in makers}
            return b"%b%b" % (start % tuple([values[name] for name in first]), rest)

        return fixed

    def make(k: int) -> bytes:
        values = {name: one(seed, k) for name, one in makers}
        whole = inner % tuple([values[name] for name in wanted])
        line = start % tuple([values[name] for name in first])
        if chunked:
            return line + framing(draft, whole)
        return b"%bContent-Length: %d\r\n\r\n%b" % (line, len(whole), whole)

    return make


def head_of(draft: Draft, row: rows.Row) -> template.Pattern:
    """Request line and headers, without those that tell the body's length."""
    path = template.compiled(draft.path, row.values, template.Place.PATH, row.where)
    if not path.text.startswith(b"/"):
        raise EngineError(
            f"{row.where}: path {path.text[:60].decode()!r} does not begin with /", "it is what follows the host: /users/7"
        )
    head = template.Pattern(draft.method.encode() + b" ", ()) + path + template.Pattern(b" HTTP/1.1\r\n", ())
    for line in draft.lines:
        head += template.compiled(line, row.values, template.Place.HEADER, row.where)
    return head


def body_in(draft: Draft, row: rows.Row) -> template.Pattern:
    """The body of a row, if it is a template."""
    if not isinstance(draft.body, str):
        return template.Pattern(b"", ())
    place = template.Place.JSON if draft.json else template.Place.TEXT
    return template.compiled(draft.body, row.values, place, row.where)


def framing(draft: Draft, body: bytes | None) -> bytes:
    """The header line that says where the body ends, the empty line, and the body. Servers refuse a POST without one."""
    if body is None and draft.method not in ("POST", "PUT", "PATCH"):
        return b"\r\n"
    if draft.chunked and body is not None:
        return b"Transfer-Encoding: chunked\r\n\r\n" + framed(body, draft.chunked)
    return b"Content-Length: %d\r\n\r\n%b" % (len(body or b""), body or b"")


def framed(body: bytes, size: int) -> bytes:
    """The body as chunks of `size` bytes and the last, empty one; as it is when `size` is 0."""
    if not size:
        return body
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _path(path: str) -> str:
    bare = re.sub(r"\{\{[^{}\r\n]*\}\}", "", path)
    if not path.startswith(("/", "{{")) or _BLANK.search(bare) or "#" in bare:
        raise EngineError(f"path {path[:60]!r} is none", "it begins with / and has no blanks (%20), line breaks or #")
    return re.sub(r"\{\{[^{}\r\n]*\}\}|[^\x00-\x7e]+", lambda found: found[0] if found[0][0] == "{" else quote(found[0]), path)


def _header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise EngineError(f"header name {name!r} is none", "letters, digits and -")
    if name.lower() in _OURS:
        raise EngineError(f"header {name} is not yours to set", _OURS[name.lower()])
    return name


def _header_value(name: str, value: object) -> str:
    text = template.plain(value)
    return template.one_line(text, f"header {name}").strip()
