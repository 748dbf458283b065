"""Where a key stands and how it is called: paths, "file:line", and one ScenarioError for all problems of a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fibench.errors import ScenarioError

Key = tuple[str | int, ...]
Places = Mapping[Key, str]

MOST = 10
"""So many problems are listed; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One line for the user, and the path of the key that it is about."""

    path: Key
    text: str


def nearest(places: Places, path: Key) -> str | None:
    """ "file:line" of the key at `path`, else of its nearest known ancestor."""
    for end in range(len(path), -1, -1):
        for spelling in _spellings(path[:end]):
            if spelling in places:
                return places[spelling]
    return None


def find(written: Mapping[Key, str], path: Key) -> str | None:
    """The exact entry for `path`, in either spelling."""
    return next((written[spelling] for spelling in _spellings(path) if spelling in written), None)


def error(problems: Iterable[Problem], places: Places, file: str) -> ScenarioError:
    """All problems in the order of the file, one line each, the first ten."""
    order = {place: index for index, place in enumerate(dict.fromkeys(places.values()))}
    located = dict.fromkeys((nearest(places, problem.path) or file, plain(problem.text, 400)) for problem in problems)
    lines = sorted(located, key=lambda line: order.get(line[0], len(order)))
    shown = [text if index == 0 else f"{place}: {text}" for index, (place, text) in enumerate(lines[:MOST])]
    if len(lines) > MOST:
        shown.append(f"and {len(lines) - MOST} more")
    return ScenarioError("\n".join(shown), where=lines[0][0])


def spoken(path: Key) -> str:
    """A path as people write it: claims[0].speedup.at_least."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{plain(part)}"
    return text


def shown(value: object) -> str:
    """A value in a message: short, on one line, nothing invisible."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        inner = ["[…]" if isinstance(item, (list, tuple, Mapping)) else shown(item) for item in value[:3]]
        return f"[{', '.join([*inner, *('…' for _ in value[3:4])])}]"
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(plain(str(key)) for key in list(value)[:3])}" if value else "an empty mapping"
    return f"'{plain(value)}'" if isinstance(value, str) else plain(str(value))


def plain(text: str, most: int = 60) -> str:
    """Text with control characters escaped and its end cut."""
    cut = text if len(text) <= most else text[:most] + "…"
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in cut)


def _spellings(path: Key) -> tuple[Key, ...]:
    """A key of `params` may stand one level up (the grammar's short form)."""
    if "params" not in path[:3]:
        return (path,)
    index = path.index("params")
    return path, path[:index] + path[index + 1 :]
