"""Matrix × variants → cases: merging, claims, metrics, keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from fibench.errors import ScenarioError, UsageError
from fibench.model.case import Case
from fibench.scenario.expand import expand
from fibench.scenario.fake import KIND, lookup
from fibench.scenario.load import load_text
from fibench.scenario.select import keep_variants

BASE = "scenario: s\nkind: fake\n"
PAIR = "variants:\n  v1: {}\n  v2: {loop: uvloop}\n"
THREE = PAIR + "  v3: {tasks: 3}\n"


def cases(text: str, *overrides: str) -> tuple[Case, ...]:
    return expand(load_text(BASE + text, "folder/x.yaml", lookup, overrides), KIND)


def complaint(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        cases(text)
    return str(caught.value).removeprefix("folder/x.yaml:")


def claim(body: str) -> str:
    return f"claims:\n  - {{id: c, text: t, {body}}}\n"


def test_every_combination_of_the_matrix_is_a_case_in_order() -> None:
    points = [case.point for case in cases("matrix: {tasks: [1, 2], loop: [asyncio, uvloop]}\n")]
    assert points == [
        {"tasks": 1, "loop": "asyncio"},
        {"tasks": 1, "loop": "uvloop"},
        {"tasks": 2, "loop": "asyncio"},
        {"tasks": 2, "loop": "uvloop"},
    ]


def test_a_scenario_without_variants_has_one() -> None:
    (case,) = cases("")
    assert [variant.name for variant in case.variants] == ["v1"]


def test_the_point_wins_over_the_scenario_and_the_variant_over_both() -> None:
    text = "tasks: 1\nmatrix: {tasks: [2]}\nvariants: {a: {}, b: {tasks: 3}}\n"
    assert [variant.params["tasks"] for variant in cases(text)[0].variants] == [2, 3]


def test_defaults_are_filled_in_and_quantities_are_plain_numbers() -> None:
    (case,) = cases("matrix: {sleep: [2 ms]}\nsize: 4 KiB\n")
    assert case.point == {"sleep": "2 ms"}
    assert case.baseline.params == {
        "workload": "gather-sleep",
        "loop": "asyncio",
        "tasks": 1,
        "sleep": 0.002,
        "size": 4096.0,
        "options": {},
        "target": None,
    }


def test_free_matrix_keys_are_settled_by_the_kind() -> None:
    assert cases("matrix: {depth: [7]}\n")[0].baseline.params["options"] == {"depth": 7}
    assert complaint("matrix: {dept: [7]}\n").startswith("3: matrix: kind 'fake' has no use for 'dept': ")


def test_two_hundred_cases_are_enough() -> None:
    numbers = ", ".join(map(str, range(1, 202)))
    assert complaint(f"matrix: {{tasks: [{numbers}]}}\n") == "3: matrix: 201 cases, at most 200 are measured in one run"


def test_process_keys_do_not_belong_into_a_matrix() -> None:
    expected = "3: matrix.python: 'python' belongs to a variant, a matrix varies parameters"
    assert complaint("matrix: {python: [a]}\n") == expected


def test_declared_metrics_come_first_then_those_of_the_gate_and_of_the_claims() -> None:
    text = PAIR + claim("metric: memory, ratio: {of: v1, to: v2, at_most: 2}") + "measure: {metrics: [cpu]}\ngate: [wall]\n"
    assert [metric.name for metric in cases(text)[0].metrics] == ["cpu", "wall", "memory"]


def test_the_metric_of_a_share_is_recorded_too() -> None:
    text = PAIR + claim("metric: cpu, share: {variant: v1, of: throughput, at_most: 1}")
    assert [metric.name for metric in cases(text)[0].metrics] == ["wall", "cpu", "throughput"]


def test_margins_are_of_metrics_that_exist() -> None:
    expected = "3: measure.margin: kind 'fake' has no metric 'wal': did you mean 'wall'?"
    assert complaint("measure: {margin: {wal: 2 %}}\n") == expected


def test_a_claim_goes_to_the_cases_it_is_about() -> None:
    text = PAIR + "matrix: {sleep: [1 ms, 2 ms]}\n" + claim("where: {sleep: 1000 us}, speedup: {at_least: 2}")
    assert [len(case.claims) for case in cases(text)] == [1, 0]


def test_a_claim_without_measurement_goes_with_the_first_case() -> None:
    found = cases(PAIR + "matrix: {tasks: [1, 2]}\n" + claim("not_testable: no such machine"))
    assert [len(case.claims) for case in found] == [1, 0]


def test_joined_tests_go_to_every_case_that_one_of_them_is_about() -> None:
    tests = "[{where: {tasks: 1}, speedup: {at_least: 2}}, {where: {tasks: 2}, speedup: {at_least: 3}}]"
    found = cases(PAIR + "matrix: {tasks: [1, 2, 3]}\n" + claim(f"all_of: {tests}"))
    assert [len(case.claims) for case in found] == [1, 1, 0]


def test_a_claim_whose_tests_contradict_it_is_a_mistake() -> None:
    text = claim("where: {tasks: 1}, all_of: [{where: {tasks: 2}, speedup: {at_least: 2}}]")
    message = complaint(PAIR + "matrix: {tasks: [1, 2]}\n" + text)
    assert message == "8: claims[0]: no case matches `where` of 'c' and of its tests together"


def test_a_claim_that_a_command_line_took_the_case_from_is_left_out() -> None:
    text = PAIR + "matrix: {tasks: [1, 2]}\n" + claim("where: {tasks: 1}, speedup: {at_least: 2}")
    (case,) = cases(text, "tasks=9")
    assert (case.point, case.claims) == ({"tasks": 9}, ())


def test_the_baseline_is_the_first_variant_and_the_candidate_the_other() -> None:
    speedup = cases(PAIR + claim("speedup: {at_least: 2}"))[0].claims[0].speedup
    assert speedup
    assert (speedup.baseline, speedup.candidate) == ("v1", "v2")


def test_among_three_variants_the_candidate_is_named() -> None:
    message = complaint(THREE + claim("speedup: {at_least: 2}"))
    assert message == "8: claims[0].speedup: which candidate? write candidate: one of v2, v3"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "speedup: {at_least: 2, candidate: v9}",
            "7: claims[0].speedup.candidate: there is no variant 'v9': known: v1, v2",
        ),
        ("speedup: {at_least: 2, candidate: v1, baseline: v1}", "7: claims[0].speedup: 'v1' is compared with itself"),
        ("ratio: {of: v1, to: v, at_most: 2}", "7: claims[0].ratio.to: there is no variant 'v': did you mean 'v2'?"),
        (
            "metric: wal, speedup: {at_least: 2}",
            "7: claims[0].metric: kind 'fake' has no metric 'wal': did you mean 'wall'?",
        ),
    ],
)
def test_names_in_claims_are_checked(body: str, message: str) -> None:
    assert complaint(PAIR + claim(body)) == message


def test_a_speedup_needs_two_variants() -> None:
    assert complaint(claim("speedup: {at_least: 2}")) == "4: claims[0].speedup: a speedup needs two variants, found one"


def test_an_id_is_given_once() -> None:
    twice = "claims: [{id: c, text: t, not_testable: x}, {id: c, text: t, not_testable: y}]\n"
    assert complaint(twice) == "3: claims[1].id: 'c' is the id of an earlier claim"


@pytest.mark.parametrize(
    ("metric", "written", "base"),
    [("wall", "800 ms", 0.8), ("memory", "64 KiB", 65536.0), ("throughput", "500/s", 500.0), ("items", "12", 12.0)],
)
def test_absolute_bounds_are_in_the_metrics_unit(metric: str, written: str, base: float) -> None:
    value = cases(claim(f"metric: {metric}, value: {{variant: v1, at_most: {written}}}"))[0].claims[0].value
    assert value
    assert value.at_most == base


def test_an_absolute_bound_of_another_dimension_is_a_mistake() -> None:
    message = complaint(claim("value: {variant: v1, at_most: 64 KiB}"))
    assert message.startswith("4: claims[0].value.at_most: unknown unit 'KiB' in '64 KiB': expected a duration")


def test_the_variant_that_lacks_a_parameter_of_the_others_is_named() -> None:
    message = complaint("variants: {v1: {target: a:b}, v2: {target: x}}\n")
    assert message == "3: variant 'v2': target: expected text (such as 'module:function'), found 'x'"


def test_the_key_is_of_what_is_measured_not_of_how_long_or_why() -> None:
    base = cases(PAIR)[0].key
    for same in ("about: x\n", "gate: [wall]\n", "measure: {budget: 1 s, seed: 3}\n", claim("speedup: {at_least: 2}")):
        assert cases(PAIR + same)[0].key == base
    for other in ("tasks: 5\n", "measure: {gc: false}\n", "measure: {block: 1 ms}\n", "matrix: {tasks: [1]}\n"):
        assert cases(PAIR + other)[0].key != base
    assert cases(PAIR.replace("{}", "{env: {A: 1}}"))[0].key != base


def test_the_key_does_not_depend_on_how_it_is_written() -> None:
    assert cases("sleep: 1 ms\ntasks: 2\n")[0].key == cases("params: {tasks: 2, sleep: 1000 us}\n")[0].key


def test_the_folder_is_that_of_the_file() -> None:
    assert cases("")[0].folder == str(Path("folder").absolute())


def test_a_case_survives_storage() -> None:
    text = PAIR + "matrix: {sleep: [1 ms]}\n" + claim("value: {variant: v1, at_most: 800 ms}")
    (case,) = cases(text)
    assert Case.model_validate_json(case.model_dump_json()) == case


def test_some_variants_can_be_kept_and_claims_about_others_go() -> None:
    three = THREE + claim("speedup: {at_least: 2, candidate: v2}")
    scenario = load_text(BASE + three, "x.yaml", lookup)
    kept = keep_variants(scenario, ["v3", "v1"])
    assert (list(kept.variants), kept.claims) == (["v1", "v3"], ())
    assert keep_variants(scenario, ["v1", "v2"]).claims == scenario.claims
    with pytest.raises(UsageError, match="there is no variant 'v4'"):
        keep_variants(scenario, ["v4"])
