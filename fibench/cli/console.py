"""Data goes to stdout, talk to stderr; colour only on a terminal, and never with NO_COLOR."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from fibench.errors import FibenchError


@cache
def out() -> Console:
    """Where results go."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


@cache
def err() -> Console:
    """Where progress, hints and errors go."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """A line of talk, without markup (paths and names may hold brackets)."""
    err().print(text, markup=False)


def emit(text: str) -> None:
    """Data, exactly as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def complain(error: FibenchError) -> None:
    """ "error: where: what" and, on the next line, what to do."""
    from rich.text import Text

    place = f"{error.where}: " if error.where else ""
    first, *more = f"{place}{error.message}".splitlines() or [""]
    err().print(Text("error: ", style="bold red") + Text(first), soft_wrap=True)
    for line in more:
        err().print(Text("       " + line), soft_wrap=True)
    if error.hint:
        err().print(Text("hint: ", style="bold cyan") + Text(error.hint), soft_wrap=True)
