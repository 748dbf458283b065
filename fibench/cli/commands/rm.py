"""fibench rm: remove runs with their samples."""

from __future__ import annotations

from typing import Annotated

import typer

from fibench.cli import exits, options


def command(
    runs: Annotated[list[str], typer.Argument(metavar="RUN", help="Run ids, labels, or last.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: options.Store = None,
) -> int:
    """Remove runs and everything measured in them.

    Asks first on a terminal; scripts need --yes.

    Example: fibench rm 20261120-154800-1f2e --yes
    """
    import sys

    from fibench.cli.console import say
    from fibench.errors import UsageError
    from fibench.store.sql import open_store

    with open_store(store) as opened:
        found = list(dict.fromkeys(opened.find(run) for run in runs))
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError("rm would remove measurements for good", hint="say --yes")
            typer.confirm(f"Remove {', '.join(found)} for good?", abort=True, err=True)
        removed = opened.remove(found)
    say(f"removed {removed} run{'s' * (removed != 1)}")
    return exits.PASS
