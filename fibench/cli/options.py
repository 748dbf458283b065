"""Options that several commands share, worded once."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

Store = Annotated[
    Optional[str],  # typer reads this annotation at run time
    typer.Option(
        "--store", envvar="FIBENCH_STORE", metavar="URL", help="Where runs live: a file or a database URL.", show_envvar=True
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Set = Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help="Change a scenario's key, e.g. params.tasks=10.")]
Budget = Annotated[Optional[str], typer.Option(metavar="TIME", help="Wall time per case, e.g. '10 s'.")]
Variants = Annotated[list[str], typer.Option("--variant", metavar="NAME", help="Measure only these variants.")]
MayLoad = Annotated[
    list[str], typer.Option("--yes-i-may-load", metavar="HOST", help="Send load to this public host: you may do that.")
]
Label = Annotated[Optional[str], typer.Option(metavar="NAME", help="Name the run, for compare and gate.")]
