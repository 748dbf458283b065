"""The documents that are parsed and written: the source's own, and realistic ones in any size."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from fibench.operations import corpus


def literal() -> dict[str, Any]:
    """The document's payload, exactly: one object, one hundred times (103,314 bytes of JSON)."""
    return {"messages": [{"role": "user", "content": "x" * 1000}] * 100}


def build(payload: str, size: int) -> dict[str, Any]:
    """A document of at least `size` bytes of compact UTF-8 JSON; `literal` has its own size."""
    if payload == "literal":
        return literal()
    key, make = MAKERS[payload]
    records: list[Any] = []
    written = len(key) + 6
    for record in make(corpus.generator(payload)):
        records.append(record)
        written += len(compact(record).encode()) + 1
        if written >= size:
            break
    return {key: records}


def compact(value: object) -> str:
    """JSON as a browser sends it: no spaces, characters unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _chat(rng: random.Random) -> Iterator[dict[str, Any]]:
    yield {"role": "system", "content": corpus.sentence(rng, 40)}
    while True:
        yield {"role": "user", "content": corpus.sentence(rng, rng.randint(10, 60))}
        yield {"role": "assistant", "content": corpus.sentence(rng, rng.randint(40, 180))}


def _events(rng: random.Random) -> Iterator[dict[str, Any]]:
    index = 0
    while True:
        yield corpus.event(rng, index, rng.randint(8, 60))
        index += 1


def _numbers(rng: random.Random) -> Iterator[list[float | int]]:
    while True:
        yield [rng.randint(0, 10**9), rng.gauss(120, 15), round(rng.uniform(35, 41), 1), rng.random() * 1e-6, rng.randint(0, 9)]


def _unicode(rng: random.Random) -> Iterator[dict[str, str]]:
    names = ("日本語", "العربية", "русский", "한국어", "español")
    while True:
        yield {"turno": f"{rng.getrandbits(32):08x}", "idioma": rng.choice(names), "texto": corpus.foreign(rng)}


def _nested(rng: random.Random) -> Iterator[Any]:
    while True:
        yield _tree(rng, 6)


def _tree(rng: random.Random, depth: int) -> Any:
    if depth == 0 or rng.random() < 0.15:
        return rng.choice((None, True, False, rng.randint(-99, 99), rng.choice(corpus.WORDS)))
    if rng.random() < 0.4:
        return [_tree(rng, depth - 1) for _ in range(rng.randint(1, 3))]
    return {word: _tree(rng, depth - 1) for word in rng.sample(corpus.WORDS, rng.randint(1, 3))}


MAKERS: dict[str, tuple[str, Callable[[random.Random], Iterator[Any]]]] = {
    "chat": ("messages", _chat),
    "events": ("events", _events),
    "numbers": ("series", _numbers),
    "unicode": ("textos", _unicode),
    "nested": ("trees", _nested),
}
"""Payload → (key of the list, endless maker of its records)."""
