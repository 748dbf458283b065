"""What the environment says: where the events go, and which of the two services this is.

V1 is the document's present state, V2 its proposals; each finer switch changes one of them alone, so that a gain can be
traced to its cause. The event loop (asyncio, uvloop) and the number of workers belong to the server's command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILTERS: dict[str, dict[str, Any]] = {
    "gzip-4": {"compression": "gzip", "compression_opts": 4},
    "gzip-1": {"compression": "gzip", "compression_opts": 1},
    "lzf": {"compression": "lzf"},
    "none": {},
}
VERSIONS = {
    "v1": {"json": "json", "compression": "gzip-4", "layout": "vlen", "commit": "event"},
    "v2": {"json": "orjson", "compression": "lzf", "layout": "concatenated", "commit": "group"},
}
CHOICES = {
    "json": ("json", "orjson"),
    "compression": tuple(FILTERS),
    "layout": ("vlen", "concatenated"),
    "commit": ("event", "group"),
}


class SettingsError(ValueError):
    """The environment asks for something that there is not; the message names the variable and what it may be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One service. `layout` also says how files are shared: `vlen` is one for all, `concatenated` one per process."""

    store: Path
    json: str = "orjson"
    compression: str = "lzf"
    layout: str = "concatenated"
    commit: str = "group"


def read(environment: Mapping[str, str]) -> Settings:
    """The settings of CONSULTATIONS_STORE, _VERSION (v2), _JSON, _COMPRESSION, _LAYOUT and _COMMIT."""
    store = environment.get("CONSULTATIONS_STORE", "")
    if not store:
        raise SettingsError("CONSULTATIONS_STORE is not set: give the folder that takes the event files")
    version = _one_of(environment, "version", "v2", tuple(VERSIONS))
    chosen = {name: _one_of(environment, name, VERSIONS[version][name], known) for name, known in CHOICES.items()}
    return Settings(Path(store), **chosen)


def _one_of(environment: Mapping[str, str], name: str, default: str, known: tuple[str, ...]) -> str:
    variable = f"CONSULTATIONS_{name.upper()}"
    value = environment.get(variable, default)
    if value not in known:
        raise SettingsError(f"{variable}: '{value}' is none of {', '.join(known)}")
    return value
