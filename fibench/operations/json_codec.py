"""JSON in and out: one library, one direction, one payload.

What is inside the timing, per call:
  loads  input str      loads(text), the same str object each time; CPython keeps the UTF-8 form of a non-ASCII str
                        inside it after the first use, so libraries that want UTF-8 pay for it only once
         input bytes    loads(body); `json` detects the encoding and decodes, the others read UTF-8
         input decoded  loads(body.decode()): the document's "HTTP body → Python string → dict", a new str each time
  dumps  output bytes   what a response needs: orjson.dumps(o), but json.dumps(o).encode()
         output str     json.dumps(o), but orjson.dumps(o).decode()
Every library runs with its defaults (json escapes non-ASCII characters and puts spaces; orjson and msgspec do not).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from fibench.operations import json_payloads
from fibench.step import Step

Codec = Callable[[Any], Any]


def open(params: dict[str, Any]) -> Step:
    """Build the document, untimed, and bind it to the library's function."""
    library = params["library"]
    value, text, body = document(params["payload"], int(params["size"]))
    facts = {"payload_bytes": len(body), "payload_characters": len(text), "ascii": text.isascii()}
    if params["op"] == "loads":
        source: str | bytes = text if params["input"] == "str" else body
        return Step(loader(library, params["input"]), (source,), facts=lambda: facts)
    write = dumper(library, params["output"])
    written = write(value)
    facts["output_bytes"] = len(written.encode() if isinstance(written, str) else written)
    return Step(write, (value,), outcome=lambda: _parsed(write(value)), facts=lambda: facts)


@cache
def document(payload: str, size: int) -> tuple[dict[str, Any], str, bytes]:
    """The object, its text and its bytes; one copy a process, so that no variant has the warmer memory."""
    value = json_payloads.build(payload, size)
    text = _dumped_by_the_document(value) if payload == "literal" else json_payloads.compact(value)
    return value, text, text.encode()


def loader(library: str, source: str) -> Codec:
    """The parsing function; only the library asked for is imported."""
    loads: Codec
    if library == "orjson":
        import orjson

        loads = orjson.loads
    elif library == "msgspec":
        import msgspec

        loads = msgspec.json.decode
    elif library == "ujson":
        import ujson

        loads = ujson.loads
    else:
        import json

        loads = json.loads
    return (lambda body: loads(body.decode())) if source == "decoded" else loads


def dumper(library: str, output: str) -> Codec:
    """The writing function that ends in `output`; the conversion, where one is needed, is part of it."""
    native: Codec
    if library in ("orjson", "msgspec"):
        if library == "orjson":
            import orjson

            native = orjson.dumps
        else:
            import msgspec

            native = msgspec.json.encode
        return native if output == "bytes" else lambda value: native(value).decode()
    if library == "ujson":
        import ujson

        native = ujson.dumps
    else:
        import json

        native = json.dumps
    return native if output == "str" else lambda value: native(value).encode()


def _parsed(written: str | bytes) -> object:
    """What was written means the same, however it was spelled."""
    import json

    return json.loads(written)


def _dumped_by_the_document(value: object) -> str:
    """The document's `json_str = json.dumps(payload)`: default separators."""
    import json

    return json.dumps(value)
