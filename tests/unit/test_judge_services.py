"""Windows of load, judged: what does not count takes no part, percentiles are of requests, brackets bound capacities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fibench.cli.commands.run import exit_code
from fibench.judge.case import judge_case
from fibench.judge.claims import judge_claims
from fibench.judge.refusals import VOID
from fibench.model.metric import Metric
from fibench.model.requests import Requests
from fibench.model.result import RunResult
from fibench.model.run import CaseRecord, Generation
from fibench.traffic.packing import pack
from fibench.traffic.record import PACK, TIMEOUT
from tests.unit.judge_records import case, jitter, record

RESPONSE = Metric("response", column="response")
RATE = Metric("throughput", "1/s", direction="higher")
CAPACITY = Metric("capacity", "1/s", direction="higher", bracket=True)
NAN = math.nan


def windows(
    of: Any, values: Mapping[str, Sequence[float]], metric: str, refused: Mapping[str, Mapping[int, str]] | None = None
) -> CaseRecord:
    """A record by rounds; `refused[variant][i]` is why window i does not count."""
    plain = record(of, values, metric=metric, unit="round")
    made = []
    for index, generation in enumerate(plain.generations):
        reasons = [(refused or {}).get(name, {}).get(index) for name in generation.variants]
        column = tuple(
            NAN if why else value for why, value in zip(reasons, generation.metrics[metric], strict=True)
        )  # fmt: skip
        remarks = tuple({"invalid": [why] if why else []} for why in reasons)
        made.append(replace(generation, metrics={metric: column}, remarks=remarks))
    return replace(plain, generations=tuple(made))


def test_a_window_that_does_not_count_takes_its_round_with_it_and_nothing_else() -> None:
    values = {"v1": jitter(1.0, 20), "v2": jitter(0.5, 20)}
    judged = judge_case(windows(case(metrics=(RESPONSE,)), values, "response", {"v2": {3: "late", 7: "late"}}))
    found = judged.comparisons[0]
    assert (found.verdict, found.units) == ("FASTER", 18)
    assert judged.summaries["v2"]["response"].n == 18
    assert judged.state == "valid"


def test_a_variant_with_too_many_such_windows_gets_no_verdict_but_their_usual_reason() -> None:
    values = {"v1": jitter(1.0, 20), "v2": jitter(0.5, 20), "v3": jitter(0.5, 20)}
    bad = {i: f"the client used {90 + i} % of a core" for i in range(7)} | {7: "late"}
    running = windows(case(list(values), metrics=(RESPONSE,)), values, "response", {"v2": bad})
    assert judge_case(running).comparisons[0].verdict == "FASTER", "8 of 20 may still be chance"
    judged = judge_case(replace(running, done=True))
    assert [one.verdict for one in judged.comparisons] == ["INVALID", "FASTER"]
    assert judged.comparisons[0].reason == "v2: 8 of 20 windows do not count: the client used 96 % of a core"
    assert judged.state == "partial" and VOID in (judged.reason or "")
    assert exit_code(RunResult("r", None, "complete", (judged,))) == 0, "the other variants are fine"


def test_windows_that_the_server_spoilt_count_as_they_are_and_too_many_of_them_void_the_variant() -> None:
    values = {"v1": jitter(1.0, 20), "v2": jitter(0.5, 20)}
    plain = windows(case(metrics=(RESPONSE,)), values, "response")

    def spoilt(count: int) -> CaseRecord:
        made = [
            replace(one, remarks=tuple({"invalid": [], "overloaded": ["no steady state"] * (i < count)} for _ in one.variants))
            for i, one in enumerate(plain.generations)
        ]
        return replace(plain, generations=tuple(made), done=True)

    assert judge_case(spoilt(3)).comparisons[0].units == 20, "left out, they would hide the worst"
    assert judge_case(spoilt(6)).comparisons[0].verdict == "INVALID"


def test_where_no_variant_has_windows_that_count_the_measurement_failed() -> None:
    values = {"v1": jitter(1.0, 6), "v2": jitter(0.5, 6)}
    bad = dict.fromkeys(range(6), "nothing was answered")
    judged = judge_case(windows(case(metrics=(RESPONSE,)), values, "response", {"v1": bad, "v2": bad}))
    assert judged.state == "invalid"
    assert exit_code(RunResult("r", None, "complete", (judged,))) == 4


def test_the_first_few_windows_may_have_met_a_busy_machine() -> None:
    values = {"v1": jitter(1.0, 3), "v2": jitter(0.5, 3)}
    bad = dict.fromkeys(range(3), "late")
    running = windows(case(metrics=(RESPONSE,)), values, "response", {"v2": bad})
    assert judge_case(running).comparisons[0].verdict == "INCONCLUSIVE"
    assert judge_case(replace(running, done=True)).comparisons[0].verdict == "INVALID"


def with_requests(generation: Generation, answers: Sequence[tuple[float, int]]) -> Generation:
    """The window's raw requests: (service in s, status)."""
    raw = b"".join(PACK.pack(i, 0.001, 0.0, service, 0.0, status, 0) for i, (service, status) in enumerate(answers))
    return replace(generation, requests=Requests.of({0: pack(raw)}))


def test_percentiles_of_a_summary_are_those_of_all_requests_and_failures_are_beyond_any_time() -> None:
    plain = windows(case(["v1"], metrics=(RESPONSE,)), {"v1": [0.02, 0.02]}, "response")
    good, bad = [(0.019, 200)] * 95, [(0.0001, TIMEOUT)] * 5
    record_ = replace(plain, generations=tuple(with_requests(one, good + bad) for one in plain.generations))
    summary = judge_case(record_).summaries["v1"]["response"]
    assert summary.n == 200
    assert summary.median == pytest.approx(0.02)
    assert summary.p90 == pytest.approx(0.02)
    assert summary.p99 is None, "200 requests are too few for p99"
    fewer = replace(plain, generations=tuple(with_requests(replace(one, seed=1), good + bad * 3) for one in plain.generations))
    assert judge_case(fewer).summaries["v1"]["response"].p90 == math.inf
    assert judge_case(fewer).summaries["v1"]["response"].to_json()["p90"] is None


def test_a_claim_on_a_percentile_goes_by_the_windows_own_percentiles() -> None:
    claim = {"metric": "response", "value": {"variant": "v1", "quantile": 0.95, "at_most": 0.5}}
    plain = windows(case(["v1"], metrics=(RESPONSE,), claims=[claim]), {"v1": jitter(0.1, 14)}, "response")
    made = tuple(
        replace(one, metrics={**one.metrics, "response_p95": (0.4 + 0.001 * i,)}) for i, one in enumerate(plain.generations)
    )
    (found,) = judge_claims([replace(plain, generations=made)])
    assert found.verdict == "CONFIRMED"
    assert found.measured == pytest.approx(0.4065)


def test_a_claim_on_a_percentile_that_no_window_can_tell_says_what_it_takes() -> None:
    claim = {"metric": "response", "value": {"variant": "v1", "quantile": 0.99, "at_most": 0.5}}
    plain = windows(case(["v1"], metrics=(RESPONSE,), claims=[claim]), {"v1": jitter(0.1, 14)}, "response")
    made = tuple(replace(one, metrics={**one.metrics, "response_p99": (NAN,)}) for one in plain.generations)
    (found,) = judge_claims([replace(plain, generations=made)])
    assert found.verdict == "UNPROVEN" and "368 requests" in found.reason


def searched(found: Mapping[str, tuple[float, float, float]]) -> CaseRecord:
    of = case(list(found), metrics=(CAPACITY,))
    columns = {
        name: tuple(found[variant][place] for variant in found)
        for place, name in enumerate(("capacity", "capacity_low", "capacity_high"))
    }
    probe = Generation(0, 0, (0,) * len(found), tuple(found), dict.fromkeys(columns, (NAN,) * len(found)), seconds=1.0)
    last = Generation(1, 0, (0,) * len(found), tuple(found), columns, seconds=1.0)
    return CaseRecord(of, (probe, last), unit="round")


def test_capacities_are_compared_by_the_brackets_of_their_searches() -> None:
    found = judge_case(searched({"v1": (100.0, 97.0, 103.0), "v2": (200.0, 194.0, 206.0)})).comparisons[0]
    assert (found.verdict, found.ratio) == ("BETTER", 2.0)
    assert found.low == pytest.approx(194 / 103) and found.high == pytest.approx(206 / 97)


def test_capacities_whose_brackets_touch_are_not_told_apart() -> None:
    assert (
        judge_case(searched({"v1": (100.0, 95.0, 105.0), "v2": (104.0, 99.0, 109.0)})).comparisons[0].verdict == "INCONCLUSIVE"
    )


def test_a_search_that_the_budget_cut_off_says_what_it_knows() -> None:
    made = searched({"v1": (100.0, 97.0, 103.0), "v2": (200.0, 194.0, 206.0)})
    probe = replace(made.generations[0], remarks=({"holds": 80.0}, {"holds": 0.0}))
    found = judge_case(replace(made, generations=(probe,), done=True)).comparisons[0]
    assert found.verdict == "INCONCLUSIVE"
    assert found.reason == "the searches did not end within the budget (v1 holds 80.0 /s so far); raise it"


def test_a_search_that_found_no_rate_gives_no_ratio() -> None:
    found = judge_case(searched({"v1": (0.0, 0.0, 10.0), "v2": (104.0, 99.0, 109.0)})).comparisons[0]
    assert found.verdict == "INVALID" and "no capacity was found" in found.reason


def test_a_claim_on_a_capacity_uses_its_bracket() -> None:
    made = searched({"v1": (100.0, 97.0, 103.0)})
    claims = [{"metric": "capacity", "value": {"variant": "v1", "at_least": bound}} for bound in (90.0, 100.0, 110.0)]
    verdicts = []
    for claim in claims:
        of = case(["v1"], metrics=(CAPACITY,), claims=[claim])
        verdicts.append(judge_claims([replace(made, case=of)])[0].verdict)
    assert verdicts == ["CONFIRMED", "UNPROVEN", "REFUTED"]
