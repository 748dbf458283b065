"""One case: measure, store each generation, stop when the rule says so or the budget is spent."""

from __future__ import annotations

import random
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from fibench.app.observer import Observer
from fibench.app.planning import Planned
from fibench.environment.revision import Checkout
from fibench.judge.pair import units
from fibench.judge.refusals import UNAVAILABLE
from fibench.measure.nursery import Nursery
from fibench.measure.plan import Plan
from fibench.measure.session import Event, Failure, Kit, Session
from fibench.measure.wire import Tree
from fibench.model.note import Note
from fibench.model.run import CaseRecord, Generation
from fibench.ports import StoppingRule, Store
from fibench.scenario.order import schedule


@dataclass(frozen=True, slots=True)
class Bench:
    """What all cases of a run share."""

    run_id: str
    seed: int
    store: Store
    nursery: Nursery
    rule: StoppingRule
    observer: Observer
    checkouts: dict[Path, dict[str, Checkout]]
    show_output: bool = False


def measure(planned: Planned, index: int, record: CaseRecord, bench: Bench) -> CaseRecord:
    """Go on with `record` (empty for a new case) until it is decided; every generation is stored before the next."""
    record = _without_unavailable(planned, record)
    for variant in record.case.variants:
        for line in planned.workload.instructions(variant.params):
            bench.observer.noted(Note("start-elsewhere", f"{variant.name}: {line}"))
    session = Session(record.case, _kit(planned, bench), record)
    budget, start = record.case.measure.budget, time.monotonic()
    before = max(record.seconds, sum(generation.seconds for generation in record.generations))
    bench.observer.case_began(index, max(0.0, budget - before))
    with closing(session.events()) as events:
        for event in events:
            record = replace(_fold(record, event), seconds=before + time.monotonic() - start)
            _keep(record, event, index, bench)
            if isinstance(event, Failure):
                bench.observer.failed(index, event)
            bench.observer.progressed(index, record, record.seconds)
            if isinstance(event, Generation) and (_spent(record, budget) or (_due(record) and bench.rule.decided(record))):
                break
    record = replace(record, done=True, seconds=before + time.monotonic() - start)
    bench.store.close_case(bench.run_id, index, record)
    return record


def _keep(record: CaseRecord, event: Event, index: int, bench: Bench) -> None:
    """Store what happened at once: after a kill the run must still know its failures and its unit."""
    if isinstance(event, Generation):
        bench.store.add_generation(bench.run_id, index, event)
    else:
        bench.store.close_case(bench.run_id, index, record)


def _kit(planned: Planned, bench: Bench) -> Kit:
    return Kit(
        nursery=bench.nursery,
        operation=planned.workload.operation,
        schedule=_rounds,
        seed=bench.seed,
        per_round=planned.workload.per_round,
        service=planned.workload.service,
        same_inputs=planned.workload.same_inputs,
        trees={name: Tree(found.root, found.folder) for name, found in bench.checkouts.get(folder_of(planned), {}).items()},
        show_output=bench.show_output,
    )


def _rounds(variants: int, plan: Plan, control: bool, rng: random.Random) -> list[tuple[int, ...]]:
    every = plan.control_every if control else None
    return list(schedule(variants, plan.rounds, rng, paired=plan.paired, control_every=every))


def _without_unavailable(planned: Planned, record: CaseRecord) -> CaseRecord:
    reasons = {variant.name: planned.workload.unavailable(variant.params) for variant in record.case.variants}
    missing = {name: UNAVAILABLE + reason for name, reason in reasons.items() if reason}
    return replace(record, failures={**missing, **record.failures})


def _fold(record: CaseRecord, event: Event) -> CaseRecord:
    """A record with one more thing that happened."""
    if isinstance(event, Generation):
        return replace(record, generations=(*record.generations, event))
    if isinstance(event, Failure):
        return replace(record, failures={**record.failures, event.variant: event.reason})
    if isinstance(event, Note):
        return record if event in record.notes else replace(record, notes=(*record.notes, event))
    return replace(record, unit=event.unit)


def _due(record: CaseRecord) -> bool:
    """Look after every generation, from the hundredth on after every 2 %: judging must not cost more than measuring."""
    count = len(record.generations)
    return count < 100 or count % (count // 50) == 0


def _spent(record: CaseRecord, budget: float) -> bool:
    """True when another generation would end after the budget, or there are as many units as were asked for."""
    most = record.case.measure.max_units
    if most is not None and units(record) >= most:
        return True
    return record.seconds + _next(record) > budget


def _next(record: CaseRecord) -> float:
    """Seconds that a further generation takes at least: a usual one, or one round of it where rounds are the unit."""
    rounds = [1 if record.unit == "generation" else max(generation.rounds) + 1 for generation in record.generations]
    costs = sorted(one.seconds / count for one, count in zip(record.generations, rounds, strict=True))
    return costs[len(costs) // 2]


def folder_of(planned: Planned) -> Path:
    """Where the scenario lies."""
    return Path(planned.case.folder)
