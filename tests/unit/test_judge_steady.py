"""A ratio that moves within every generation is no number."""

from __future__ import annotations

import pytest

from fibench.judge.case import judge_case
from fibench.judge.comparable import differences, same_modules, same_work
from fibench.model.fingerprint import Fingerprint
from fibench.model.run import CaseRecord, Generation
from tests.unit.judge_records import case, jitter, record


def moving(by: float, generations: int = 15, rounds: int = 30) -> CaseRecord:
    """V2 starts as fast as V1 and ends `by` slower, in every generation anew."""
    made = []
    for index in range(generations):
        values: list[float] = []
        for number in range(rounds):
            values += [1.0 + 0.001 * ((number * 7 + index) % 5), 1.0 + by * number / rounds]
        numbers = tuple(number for number in range(rounds) for _ in range(2))
        made.append(Generation(index, 0, numbers, ("v1", "v2") * rounds, {"wall": tuple(values)}, seconds=0.1))
    return CaseRecord(case(), tuple(made))


def test_a_ratio_that_moves_within_each_generation_is_invalid() -> None:
    (found,) = judge_case(moving(0.5)).comparisons
    assert found.verdict == "INVALID"
    assert found.reason.startswith("no steady state: v2 against v1 moves by +3")


def test_a_small_movement_is_tolerated() -> None:
    assert judge_case(moving(0.03)).comparisons[0].verdict != "INVALID"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"python": "3.12.1"}, ["python 3.11.7 → 3.12.1"]),
        ({"cpu": "other"}, ["cpu one → other"]),
        ({"packages": {"orjson": "4"}}, ["orjson 3 → 4"]),
        ({"packages": {}}, ["orjson 3 → absent"]),
        ({"noise": {"load1": 9.0}}, []),
    ],
)
def test_what_decides_whether_two_machines_compare_is_named(change: dict[str, object], said: list[str]) -> None:
    base = {"cpu": "one", "python": "3.11.7", "packages": {"orjson": "3"}}
    assert differences(Fingerprint(**base), Fingerprint(**{**base, **change})) == said  # type: ignore[arg-type]


def test_cases_that_measure_other_work_name_the_parameter() -> None:
    one = case()
    changed = one.variants[1].model_copy(update={"params": {"target": "m:v3"}})
    other = one.model_copy(update={"key": "other", "variants": (one.variants[0], changed)})
    assert same_work(one, one) == []
    assert same_work(one, other) == ["v2.target 'm:v2' → 'm:v3'"]


def test_a_module_in_another_version_is_another_work() -> None:
    def using(version: str) -> CaseRecord:
        made = record(case(), {"v1": jitter(1, 2), "v2": jitter(1, 2)})
        facts = {"modules": {"numpy": version}}
        generations = tuple(Generation(g.index, 0, g.rounds, g.variants, g.metrics, facts=facts) for g in made.generations)
        return CaseRecord(made.case, generations)

    assert same_modules(using("2.0"), using("2.0")) == []
    assert same_modules(using("2.0"), using("2.1")) == ["numpy 2.0 → 2.1"]
