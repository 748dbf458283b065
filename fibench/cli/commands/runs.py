"""fibench runs: what is stored."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from fibench.cli import exits, options


def command(
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many, newest first.")] = 20,
    json: options.Json = False,
    store: options.Store = None,
) -> int:
    """List the stored runs, newest first.

    Example: fibench runs --limit 5
    """
    from fibench import units
    from fibench.app.history import settled
    from fibench.cli.console import emit
    from fibench.cli.table import print_table
    from fibench.store.sql import open_store

    with open_store(store, read_only=True) as opened:
        found = [settled(run) for run in opened.recent(limit)]
    if json:
        import json as codec

        emit(codec.dumps([
            {"run": run.id, "label": run.label, "state": run.state, "started": run.started, "seconds": run.seconds,
             "cases": [record.case.title for record in run.cases]} for run in found
        ], indent=2))  # fmt: skip
        return exits.PASS
    rows = []
    for run in found:
        names = list(dict.fromkeys(record.case.scenario for record in run.cases))
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started))
        rows.append(
            (run.id, run.label or "", run.state, when, units.duration(run.seconds), f"{', '.join(names)} ({len(run.cases)})")
        )
    print_table(("run", "label", "state", "started", "took", "scenarios (cases)"), rows)
    return exits.PASS
