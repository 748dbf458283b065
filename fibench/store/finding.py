"""A word → the run that is meant: its id, "last", a label, or the beginning of an id."""

from __future__ import annotations

import difflib

from sqlalchemy import ColumnElement, Connection, func, select

from fibench.errors import NotFoundError, UsageError
from fibench.registry import did_you_mean
from fibench.store.reading import NEWEST
from fibench.store.schema import RUNS

NEWEST_WORDS = ("last", "latest")
PREFIX = 4
"""An abbreviated id has at least so many characters."""
_SHOWN = 5


def find(connection: Connection, word: str) -> str:
    """The id of the run; NotFoundError if there is none or more than one.

    A label beats the beginning of an id: somebody gave it on purpose.
    """
    newest = [None] if word in NEWEST_WORDS else []
    for which in (RUNS.c.id == word, *newest, RUNS.c.label == word):
        found = _ids(connection, which, 1)
        if found:
            return found[0]
    found = _ids(connection, func.substr(RUNS.c.id, 1, len(word)) == word, None) if len(word) >= PREFIX else []
    if len(found) > 1:
        raise NotFoundError(f"'{word}' fits {len(found)} runs", hint=f"say which: {_list(found)}")
    if not found:
        raise _nothing(connection, word)
    return found[0]


def allowed(label: str | None) -> str | None:
    """The label, unless it is a word that means something else; UsageError."""
    if label in NEWEST_WORDS:
        raise UsageError(f"'{label}' cannot be a label: it always means the newest run", hint="take another word")
    return label or None


def _ids(connection: Connection, which: ColumnElement[bool] | None, limit: int | None) -> list[str]:
    query = select(RUNS.c.id).order_by(*NEWEST).limit(limit)
    return list(connection.scalars(query if which is None else query.where(which)))


def _nothing(connection: Connection, word: str) -> NotFoundError:
    """The error with the nearest id or label, else with the newest ones: a store may hold thousands."""
    rows = connection.execute(select(RUNS.c.id, RUNS.c.label).order_by(*NEWEST)).all()
    if not rows:
        return NotFoundError(f"no run '{word}': nothing is stored yet", hint="measure first: fibench run SCENARIO")
    words = [row.label or row.id for row in rows]
    near = difflib.get_close_matches(word, {*words, *(row.id for row in rows)}, n=1, cutoff=0.6)
    return NotFoundError(f"no run '{word}'", hint=did_you_mean(word, near or dict.fromkeys(words[:_SHOWN])))


def _list(ids: list[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more
