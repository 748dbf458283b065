"""fibench show: a stored run, judged again from its raw samples."""

from __future__ import annotations

from typing import Annotated

import typer

from fibench.cli import exits, options


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run id, a label, or last.")] = "last",
    full: Annotated[bool, typer.Option("--full", help="Everything: percentiles, machine, method.")] = False,
    json: options.Json = False,
    store: options.Store = None,
) -> int:
    """Show a stored run, judged again from its samples.

    Example: fibench show last --full
    """
    from fibench.app.history import judged
    from fibench.cli.show import print_result
    from fibench.store.sql import open_store

    with open_store(store, read_only=True) as opened:
        found, result = judged(opened, run)
    print_result(result, found, json=json, full=full)
    return exits.PASS
