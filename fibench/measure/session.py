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

from fibench.measure import equality
from fibench.measure.launcher import ROOT, VariantFailedError, Worker
from fibench.measure.nursery import Nursery
from fibench.measure.plan import Plan, choose_loops, choose_plan, shares_process
from fibench.measure.wire import Tree, task_of
from fibench.model.case import CONTROL, Case, Variant
from fibench.model.note import Note
from fibench.model.run import CaseRecord, Generation

SHORT = 1e-6
"""Seconds of a block from which the clock's own 50 ns are no matter."""
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
    same_inputs: Callable[[Mapping[str, Any], Mapping[str, Any]], bool] = lambda one, other: True
    trees: Mapping[str, Tree] = field(default_factory=dict)
    show_output: bool = False


class Session:
    """The measurement of one case. `events()` may be left at any point: the worker ends with it."""

    def __init__(self, case: Case, kit: Kit, done: CaseRecord) -> None:
        self.case, self.kit = case, kit
        self.variants = [variant for variant in case.variants if variant.name not in done.failures]
        self.separate = not shares_process(case)
        self.next_index = 1 + max((generation.index for generation in done.generations), default=-1)
        self.unit: Literal["generation", "round"] | None = done.unit if done.generations else None
        self.plan: Plan | None = None
        self.seconds_per_call: list[float] = [0.0]
        self.places: dict[str, str] = {}
        self.cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]

    def events(self) -> Generator[Event, None, None]:
        """Measure until nobody asks for more, or until no variant is left."""
        while self.variants:
            try:
                yield from self._generation()
            except VariantFailedError as error:
                yield self._drop(error)

    def _generation(self) -> Iterator[Event]:
        index, started = self.next_index, time.time()
        rng = random.Random(f"{self.kit.seed}:{self.case.key}:{index}")
        worker = self._start(rng)
        try:
            clock = time.monotonic()
            opened = self._open(worker, rng, index)
            if self.plan is None:
                opening = time.monotonic() - clock
                opened_count = len(self.variants)
                yield from self._try(worker)
                if len(self.variants) < opened_count:
                    return  # the numbering has changed: start again without those that were dropped
                self.plan = self._plan(worker, opened["once"], opening)
                yield self.plan
                yield from self._short_blocks()
            rounds = self._rounds(rng)
            columns = self._measure(worker, rounds, rng)
            facts = {"variants": opened["facts"], "modules": opened["modules"]}
            self._close(worker)
        finally:
            worker.end()
        self.next_index += 1
        yield self._collect(index, rounds, columns, started, facts)

    def _start(self, rng: random.Random) -> Worker:
        first = self.variants[0]
        python, env = (None, {}) if self.separate else (first.python, first.env)
        return Worker(self.kit.nursery, python=python, env=env, seed=rng.getrandbits(31), show=self.kit.show_output)

    def _open(self, worker: Worker, rng: random.Random, index: int) -> dict[str, Any]:
        tasks = [task_of(self.case, variant, self.kit.trees) for variant in self.variants]
        if self._with_control:
            tasks.append({**tasks[0], "name": CONTROL})
        order = list(range(len(tasks)))
        rng.shuffle(order)
        task = {
            "do": "open", "operation": self.kit.operation, "separate": self.separate, "variants": tasks,
            "order": order, "cpu": self.cpus[index % len(self.cpus)], "root": ROOT,
        }  # fmt: skip
        opened: dict[str, Any] = worker.ask(task, self.case.measure.timeout)
        self.places = {name: facts["place"] for name, facts in opened["facts"].items() if "place" in facts}
        return opened

    def _try(self, worker: Worker) -> Iterator[Event]:
        """The smoke pass: every variant is called before anything is timed, and equal answers are insisted on."""
        outcomes = [
            worker.ask({"do": "try", "number": number}, self.case.measure.timeout) for number in range(len(self.variants))
        ]
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
        task = {"do": "calibrate", "target": measure.block, "numbers": list(range(len(self.variants)))}
        seconds = worker.ask(task, measure.timeout)
        self.seconds_per_call = seconds
        plan = choose_plan(seconds, choose_loops(seconds, measure.block, once), opening, self.kit.per_round)
        return replace(plan, unit=self.unit) if self.unit else plan

    def _short_blocks(self) -> Iterator[Note]:
        """The clock needs 50 ns: blocks that last less than 1 µs are too slow by several percent."""
        assert self.plan is not None
        for variant, seconds in zip(self.variants, self.seconds_per_call, strict=True):
            if seconds * self.plan.loops < SHORT and seconds * 1000 < max(self.seconds_per_call):
                text = f"{variant.name} is so fast that its blocks last less than the clock can tell well"
                yield Note("short-blocks", text, "its gain is larger than what is shown", self.case.title)

    @property
    def _with_control(self) -> bool:
        """The twin is a second opening of the first variant still measured, as long as that is the baseline."""
        return self.case.measure.control and self.variants[0] == self.case.baseline

    def _rounds(self, rng: random.Random) -> list[tuple[int, ...]]:
        assert self.plan is not None
        return self.kit.schedule(len(self.variants), self.plan, self._with_control, rng)

    def _measure(self, worker: Worker, rounds: list[tuple[int, ...]], rng: random.Random) -> dict[str, list[float]]:
        assert self.plan is not None
        measure = self.case.measure
        order = list(range(len(self.variants) + self._with_control))
        rng.shuffle(order)
        task = {
            "do": "measure", "loops": self.plan.loops, "rounds": rounds, "order": order,
            "warmup": measure.warmup, "gc": measure.gc,
        }  # fmt: skip
        expected = max(self.seconds_per_call) * self.plan.loops * (sum(map(len, rounds)) + len(order)) + measure.warmup * len(
            order
        )
        columns: dict[str, list[float]] = worker.ask(task, measure.timeout + 2 * expected)
        return columns

    def _close(self, worker: Worker) -> None:
        try:
            worker.ask({"do": "close"}, 10.0)
        except VariantFailedError:
            pass  # the numbers are safe; the worker is killed next

    def _collect(
        self, index: int, rounds: list[tuple[int, ...]], columns: dict[str, list[float]], started: float, facts: dict[str, Any]
    ) -> Generation:
        assert self.plan is not None
        names = [variant.name for variant in self.variants] + [CONTROL]
        return Generation(
            index=index,
            seed=self.kit.seed,
            rounds=tuple(number for number, order in enumerate(rounds) for _ in order),
            variants=tuple(names[number] for order in rounds for number in order),
            metrics={name: tuple(values) for name, values in columns.items()},
            loops=self.plan.loops,
            started=started,
            seconds=time.time() - started,
            facts=facts,
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
