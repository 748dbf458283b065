"""fibench init: a scenario that runs as it is, for your own code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fibench.cli import exits


def command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The scenario's name, and its file's.")] = "example",
    kind: Annotated[str, typer.Option(metavar="python|command|workers", help="What you want to measure.")] = "python",
    folder: Annotated[Path, typer.Option("--in", metavar="FOLDER", help="Where to write.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> int:
    """Write a first scenario and a small example to measure.

    Example: fibench init mine && fibench run mine.yaml
    """
    from fibench.cli.console import say
    from fibench.errors import UsageError
    from fibench.scenario.template import files

    written = files(kind, name)
    there = [found for found in written if (folder / found).exists()]
    if there and not force:
        raise UsageError(f"{folder / there[0]} exists", hint="choose another name, or say --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for found, text in written.items():
            (folder / found).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write: {error.strerror}", where=str(folder)) from error
    scenario = next(found for found in written if found.endswith((".yaml", ".yml")))
    say(f"wrote {', '.join(str(folder / found) for found in written)}")
    say(f"next: fibench run {folder / scenario}")
    return exits.PASS
