"""The product, read aloud: plan → measure → store → compare → judge."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fibench.app import consent
from fibench.app.judging import Earlier, judge
from fibench.app.measuring import Bench, folder_of, measure
from fibench.app.neighbours import CODE, Watch
from fibench.app.observer import Observer
from fibench.app.planning import Choice, Planned, plan
from fibench.environment.fingerprint import collect
from fibench.environment.process import me
from fibench.environment.revision import Checkout, check_out, verify
from fibench.errors import StoreError
from fibench.judge.rule import UntilDecided
from fibench.measure.nursery import Nursery
from fibench.model.note import Note
from fibench.model.result import RunResult
from fibench.model.run import CaseRecord, Run, State
from fibench.ports import StoppingRule
from fibench.store.sql import SqlStore

LOOKED_AT = 3
"""Sessions of a case that may repeat or contradict a verdict."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for."""

    scenarios: tuple[str, ...]
    choice: Choice = Choice()
    label: str | None = None
    command: str = ""
    show_output: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """A run as it is stored, and what it says."""

    run: Run
    result: RunResult


def run(request: Request, store: SqlStore, observer: Observer, planned: Sequence[Planned] | None = None) -> Measured:
    """Measure scenarios (`planned`, if they have been read), store everything as it comes, and judge.

    Ctrl-C ends the run as `interrupted`.
    """
    planned = planned or plan(request.scenarios, request.choice)
    new = begin(planned, request)
    store.begin(new)
    return carry_out(new, planned, store, observer, show_output=request.show_output)


def begin(planned: Sequence[Planned], request: Request) -> Run:
    """A new run with its identity, machine and empty records."""
    _check_revisions(planned)
    consent.check(planned, request.choice.may_load)
    packages = {name for one in planned for name in one.workload.packages}
    seeds = [one.case.measure.seed for one in planned if one.case.measure.seed is not None]
    now = time.time()
    return Run(
        id=time.strftime("%Y%m%d-%H%M%S-", time.gmtime(now)) + uuid.uuid4().hex[:4],
        started=now,
        state="running",
        fingerprint=collect(packages, folder_of(planned[0])),
        label=request.label,
        seed=seeds[0] if seeds else random.SystemRandom().getrandbits(32),
        cases=tuple(CaseRecord(one.case) for one in planned),
        command=request.command,
        owner=me(),
    )


def carry_out(
    run: Run, planned: Sequence[Planned], store: SqlStore, observer: Observer, *,
    rule: StoppingRule | None = None, show_output: bool = False,
) -> Measured:  # fmt: skip
    """Measure every case of a run that is not done yet; the state says how it ended, and no error loses a generation."""
    records, start = list(run.cases), time.monotonic()
    state: State = "failed"
    watch = Watch()
    observer.began(run.id, [record.case for record in records])
    try:
        with Nursery() as nursery:
            trees = _check_out(planned, nursery)
            bench = Bench(run.id, run.seed, store, nursery, rule or UntilDecided(), observer, trees, show_output)
            for index, one in enumerate(planned):
                if not records[index].done:
                    records[index] = measure(one, index, records[index], bench)
                observer.case_done(index, judge(replace(run, cases=(records[index],))).cases[0])
        state = "complete"
    except KeyboardInterrupt:
        state = "interrupted"
        records = list(store.load(run.id).cases)
    except StoreError:
        raise  # what cannot take a generation cannot take the end either; its owner gone, the run can be resumed
    except BaseException:
        _end(run, state, store, start)
        raise
    _end(run, state, store, start, watch.note(run.cases, records))
    stored = store.load(run.id)
    return Measured(stored, judge(stored, sessions_of(store)))


def _end(run: Run, state: State, store: SqlStore, start: float, note: Note | None = None) -> None:
    """Close the run; of a resumed one that was disturbed twice, the first note stays."""
    new = (note,) if note and not any(old.code == CODE for old in run.notes) else ()
    store.finish(run.id, state, run.seconds + time.monotonic() - start, (*run.notes, *new))


def _check_revisions(planned: Sequence[Planned]) -> None:
    """Before a run exists: a revision that git does not know must leave none behind."""
    for one in planned:
        for variant in one.case.variants:
            if variant.revision:
                verify(folder_of(one), variant.revision)


def _check_out(planned: Sequence[Planned], nursery: Nursery) -> dict[Path, dict[str, Checkout]]:
    """Work trees by scenario folder: scenarios of one run may lie in several repositories."""
    found: dict[Path, dict[str, Checkout]] = {}
    for one in planned:
        wanted = [variant.revision for variant in one.case.variants if variant.revision]
        known = found.setdefault(folder_of(one), {})
        known |= check_out(set(wanted) - known.keys(), folder_of(one), nursery.folder, nursery.announce_tree)
    return found


def sessions_of(store: SqlStore) -> Earlier:
    """The last complete sessions of a case; one of them may be the run that is judged."""
    return lambda key: [(one.run, one.fingerprint, one.record) for one in store.sessions(key, LOOKED_AT)]
