"""What a step returned, in a form that two processes can compare. Standard library only (child side)."""

from __future__ import annotations

import math
from typing import Any

TEXT_LIMIT = 20_000
NODE_LIMIT = 300_000
SHOWN = 60


class _OpaqueError(Exception):
    pass


def _digest(data: Any) -> str:
    import hashlib  # once a case, not once a worker

    return hashlib.blake2b(data, digest_size=16).hexdigest()


def describe(value: object) -> dict[str, Any]:
    """`{"same": comparable key or None, "tree": plain data or None, "shown": short text}` of an outcome.

    Plain data, bytes, sets and arrays are comparable; an object without a meaning of its own is not (same = None).
    """
    shown = _shown(value)
    if value is NotImplemented:
        return {"same": None, "tree": None, "shown": shown, "why": "nothing to compare"}
    try:
        tree = _plain(value, [NODE_LIMIT])
    except _OpaqueError as reason:
        return {"same": None, "tree": None, "shown": shown, "why": str(reason)}
    except RecursionError:
        return {"same": None, "tree": None, "shown": shown, "why": "it is nested too deeply"}
    text = repr(tree)
    digest = _digest(text.encode("utf-8", "surrogatepass"))
    return {"same": digest, "tree": tree if len(text) <= TEXT_LIMIT else None, "shown": shown}


def _short(value: object) -> str:
    """`repr` without writing out a million items first."""
    if type(value) in (list, tuple, dict, set, frozenset, str, bytes):
        import reprlib

        short = reprlib.Repr()
        short.maxlist = short.maxtuple = short.maxdict = short.maxset = short.maxfrozenset = SHOWN // 2
        short.maxstring = short.maxother = short.maxlong = SHOWN
        return short.repr(value)
    return repr(value)


def _shown(value: object) -> str:
    try:
        text = _short(value)
    except Exception as error:  # a target's own __repr__ may do anything
        text = f"<{type(value).__name__}, whose repr() fails: {error}>"
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _listed(array: Any, left: int) -> Any:
    """An array as plain lists, unless that would be too many items."""
    if getattr(array, "size", 0) > left:
        raise _OpaqueError("it is too large to compare")
    return array.tolist()


def _plain(value: Any, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise _OpaqueError("it is too large to compare")
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if abs(value) < 2**53 else f"int:{value:x}"
    if kind is float:
        return value if math.isfinite(value) else f"float:{value}"
    if kind in (bytes, bytearray, memoryview):
        return "bytes:" + _digest(value) + f":{len(value)}"
    if kind in (list, tuple):  # a list and a tuple of equal items are the same answer
        return [_plain(item, left) for item in value]
    if kind is dict:
        pairs = [[_plain(key, left), _plain(item, left)] for key, item in value.items()]
        return {"dict": sorted(pairs, key=repr)}
    if kind in (set, frozenset):
        return {"set": sorted((_plain(item, left) for item in value), key=repr)}
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        return _plain(_listed(value, left[0]), left)
    raise _OpaqueError(f"a {kind.__module__}.{kind.__qualname__} has no plain value")
