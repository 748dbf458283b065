"""fibench runs: what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fibench.cli import exits, options

if TYPE_CHECKING:
    from fibench.model.run import Run


def command(
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many, newest first.")] = 20,
    json: options.Json = False,
    store: options.Store = None,
) -> int:
    """List the stored runs, newest first.

    Example: fibench runs --limit 5
    """
    from fibench.cli.console import emit, say
    from fibench.cli.runs_table import HEADER, rows
    from fibench.cli.table import print_table

    found = _recent(store, limit)
    if json:
        import json as codec

        emit(codec.dumps([
            {"run": run.id, "label": run.label, "state": run.state, "started": run.started, "seconds": run.seconds,
             "cases": [record.case.title for record in run.cases]} for run in found
        ], indent=2))  # fmt: skip
    elif found:
        print_table(HEADER, rows(found))
    else:
        say("no runs yet: fibench run SCENARIO")
    return exits.PASS


def _recent(store: str | None, limit: int) -> list[Run]:
    """The newest runs; none where the usual store does not exist yet (a store that was named must be there)."""
    from fibench.app.history import settled
    from fibench.errors import NotFoundError
    from fibench.store.sql import open_store

    try:
        with open_store(store, read_only=True) as opened:
            return [settled(run) for run in opened.recent(limit)]
    except NotFoundError:
        if store:
            raise
        return []
