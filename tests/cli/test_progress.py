"""What is seen while a run goes on: nothing jumps, nothing is wider than the screen, nothing stays behind."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from fibench.cli.labels import labels, told
from fibench.cli.progress import MOST, Progress
from fibench.judge.case import judge_case
from fibench.model.case import Case, Variant
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord, Generation
from fibench.model.scenario import Measure


def case(
    point: dict[str, Any], names: tuple[str, ...] = ("v1", "v2"), scenario: str = "a-long-name", budget: str = "10 s"
) -> Case:
    return Case(
        scenario=scenario, kind="python", point=point, variants=tuple(Variant(name=name, params={}) for name in names),
        metrics=(Metric("wall"),), measure=Measure(budget=budget, control=False), key=repr((scenario, point)),
    )  # fmt: skip


def record(of: Case, generations: int, gain: float = 2.0, failures: dict[str, str] | None = None) -> CaseRecord:
    """Every variant `gain` times faster than the one before it."""
    names = [one.name for one in of.variants]
    made = tuple(
        Generation(index, 1, (0,) * len(names), tuple(names), {"wall": tuple(1.0 / gain**place for place in range(len(names)))})
        for index in range(generations)
    )
    return CaseRecord(of, made, failures or {}, seconds=1.0)


def drawn(progress: Progress, width: int = 80) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(progress)
    return out.getvalue().splitlines()


def test_labels_leave_out_what_all_cases_share() -> None:
    points = [{"n": 1, "m": 7}, {"n": 2, "m": 7}]
    assert labels([case(point) for point in points]) == ["n=1", "n=2"]
    assert labels([case(points[0]), case({}, scenario="other")]) == ["a-long-name", "other"]
    assert labels([case(points[0])]) == ["a-long-name n=1 m=7"]


def test_generations_are_counted_until_there_is_an_interval() -> None:
    one = case({})
    progress = Progress([one], labels([one]))
    progress.begin(0, 10.0)
    assert drawn(progress)[1].split() == ["v2", "starting"]
    for count, words in ((1, "1 of 11 generations"), (7, "7 of 11 generations"), (11, "[2.00, 2.00]")):
        progress.show(judge_case(record(one, count)), record(one, count))
        assert words in drawn(progress)[1] or "FASTER so far" in drawn(progress)[1]
    assert "FASTER so far" in drawn(progress)[1]


def test_columns_stand_still_and_fit() -> None:
    names = ("v1", *(f"candidate-with-a-very-long-name-{number}" for number in range(12)))
    one = case({"n": "x" * 100}, names)
    progress = Progress([one], labels([one]))
    progress.begin(0, 10.0)
    for count in (0, 3, 20):
        progress.show(judge_case(record(one, count, 1.01)), record(one, count, 1.01, {names[1]: "broke"}))
        for width in (40, 80, 120):
            lines = drawn(progress, width)
            assert len(lines) == 1 + MOST + 1 + 1, "the case, its candidates, how many more, the bar"
            assert max(map(cell_len, lines)) <= width
        assert drawn(progress)[1].endswith("failed")


def test_the_time_left_moves_by_itself_and_follows_the_finished_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    cases = [case({"n": number}) for number in range(4)]
    progress = Progress(cases, labels(cases))
    progress.begin(0, 10.0)
    assert "case 1 of 4 · at most 40 s left" in drawn(progress)[-1]
    now[0] += 3
    assert "at most 37 s left" in drawn(progress)[-1]
    progress.end(4.0)
    progress.begin(1, 10.0)
    assert "25% · case 2 of 4 · about 12 s left" in drawn(progress)[-1]
    now[0] += 100
    assert "about 8 s left" in drawn(progress)[-1], "a case that takes longer never makes it negative"
    for _ in range(3):
        progress.end(4.0)
    assert drawn(progress) == [], "nothing stays behind"


def test_a_finished_case_is_one_line_that_fits() -> None:
    names = ("v1", *(f"v{number}" for number in range(2, 12)))
    result = judge_case(record(case({}, names), 12, 1.1))
    assert told(result, ()).startswith("v2 1.10× exact FASTER; ") or "v2 1.1" in told(result, ())
    for room in (120, 60, 20):
        assert len(told(result, (), room)) <= max(room, len("10 FASTER"))
    assert told(result, (), 20) == "10 FASTER"
    assert told(judge_case(record(case({}), 3)), ["v2"]) == "v2 failed"


def test_one_variant_alone_shows_its_median() -> None:
    one = case({}, ("only",))
    progress = Progress([one], labels([one]))
    progress.begin(0, 10.0)
    progress.show(judge_case(record(one, 3)), record(one, 3))
    assert drawn(progress)[1].split() == ["only", "1.00", "s", "3", "generations"]
    assert told(judge_case(record(one, 3)), ()) == "only 1.00 s"
