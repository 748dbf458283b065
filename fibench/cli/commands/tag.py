"""fibench tag: give a run a name."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from fibench.cli import exits, options


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run id, a label, or last.")],
    label: Annotated[Optional[str], typer.Argument(metavar="LABEL", help="The name; left out, the label is removed.")] = None,
    store: options.Store = None,
) -> int:
    """Give a stored run a name, or take it away.

    compare, show and gate take the name; the newest run of a name counts.

    Example: fibench tag last baseline
    """
    from fibench.cli.console import say
    from fibench.store.sql import open_store

    with open_store(store) as opened:
        found = opened.find(run)
        opened.tag(found, label)
    say(f"run {found} is now called {label}" if label else f"run {found} has no label now")
    return exits.PASS
