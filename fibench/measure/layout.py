"""Where a function lies in memory decides some tenths of a percent: draw it anew in every generation.

Address space randomisation moves whole pages; two functions of one module keep their distance, and identical code was
seen 0.09 % apart over 247 fresh processes (Mytkowicz 2009 and Curtsinger & Berger 2013 describe the effect). A copy of the
function's code between random junk gives each opening a place of its own. Standard library only (child side).
"""

from __future__ import annotations

import os
from types import CodeType, FunctionType
from typing import Any

_MOST_JUNK = 400
_LARGEST = 480
"""Bytes; larger objects do not share pymalloc's pools with code and constants."""


class Scatter:
    """Copies functions to random places; keeps the junk that separates them."""

    def __init__(self) -> None:
        seed = os.environ.get("PYTHONHASHSEED", "")
        self._state = int(seed) if seed.isdigit() else 0
        self._junk: list[bytes] = []

    def copy(self, call: Any) -> Any:
        """The same function with code of its own somewhere else; anything but a plain function is returned as it is."""
        if type(call) is not FunctionType:
            return call
        moved = FunctionType(self._moved(call.__code__), call.__globals__, call.__name__, call.__defaults__, call.__closure__)
        moved.__kwdefaults__ = call.__kwdefaults__
        moved.__dict__.update(call.__dict__)
        moved.__qualname__, moved.__module__, moved.__doc__ = call.__qualname__, call.__module__, call.__doc__
        return moved

    def _moved(self, code: CodeType) -> CodeType:
        self._junk += [bytes(1 + self._draw(_LARGEST)) for _ in range(self._draw(_MOST_JUNK))]
        constants = tuple(self._moved(one) if isinstance(one, CodeType) else one for one in code.co_consts)
        return code.replace(co_consts=constants)

    def _draw(self, below: int) -> int:
        """A linear congruential generator: importing `random` costs a worker 5 ms."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % below
