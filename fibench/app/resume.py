"""`fibench run --resume`: go on with the last run that was interrupted; its cases come from the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fibench.app import consent
from fibench.app.history import settled
from fibench.app.kinds import kind
from fibench.app.observer import Observer
from fibench.app.planning import Planned, plan
from fibench.app.run import Measured, Request, carry_out
from fibench.environment.fingerprint import collect
from fibench.environment.process import me
from fibench.errors import NotFoundError, UsageError
from fibench.judge.comparable import differences
from fibench.model.run import Run
from fibench.store.sql import SqlStore

LOOKED_AT = 50


def resume_run(
    request: Request, store: SqlStore, observer: Observer, given: Sequence[Planned] | None = None
) -> Measured:  # fmt: skip
    """Measure what is missing. The same seed gives the same schedule, so the verdict is that of an unbroken run."""
    wanted = given or (plan(request.scenarios, request.choice) if request.scenarios else ())
    keys = {one.case.key for one in wanted}
    found = next((run for run in store.recent(LOOKED_AT) if _unfinished(run, keys)), None)
    if found is None:
        raise NotFoundError("there is no interrupted run to resume", hint="fibench runs lists what is stored")
    run = store.load(found.id)
    now = collect(run.fingerprint.packages, Path(run.cases[0].case.folder) if run.cases else Path())
    changed = differences(run.fingerprint, now)
    if changed:
        raise UsageError(f"run {run.id} cannot go on here: {'; '.join(changed)}", hint="start a new run")
    planned = [Planned(record.case, kind(record.case.kind)) for record in run.cases]
    consent.check(planned, request.choice.may_load)
    store.reopen(run.id, me())
    return carry_out(run, planned, store, observer, show_output=request.show_output)


def _unfinished(run: Run, keys: set[str]) -> bool:
    ended_early = settled(run).state == "interrupted"
    return ended_early and (not keys or {record.case.key for record in run.cases} == keys)
