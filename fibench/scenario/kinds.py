"""How the stage reaches kinds: a function that the app passes in, so that stages need not know one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fibench import registry
from fibench.errors import UsageError
from fibench.ports import Workload

KindLookup = Callable[[str], Workload]
"""The workload of a kind's name; UsageError, saying why, when there is none."""


def lookup(builtin: Mapping[str, str], planned: Mapping[str, str], group: str) -> KindLookup:
    """The usual lookup: built-in table, then entry points; a planned kind is named as such."""

    def find(name: str) -> Workload:
        if name in planned and name not in builtin and name not in registry.names(builtin, group):
            raise UsageError(f"kind '{name}' is planned but not built yet ({planned[name]})")
        found: Workload = registry.resolve(name, builtin, group, what="kind")
        return found

    return find
