"""One case, measured: generation after generation of fresh workers, until the rule is satisfied or the budget spent.

Nothing is judged here. What happens comes out as events (a Generation, a Failure, a Note) in the order in which it
happened, and each is stored by the caller before the next begins.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from fibench.measure import equality, raw
from fibench.measure.doubts import doubts
from fibench.measure.launcher import ROOT, VariantFailedError, Worker
from fibench.measure.nursery import Nursery
from fibench.measure.plan import SEARCH, Costs, Plan, choose_loops, choose_plan, choose_windows, shares_process
from fibench.measure.wire import Tree, tasks_of
from fibench.model.case import CONTROL, Case, Variant
from fibench.model.note import Note
from fibench.model.run import CaseRecord, Generation
from fibench.stats.sequential import fewest_units

CALIBRATED = 0.01
"""Seconds of a call whose first run already tells how long it takes."""
Schedule = Callable[[int, Plan, bool, random.Random], list[tuple[int, ...]]]
"""(variants, plan, with control, rng) → rounds; see `fibench.scenario.order`."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A variant that cannot be measured (any more), and why."""

    variant: str
    reason: str
    detail: str = ""
    hint: str = ""


Event = Generation | Failure | Note | Plan


@dataclass(frozen=True, slots=True)
class Kit:
    """What a session needs besides the case."""

    nursery: Nursery
    operation: str
    schedule: Schedule
    seed: int
    per_round: bool = False
    service: bool = False
    same_inputs: Callable[[Mapping[str, Any], Mapping[str, Any]], bool] = lambda one, other: True
    trees: Mapping[str, Tree] = field(default_factory=dict)
    show_output: bool = False


class Session:
    """The measurement of one case. `events()` may be left at any point: the worker ends with it."""

    def __init__(self, case: Case, kit: Kit, done: CaseRecord) -> None:
        self.case, self.kit = case, kit
        self.variants = [variant for variant in case.variants if variant.name not in done.failures]
        self.separate = not shares_process(case, fresh=kit.per_round)
        self.next_index = 1 + max((generation.index for generation in done.generations), default=-1)
        self.unit: Literal["generation", "round"] | None = done.unit if done.generations else None
        self.plan: Plan | None = None
        self.seconds_per_call: list[float] = [0.0]
        self.places: dict[str, str] = {}
        self.sources = {variant.name: source for variant in case.variants if (source := _source(done, variant.name))}
        self.tried: list[float] = []
        self.parallel = False
        self.before = max(done.seconds, sum(generation.seconds for generation in done.generations))
        self.began = 0.0
        self.opening = 0.0
        self.cpu = 0
        self.cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]

    def events(self) -> Generator[Event, None, None]:
        """Measure until nobody asks for more, or until no variant is left."""
        self.began = time.monotonic() - self.before
        while self.variants and self._worth_a_start():
            try:
                yield from self._generation()
            except VariantFailedError as error:
                yield self._drop(error)

    def _worth_a_start(self) -> bool:
        """Servers that would hardly be up before the budget is spent, or searches that would not end, are not started."""
        if self.plan is None or not self.plan.at_once:
            return True
        left = self.case.measure.budget - (time.monotonic() - self.began)
        if self.plan is SEARCH:
            return left > self.case.measure.budget / 2
        return left > self.opening + 2 * sum(self.seconds_per_call)

    def _generation(self) -> Iterator[Event]:
        index, started = self.next_index, time.time()
        rng = random.Random(f"{self.kit.seed}:{self.case.key}:{index}")
        worker = self._start(rng)
        try:
            clock = time.monotonic()
            opened = self._open(worker, rng, index)
            if self.plan is None:
                self.opening = time.monotonic() - clock
                opened_count = len(self.variants)
                yield from self._try(worker)
                if len(self.variants) < opened_count:
                    return  # the numbering has changed: start again without those that were dropped
                self.plan = self._plan(worker, opened["once"], self.opening)
                yield self.plan
                unpinned = self.separate and self.parallel
                yield from doubts(self.case, self.variants, self.plan, self.seconds_per_call, parallel=unpinned)
            self.unit = self.plan.unit  # whoever drops out later: what was measured keeps its unit
            facts = {"variants": opened["facts"], "modules": opened["modules"]}
            for rounds in self._portions(rng):
                generation = self._collect(rounds, self._measure(worker, rounds, rng), started, facts)
                self.next_index, started = self.next_index + 1, time.time()
                if self.plan.at_once:
                    yield generation
                if generation.remarks and all(remark.get("done") for remark in generation.remarks):
                    break  # the searches of these servers are over
            self._close(worker)
        finally:
            self._end(worker)
        if not self.plan.at_once:
            yield generation  # its processes are gone: whoever looks at it now disturbs nothing

    def _portions(self, rng: random.Random) -> Iterator[list[tuple[int, ...]]]:
        """The generation's rounds, as many at a time as are to be stored together."""
        assert self.plan is not None
        rounds = self._rounds(rng)
        size = self.plan.at_once or len(rounds)
        yield from (rounds[start : start + size] for start in range(0, len(rounds), size))

    def _end(self, worker: Worker) -> None:
        worker.end()
        if self.kit.service:
            self.kit.nursery.sweep()  # servers that outlived their worker would disturb the next ones

    def _start(self, rng: random.Random) -> Worker:
        first = self.variants[0]
        python, env = (None, {}) if self.separate or self.kit.per_round else (first.python, first.env)
        return Worker(self.kit.nursery, python=python, env=env, seed=rng.getrandbits(31), show=self.kit.show_output)

    def _open(self, worker: Worker, rng: random.Random, index: int) -> dict[str, Any]:
        tasks = tasks_of(self.case, self.variants, self.kit.trees)
        if self._with_control:
            tasks.append({**tasks[0], "name": CONTROL})
        order = list(range(len(tasks)))
        rng.shuffle(order)
        task = {
            "do": "open", "operation": self.kit.operation, "separate": self.separate, "variants": tasks,
            "order": order, "root": ROOT,
        }  # fmt: skip
        opened: dict[str, Any] = worker.ask(task, self.case.measure.patience * len(tasks))
        self._same_source(opened["facts"])
        self.cpu = self.cpus[index % len(self.cpus)]
        self.places = {name: facts["place"] for name, facts in opened["facts"].items() if "place" in facts}
        return opened

    def _same_source(self, facts: Mapping[str, Mapping[str, Any]]) -> None:
        """Code that was edited meanwhile is other code: its numbers must not be mixed with those before."""
        for number, variant in enumerate(self.variants):
            now = facts.get(variant.name, {}).get("source", "")
            if self.sources.setdefault(variant.name, now) != now:
                place = str(facts[variant.name].get("place", ""))
                raise VariantFailedError(
                    "the source changed while it was measured", number, where=place, hint="start a new run"
                )

    def _try(self, worker: Worker) -> Iterator[Event]:
        """The smoke pass: every variant is called before anything is timed, and equal answers are insisted on."""
        outcomes = [
            worker.ask({"do": "try", "number": number}, self.case.measure.patience) for number in range(len(self.variants))
        ]
        self.tried = [float(outcome["seconds"]) for outcome in outcomes]
        self.parallel = any(outcome["parallel"] for outcome in outcomes)
        kept = [self.variants[0]]
        for variant, outcome in list(zip(self.variants, outcomes, strict=True))[1:]:
            verdict = self._agree(variant, outcomes[0], outcome)
            if verdict.equal is False:
                reason = f"outputs differ: {self.variants[0].name} and {variant.name} gave {verdict.why}"
                hint = "make them agree, or say measure: {check: none} if they need not"
                yield Failure(variant.name, reason + self._at(variant, None), hint=hint)
                continue
            kept.append(variant)
            if verdict.why:
                yield Note("outputs-not-compared", f"outputs of {variant.name} were not compared: {verdict.why}")
        self.variants = kept

    def _agree(self, variant: Variant, baseline: Mapping[str, Any], candidate: Mapping[str, Any]) -> equality.Verdict:
        check = self.case.measure.check
        if check == "none" or (check == "auto" and not self.kit.same_inputs(self.variants[0].params, variant.params)):
            return equality.Verdict(None)
        return equality.compare(baseline, candidate)

    def _plan(self, worker: Worker, once: bool, opening: float) -> Plan:
        measure = self.case.measure
        self.seconds_per_call = [
            tried
            if once or tried > CALIBRATED
            else worker.ask({"do": "calibrate", "target": measure.block, "number": number}, measure.patience)
            for number, tried in enumerate(self.tried)
        ]
        fewest = fewest_units(measure.alpha)
        if self.kit.service and any(metric.bracket for metric in self.case.metrics):
            return SEARCH
        if self.kit.service:
            return choose_windows(self.seconds_per_call, opening, measure.budget, fewest)
        costs = Costs(self.seconds_per_call, opening, measure.budget, fewest, warm=not self.kit.per_round)
        loops = choose_loops(self.seconds_per_call, measure.block, once)
        plan = choose_plan(costs, loops, self.kit.per_round or self.unit == "round")
        return replace(plan, unit=self.unit) if self.unit else plan

    @property
    def _with_control(self) -> bool:
        """The twin is a second opening of the first variant still measured, as long as that is the baseline."""
        if self.plan is not None and not self.plan.control:
            return False
        return self.case.measure.control and self.variants[0] == self.case.baseline

    def _rounds(self, rng: random.Random) -> list[tuple[int, ...]]:
        """The generation's rounds; where they are the unit, no more than still fit the budget."""
        assert self.plan is not None
        plan = self.plan
        if plan.unit == "round" and plan is not SEARCH:
            once = sum(self.seconds_per_call) * plan.loops * (1.2 if plan.control else 1.0)
            left = self.case.measure.budget - (time.monotonic() - self.began)
            spare = 0.0 if plan.at_once else self.opening
            plan = replace(plan, rounds=max(1, min(plan.rounds, int((left - spare) / once))))
        return self.kit.schedule(len(self.variants), plan, self._with_control, rng)

    def _measure(self, worker: Worker, rounds: list[tuple[int, ...]], rng: random.Random) -> dict[str, Any]:
        assert self.plan is not None
        measure = self.case.measure
        order = [] if self.kit.per_round else list(range(len(self.variants) + self._with_control))
        rng.shuffle(order)
        task = {
            "do": "measure", "loops": self.plan.loops, "rounds": rounds, "order": order,
            "warmup": measure.warmup, "gc": measure.gc, "cpu": None if self.parallel else self.cpu,
        }  # fmt: skip
        blocks = sum(map(len, rounds)) + len(order)
        expected = max(self.seconds_per_call) * self.plan.loops * blocks + measure.warmup * len(order)
        found: dict[str, Any] = worker.ask(task, measure.patience + 2 * expected)
        return found

    def _close(self, worker: Worker) -> None:
        try:
            worker.ask({"do": "close"}, 10.0)
        except VariantFailedError:
            pass  # the numbers are safe; the worker is killed next

    def _collect(
        self, rounds: list[tuple[int, ...]], found: dict[str, Any], started: float, facts: dict[str, Any]
    ) -> Generation:
        assert self.plan is not None
        remarks, requests = raw.taken_from(found["remarks"])
        names = [variant.name for variant in self.variants] + [CONTROL]
        return Generation(
            index=self.next_index,
            seed=self.kit.seed,
            rounds=tuple(number for number, order in enumerate(rounds) for _ in order),
            variants=tuple(names[number] for order in rounds for number in order),
            metrics={name: tuple(values) for name, values in found["columns"].items()},
            loops=self.plan.loops,
            started=started,
            seconds=time.time() - started,
            facts=facts,
            remarks=remarks,
            requests=requests,
        )

    def _drop(self, error: VariantFailedError) -> Failure:
        """The variant that failed leaves; the others go on without it."""
        number = 0 if error.number is None or error.number >= len(self.variants) else error.number
        variant = self.variants.pop(number)
        self.plan = None
        return Failure(variant.name, error.message + self._at(variant, error.where), error.detail, error.hint or "")

    def _at(self, variant: Variant, where: str | None) -> str:
        """ " at file:line": where it happened, else where the target is defined."""
        place = where or self.places.get(variant.name)
        return f" at {place}" if place else ""


def _source(done: CaseRecord, variant: str) -> str:
    facts = done.generations[0].facts.get("variants", {}) if done.generations else {}
    return str(facts.get(variant, {}).get("source", ""))
