"""Work of known size: eight kinds of callable, and loops whose truth is +p % by construction."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import zlib
from collections.abc import Callable

TEXT = ("the quick brown fox jumps over the lazy dog " * 40).encode()
DOCUMENT = json.dumps([{"id": i, "name": f"item {i}", "tags": ["a", "b", str(i)]} for i in range(40)])
NUMBERS = [(i * 7919) % 1009 for i in range(1500)]
WORDS = TEXT.decode().split()
PATTERN = re.compile(r"(\w+)\s+(\w+)$")


def integers() -> None:
    total = 0
    for i in range(1500):
        total += i & 7


def strings() -> str:
    return "-".join(word.upper() for word in WORDS)


def sorting() -> list[int]:
    return sorted(NUMBERS)


def dictionaries() -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in WORDS:
        counts[word] = counts.get(word, 0) + 1
    return counts


def parsing() -> object:
    return json.loads(DOCUMENT)


def hashing() -> str:
    return hashlib.sha256(TEXT * 8).hexdigest()


def compressing() -> int:
    return len(zlib.compress(TEXT, 1))


def allocating() -> int:
    return len([{"a": i, "b": [i]} for i in range(400)])


def matching() -> int:
    return sum(1 for _ in PATTERN.finditer(TEXT.decode()))


def recursing(n: int = 11) -> int:
    return n if n < 2 else recursing(n - 1) + recursing(n - 2)


KINDS: tuple[Callable[[], object], ...] = (
    integers, strings, sorting, dictionaries, parsing, hashing, compressing, allocating, matching, recursing,
)  # fmt: skip


@functools.cache
def _loop(turns: int) -> range:
    return range(turns)


def spin(turns: int) -> None:
    """`turns` iterations of a body that always costs the same: turns × 1.01 is +1 % by construction."""
    total = 0
    for i in _loop(turns):
        total += i & 7
