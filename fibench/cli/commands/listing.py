"""fibench list: scenarios, kinds, and where they come from."""

from __future__ import annotations

from typing import Annotated

import typer

from fibench.cli import exits, options


def command(
    kinds: Annotated[bool, typer.Option("--kinds", help="List the kinds instead of the scenarios.")] = False,
    json: options.Json = False,
) -> int:
    """List the scenarios in ./scenarios (or the kinds that can be measured).

    Example: [bold]fibench list --kinds[/bold]
    """
    from fibench.cli.console import emit, say
    from fibench.cli.table import print_table

    if kinds:
        from fibench.app.kinds import kind
        from fibench.app.kinds import kinds as known

        found = [(name, kind(name).about, ", ".join(kind(name).metrics)) for name in sorted(known())]
        header = ("kind", "measures", "metrics")
    else:
        from fibench.scenario.catalog import listing

        entries = listing()
        found = [
            (entry.name, entry.kind, str(entry.claims), entry.problem or entry.about, str(entry.path)) for entry in entries
        ]  # type: ignore[misc]
        header = ("scenario", "kind", "claims", "about", "file")  # type: ignore[assignment]
    if json:
        import json as codec

        emit(codec.dumps([dict(zip(header, row, strict=True)) for row in found], indent=2, ensure_ascii=False))
    elif found:
        print_table(header, found)
    else:
        say("no scenarios in ./scenarios; fibench init writes one")
    return exits.PASS
