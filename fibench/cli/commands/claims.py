"""fibench claims: the ledger of every claim over the stored runs."""

from __future__ import annotations

from typing import Annotated

import typer

from fibench.cli import exits, options

VERDICTS = ("CONFIRMED", "REFUTED", "UNPROVEN", "NOT TESTABLE")


def command(
    ids: Annotated[list[str], typer.Argument(metavar="CLAIM", help="Only these ids, or ids beginning so.")] = [],
    verdict: Annotated[
        list[str], typer.Option(metavar="VERDICT", help="Only these: confirmed, refuted, unproven, not-testable.")
    ] = [],
    full: Annotated[bool, typer.Option("--full", help="Everything: sources, reasons, parts.")] = False,
    json: options.Json = False,
    store: options.Store = None,
) -> int:
    """Show the ledger: every claim and its newest verdict.

    With its interval, its evidence, and the run that shows it.

    Example: fibench claims fi.h5_ --verdict refuted
    """
    from fibench.app.history import ledger
    from fibench.cli.console import emit, out, say
    from fibench.errors import NotFoundError
    from fibench.registry import did_you_mean
    from fibench.report.builder import build_claims
    from fibench.report.formats.terminal import print_document
    from fibench.store.sql import open_store

    kept = {_verdict(word) for word in verdict} or set(VERDICTS)
    with open_store(store, read_only=True) as opened:
        every = ledger(opened)
    for wanted in ids:
        if not any(claim.id.startswith(wanted) for claim in every):
            raise NotFoundError(
                f"no stored run has a claim '{wanted}'", hint=did_you_mean(wanted, {claim.id for claim in every})
            )
    named = [claim for claim in every if not ids or claim.id.startswith(tuple(ids))]
    chosen = [claim for claim in named if claim.verdict in kept]
    if json:
        import json as codec

        emit(codec.dumps({"claims": [claim.to_json() for claim in chosen]}, indent=2, ensure_ascii=False))
    elif named and not chosen:
        say(f"none of the {len(named)} claims is {' or '.join(sorted(kept))}")
    else:
        print_document(build_claims(chosen), out(), full=full)
    return exits.PASS


def _verdict(word: str) -> str:
    """The verdict that is meant, however it is spelled."""
    from fibench.errors import UsageError
    from fibench.registry import did_you_mean

    found = word.upper().replace("-", " ").replace("_", " ")
    if found not in VERDICTS:
        raise UsageError(f"--verdict: there is no verdict '{word}'", hint=did_you_mean(found, VERDICTS).lower())
    return found
