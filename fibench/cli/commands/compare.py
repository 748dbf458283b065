"""fibench compare: two variants of a run, two labels, two run ids, or two files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from fibench.cli import exits, options


def command(
    one: Annotated[str, typer.Argument(metavar="V1", help="A variant, label, run id or file.")],
    other: Annotated[str, typer.Argument(metavar="V2", help="What is held against it.")],
    run: Annotated[Optional[str], typer.Option(metavar="RUN", help="Compare variants of this run.")] = None,
    output: Annotated[list[Path], typer.Option("--output", "-o", metavar="FILE", help=".html .md .csv .json .xml .txt")] = [],
    format: Annotated[Optional[str], typer.Option(metavar="NAME", help="html, markdown, csv, json, junit, terminal.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Compare across machines and versions (E0).")] = False,
    json: options.Json = False,
    store: options.Store = None,
) -> int:
    """Compare two variants, or two stored runs.

    Two variants of the last run were interleaved then; two labels, run ids or files are two sessions.
    With -o nothing but the file's name is printed.

    Example: fibench compare v1 v2 -o reports/compare.html
    """
    from fibench.app.compare import compare
    from fibench.cli.show import STDOUT, check_outputs, print_document, write
    from fibench.report.builder import build, build_comparison
    from fibench.store.sql import open_store

    check_outputs(output, format)
    files = all(word.endswith((".json", ".db", ".sqlite")) for word in (one, other))
    opened = None if files else open_store(store, read_only=True)
    try:
        found = compare(one, other, opened, run=run, anyway=anyway)
    finally:
        if opened:
            opened.close()
    if found.before and found.after and found.before.id != found.after.id:
        document = build_comparison(found.result, found.before, found.after)
    else:
        document = build(found.result, found.after)
    for path in output or ([Path(STDOUT)] if format else []):
        write(document, found.result, path, format)
    if json or not (output or format):
        print_document(document, found.result, json=json)
    return exits.PASS
