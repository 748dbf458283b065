"""Doubts travel with results as values, never as log lines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader must know: `code` is stable, `text` says what, `hint` what to do, `scope` where it belongs."""

    code: str
    text: str
    hint: str = ""
    scope: str = ""
