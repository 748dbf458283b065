"""fibench list: scenarios, kinds, and where they come from."""

from __future__ import annotations

from typing import Annotated

import typer

from fibench.cli import exits, options


def command(
    kinds: Annotated[bool, typer.Option("--kinds", help="List the kinds instead of the scenarios.")] = False,
    json: options.Json = False,
) -> int:
    """List the scenarios here, or the kinds of work.

    Scenarios are looked for in ./ and ./scenarios.

    Example: fibench list --kinds
    """
    from fibench.cli.console import emit, say
    from fibench.cli.table import print_table

    if kinds:
        from fibench.app.kinds import kind
        from fibench.app.kinds import kinds as known

        rows: list[tuple[str | int, ...]]
        rows = [(name, kind(name).about, ", ".join(kind(name).metrics)) for name in sorted(known())]
        header: tuple[str, ...] = ("kind", "measures", "metrics")
    else:
        from fibench.scenario.catalog import listing

        rows = [(one.name, one.kind, one.claims, one.problem or one.about, str(one.path)) for one in listing()]
        header = ("scenario", "kind", "claims", "about", "file")
    if json:
        import json as codec

        emit(codec.dumps([dict(zip(header, row, strict=True)) for row in rows], indent=2, ensure_ascii=False))
    elif rows:
        print_table(header, [[str(cell) for cell in row] for row in rows], below=("about", "measures"))
    else:
        say("no scenarios in ./ or ./scenarios: fibench init writes one")
    return exits.PASS
