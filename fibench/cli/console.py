"""Data goes to stdout, talk to stderr; colour only on a terminal, and never with NO_COLOR."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from fibench.errors import FibenchError


@cache
def out() -> Console:
    """Where results go."""
    return _console(highlight=False, soft_wrap=False)


@cache
def err() -> Console:
    """Where progress, hints and errors go."""
    return _console(stderr=True, highlight=False)


def _console(*, stderr: bool = False, **settings: bool) -> Console:
    from rich.console import Console

    class Piped(Console):
        def on_broken_pipe(self) -> None:  # rich would exit with 1, which means something else here
            _unread(2 if stderr else 1)

    return Piped(stderr=stderr, **settings)  # type: ignore[arg-type]


def _unread(descriptor: int) -> None:
    """`| head` is not an error: what is still to be said goes nowhere, and the exit code stays what it is."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def say(text: str) -> None:
    """A line of talk, without markup (paths and names may hold brackets)."""
    from rich.text import Text

    _talk(Text(text))


def emit(text: str) -> None:
    """Data, exactly as it is."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _unread(1)


def complain(error: FibenchError) -> None:
    """ "error: where: what" and, on the next line, what to do."""
    from rich.text import Text

    place = f"{error.where}: " if error.where else ""
    first, *more = f"{place}{error.message}".splitlines() or [""]
    _talk(Text("error: ", style="bold red") + Text(first))
    for line in more:
        _talk(Text("       " + line))
    if error.hint:
        _talk(Text("hint: ", style="bold cyan") + Text(error.hint))


def _talk(text: Text) -> None:
    """On a terminal lines break between words; elsewhere they stay whole, for `grep`."""
    err().print(text, soft_wrap=not err().is_terminal)
