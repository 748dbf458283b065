"""The run as the application sees it: what observers are told, what is resumed, what a failing store does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fibench.app.observer import Observer
from fibench.app.planning import Choice
from fibench.app.resume import resume_run
from fibench.app.run import Request, run
from fibench.errors import NotFoundError, StoreError
from fibench.store.sql import open_store

PAIR = {"v1": {"target": "mod:a"}, "v2": {"target": "mod:b"}}


class Told(Observer):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def began(self, run_id: str, cases: Any) -> None:
        self.words.append("began")

    def case_began(self, index: int, budget: float) -> None:
        self.words.append(f"case {index}")

    def progressed(self, index: int, record: Any, elapsed: float) -> None:
        self.words.append("progressed")

    def failed(self, index: int, failure: Any) -> None:
        self.words.append(f"{failure.variant} failed")

    def case_done(self, index: int, result: Any) -> None:
        self.words.append(f"case {index} {result.state}")


@pytest.fixture
def request_(project: Any) -> Request:
    project.write("mod.py", "def a(): return 1\ndef b(): return 1\ndef bad(): raise ValueError\n")
    return Request((project.scenario("x", {**PAIR, "v3": {"target": "mod:bad"}}, measure={"max_units": 2}),), Choice())


def test_an_observer_is_told_of_every_step_in_order(request_: Request) -> None:
    told = Told()
    with open_store() as store:
        measured = run(request_, store, told)
    assert told.words[:3] == ["began", "case 0", "v3 failed"]
    assert told.words[-1] == "case 0 partial"
    assert measured.run.state == "complete"
    assert list(measured.run.cases[0].failures) == ["v3"]


class Interrupts(Told):
    """Presses Ctrl-C after the first generation."""

    def progressed(self, index: int, record: Any, elapsed: float) -> None:
        if record.generations:
            raise KeyboardInterrupt


def test_an_interrupted_run_knows_its_failures_when_it_is_resumed(request_: Request) -> None:
    with open_store() as store:
        first = run(request_, store, Interrupts())
        assert (first.run.state, len(first.run.cases[0].generations)) == ("interrupted", 1)
        told = Told()
        again = resume_run(Request((), Choice()), store, told)
    assert again.run.id == first.run.id
    assert (again.run.state, len(again.run.cases[0].generations)) == ("complete", 2)
    assert "v3 failed" not in told.words, "it is not tried again"
    assert again.run.seconds > first.run.seconds


def test_resume_wants_the_same_scenario_when_one_is_named(project: Any, request_: Request) -> None:
    other = Request((project.scenario("other", PAIR),), Choice())
    with open_store() as store:
        run(request_, store, Interrupts())
        with pytest.raises(NotFoundError):
            resume_run(other, store, Told())
        assert resume_run(request_, store, Told()).run.state == "complete"


def test_a_store_that_fails_in_mid_run_leaves_a_run_that_can_be_resumed(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store() as store:
        add, calls = store.add_generation, []

        def fails_second(*words: Any) -> None:
            calls.append(words)
            if len(calls) == 2:
                raise StoreError("the disk is full")
            add(*words)

        monkeypatch.setattr(store, "add_generation", fails_second)
        with pytest.raises(StoreError):
            run(request_, store, Told())
        header = store.recent(1)[0]
        assert header.state == "running"
        monkeypatch.setattr("fibench.app.history.alive", lambda owner: False)  # as if this process had ended
        assert resume_run(Request((), Choice()), store, Told()).run.state == "complete"


def test_the_same_seed_gives_the_same_first_rounds(project: Any, request_: Request) -> None:
    path = Path(project.scenario("y", PAIR, measure={"seed": 5}))
    with open_store() as store:
        runs = [run(replace(request_, scenarios=(str(path),)), store, Told()).run for _ in range(2)]
    first, second = (found.cases[0].generations[0].variants[:12] for found in runs)
    assert first == second
