"""The store, looked back at: a run judged again, and the ledger of claims over all runs."""

from __future__ import annotations

from dataclasses import replace

from fibench.app.judging import judge
from fibench.app.run import sessions_of
from fibench.environment.process import alive
from fibench.judge.findings import CONFIRMED, REFUTED
from fibench.model.result import ClaimResult, RunResult
from fibench.model.run import Run
from fibench.store.sql import SqlStore

LOOKED_AT = 200
"""Runs that the ledger looks back over."""
DECIDED = (CONFIRMED, REFUTED)


def judged(store: SqlStore, word: str) -> tuple[Run, RunResult]:
    """The run called `word` and what it says."""
    run = settled(store.load(store.find(word)))
    return run, judge(run, sessions_of(store))


def settled(run: Run) -> Run:
    """A run that claims to be running while its process is gone was interrupted."""
    return replace(run, state="interrupted") if run.state == "running" and not alive(run.owner) else run


def ledger(store: SqlStore) -> list[ClaimResult]:
    """Every claim's newest verdict, in order of id; a decided verdict is not replaced by a later undecided one.

    A verdict that another session on the store gave as well has evidence E3; one that another session contradicts
    says so in its reason.
    """
    found: dict[str, list[ClaimResult]] = {}
    for header in store.recent(LOOKED_AT):
        if any(record.case.claims for record in header.cases):
            for claim in judge(store.load(header.id)).claims:
                found.setdefault(claim.id, []).append(claim)
    return [_newest(results) for _, results in sorted(found.items())]


def _newest(results: list[ClaimResult]) -> ClaimResult:
    """`results` are newest first."""
    chosen = next((claim for claim in results if claim.verdict in DECIDED), results[0])
    others = [claim for claim in results if claim is not chosen and claim.verdict in DECIDED and claim.evidence]
    against = [claim.run for claim in others if claim.verdict != chosen.verdict]
    if against:
        return replace(chosen, reason=f"{chosen.reason}; run {against[0]} said {_opposite(chosen.verdict)}")
    agrees = any(claim.run != chosen.run for claim in others)
    return replace(chosen, evidence="E3") if agrees and chosen.evidence == "E2" else chosen


def _opposite(verdict: str) -> str:
    return REFUTED if verdict == CONFIRMED else CONFIRMED
