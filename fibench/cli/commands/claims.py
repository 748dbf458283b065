"""fibench claims: the ledger of every claim over the stored runs."""

from __future__ import annotations

from typing import Annotated

import typer

from fibench.cli import exits, options


def command(
    ids: Annotated[list[str], typer.Argument(metavar="[CLAIM]...", help="Only these ids, or ids beginning so.")] = [],
    json: options.Json = False,
    store: options.Store = None,
) -> int:
    """Show the ledger: every claim, its newest verdict, its interval, evidence, and the run that shows it.

    Example: fibench claims fi.h5_
    """
    from fibench.app.history import ledger
    from fibench.cli.console import emit, out
    from fibench.errors import NotFoundError
    from fibench.registry import did_you_mean
    from fibench.report.builder import build_claims
    from fibench.report.formats.terminal import print_document
    from fibench.store.sql import open_store

    with open_store(store, read_only=True) as opened:
        every = ledger(opened)
    for wanted in ids:
        if not any(claim.id.startswith(wanted) for claim in every):
            raise NotFoundError(
                f"no stored run has a claim '{wanted}'", hint=did_you_mean(wanted, {claim.id for claim in every})
            )
    chosen = [claim for claim in every if not ids or claim.id.startswith(tuple(ids))]
    if json:
        import json as codec

        emit(codec.dumps({"claims": [claim.to_json() for claim in chosen]}, indent=2, ensure_ascii=False))
    else:
        print_document(build_claims(chosen), out())
    return exits.PASS
