"""fibench report: the HTML page of a stored run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from fibench.cli import exits, options


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run id, a label, or last.")] = "last",
    output: Annotated[
        Optional[Path], typer.Option("--output", "-o", metavar="FILE", help="Where; the suffix is the format.")
    ] = None,
    store: options.Store = None,
) -> int:
    """Write a stored run as an HTML page in reports/.

    The page needs nothing else and opens offline; with -o the suffix names another format: .md .csv .json .xml .txt

    Example: fibench report last -o reports/today.html
    """
    from fibench.app.history import judged
    from fibench.cli.show import REPORTS, check_outputs, write
    from fibench.report.builder import build
    from fibench.store.sql import open_store

    check_outputs([output] if output else [])
    with open_store(store, read_only=True) as opened:
        found, result = judged(opened, run)
    write(build(result, found), result, output or REPORTS / f"{found.label or found.id}.html")
    return exits.PASS
