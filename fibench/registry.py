"""Names → "module:attribute", imported on use; third parties register the same form through entry points.

A built-in table is plain data, so `fibench list` needs neither h5py nor uvloop.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from typing import Any

from fibench.errors import MissingExtraError, UsageError


def names(builtin: Mapping[str, str], group: str) -> dict[str, str]:
    """All registered names of a group with the place each one lives; built-ins win over plug-ins."""
    found = {point.name: point.value for point in entry_points(group=group)}
    return {**found, **builtin}


def resolve(name: str, builtin: Mapping[str, str], group: str, *, what: str) -> Any:
    """The object registered under `name`; a near miss is answered with the nearest word."""
    if name in builtin:  # looked up first: reading every entry point of the environment takes 10–50 ms
        return load(builtin[name])
    table = names(builtin, group)
    if name not in table:
        raise UsageError(f"unknown {what} '{name}'", hint=did_you_mean(name, table))
    return load(table[name])


def load(address: str) -> Any:
    """Import "module:attribute"."""
    module, _, attribute = address.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"'{address}' needs the package '{error.name}'", hint=f"pip install {error.name}") from error
    for part in attribute.split("."):
        found = getattr(found, part)
    return found


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ "did you mean 'uvloop'?" or the list of what exists."""
    options = sorted(known)
    by_lower = {option.lower(): option for option in reversed(options)}
    near = difflib.get_close_matches(word.lower()[:80], by_lower, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{by_lower[near[0]]}'?"
    return f"known: {', '.join(options)}" if options else "none is known here"
