"""Commands of the design that are not built yet answer with a clear error instead of "no such command"."""

from __future__ import annotations

from collections.abc import Callable

import typer

from fibench.errors import UsageError

PLANNED = {
    "profile": "profiles and differential flamegraphs",
    "mock": "the ground-truth LLM server",
    "import": "foreign result formats",
    "export": "foreign result formats",
    "history": "change points over stored runs",
    "calibrate": "A/A sessions on this machine (today: make calibrate)",
}


def register(app: typer.Typer) -> None:
    """Add the planned names, hidden from --help."""
    for name, what in PLANNED.items():
        settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
        app.command(name, hidden=True, context_settings=settings)(_answer(name, what))


def _answer(name: str, what: str) -> Callable[[], None]:
    def command() -> None:
        raise UsageError(f"'fibench {name}' ({what}) is designed but not built yet", hint="fibench --help lists what is")

    return command
