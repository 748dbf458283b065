"""Kinds by name: built in, registered by a plug-in, or planned."""

from __future__ import annotations

from fibench import registry
from fibench.scenario.kinds import lookup
from fibench.workloads.builtin import BUILTIN, GROUP, PLANNED

kind = lookup(BUILTIN, PLANNED, GROUP)
"""The workload of a name; UsageError with the nearest word, or that it is planned."""


def kinds() -> dict[str, str]:
    """Every kind's name and where it lives."""
    return registry.names(BUILTIN, GROUP)
