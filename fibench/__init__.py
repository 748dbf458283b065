"""fibench: benchmarks that say what is true.

A scenario (YAML) becomes cases; each case is measured with all its variants interleaved block by block in fresh
worker processes; the raw samples are stored; from them come comparisons with intervals, verdicts and claims.

    cli → app → scenario · measure · store · judge · report → stats, ports → model → registry, units → errors

`fibench.run`, `fibench.load` and `fibench.compare` are the Python API. Importing `fibench` imports nothing else:
the worker processes do it dozens of times a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fibench.app.api import compare, load, run

__version__ = "0.1.0"
__all__ = ["__version__", "compare", "load", "run"]


def __getattr__(name: str) -> Any:
    if name in ("run", "load", "compare"):
        from fibench.app import api

        return getattr(api, name)
    raise AttributeError(f"module 'fibench' has no attribute '{name}'")
