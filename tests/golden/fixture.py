"""One fixed run with everything a report must survive: every verdict, notes, a simulated case, hostile strings."""

from __future__ import annotations

import math
from typing import Any

from fibench.model.case import Case, Variant
from fibench.model.document import Report
from fibench.model.fingerprint import Fingerprint
from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult, ClaimResult, Comparison, Control, RunResult, Summary
from fibench.model.run import CaseRecord, Generation, Run
from fibench.model.scenario import Claim, Measure, Speedup
from fibench.report.builder import build

HOSTILE = '<script>alert("x")</script> [red]not red[/red] | pipe \x1b[31mansi\x1b[0m\nnew line ![x](https://evil.example/x.png)'

WALL = Metric("wall")
CPU = Metric("cpu")
RATE = Metric("throughput", "1/s", "higher")
SIZE = Metric("size", "B", counted=True)


def _claim(id_: str, text: str, bound: float, **more: Any) -> Claim:
    return Claim(id=id_, text=text, speedup=Speedup(at_least=bound), **more)


LOOP = Case(
    scenario="event-loop", kind="event-loop", point={"tasks": 1000, "payload": "=1+1|x"},
    variants=tuple(Variant(name=name, params={}) for name in ("v1", "v2", "v3")),
    metrics=(WALL, CPU, RATE, SIZE),
    measure=Measure.model_validate({"metrics": ("wall", "cpu"), "budget": "30 s", "margin": 0.02}),
    claims=(
        _claim("fi.uvloop_1k", "1K concurrent 1 ms sleeps finish 2.5 times sooner on uvloop", 2.5, required=True),
        _claim("fi.uvloop_any", "uvloop is faster", 1.5, where={"tasks": 1000}),
    ),
    gate=("wall", "cpu"), key="loop", about=f"uvloop against asyncio, on timers and on loopback TCP {HOSTILE}",
)  # fmt: skip

LLM = Case(
    scenario="llm-stream", kind="llm", point={},
    variants=tuple(Variant(name=name, params={}) for name in ("v1", "v2", "v3")),
    metrics=(Metric("ttft"), RATE),
    measure=Measure.model_validate({"metrics": ("ttft",), "budget": "60 s", "margin": 0.05, "alpha": 0.05}),
    key="llm", simulated="the model is a timed mock server",
)  # fmt: skip


def _compare(verdict: str, numbers: tuple[float | None, float | None, float | None], **more: object) -> Comparison:
    given: dict[str, Any] = {
        "metric": "wall", "baseline": "v1", "candidate": "v2", "level": 0.99, "evidence": "E2", "units": 24,
        "seconds": 11.24, "margin": 0.02, "floor": 0.0012, **more,
    }  # fmt: skip
    ratio, low, high = numbers
    return Comparison(ratio=ratio, low=low, high=high, verdict=verdict, **given)


NOTHING = (None, None, None)

LOOP_RESULT = CaseResult(
    LOOP, "valid", None,
    {
        "v1": {"wall": Summary("s", 400, 0.01470, 0.01630, 0.01710, None), "cpu": Summary("s", 400, 0.0139, 0.0151, 0.0160)},
        "v2": {"wall": Summary("s", 400, 0.00870, 0.00941, 0.00999, None), "cpu": Summary("s", 400, 0.0081, 0.0090, 0.0094)},
        "v3": {"wall": Summary("s", 400, 0.01843, 0.02010, 0.02112, None), "size": Summary("B", 24, 65536.0)},
    },
    (
        _compare("FASTER", (1.69, 1.64, 1.71)),
        _compare("SLOWER", (0.7979, 0.76, 0.83), candidate="v3"),
        _compare("EQUIVALENT", (1.0004, 0.9991, 1.0017), metric="cpu", floor=None),
        _compare("CHANGED, NEGLIGIBLE", (1.006, 1.0031, 1.0088), metric="cpu", candidate="v3"),
        _compare("BETTER", (2.5, 2.5, 2.5), metric="size", level=1.0),
        _compare("WORSE", (0.41, 0.31, 0.62), metric="throughput"),
    ),
    (Control("wall", 1.0003, 0.9991, 1.0015, 24, True), Control("cpu", 1.031, 1.01, 1.05, 24, False)),
    (Note("cpu-and-wall", "wall and cpu disagree for v3", "measure on an idle machine"),), 11.9,
)  # fmt: skip

LLM_RESULT = CaseResult(
    LLM, "partial", f"the client was the bottleneck {HOSTILE}",
    {
        name: {"ttft": Summary("s", 96, median, median * 1.4, median * 2.2)}
        for name, median in (("v1", 1.2), ("v2", 0.65), ("v3", 0.7))
    },
    (
        _compare("INCONCLUSIVE", (1.85, 0.97, 3.52), metric="ttft", level=0.95, margin=0.05, evidence="E3",
                 reason="about 40 more rounds, 95 s"),
        _compare("INVALID", NOTHING, metric="ttft", candidate="v3", reason="outputs differ: 'a' != 'b'"),
        _compare("NOT COMPARABLE", NOTHING, metric="throughput", evidence="E0", reason="=python 3.11.2 against 3.12.1"),
        _compare("SUGGESTS BETTER", (1.2, None, None), metric="throughput", candidate="v3", evidence="E0", seconds=0.0,
                 reason="two bare runs: the gap would be noise if sessions differ by τ ≥ 5.0%"),
    ),
    seconds=95.0,
)  # fmt: skip

CLAIMS = (
    ClaimResult("fi.uvloop_1k", "REFUTED", 1.69, 1.64, 1.71, "the whole interval lies below 2.5×: 1.69× was found",
                "1K concurrent 1 ms sleeps finish 2.5 times sooner on uvloop", "002_2c645de603e3daf6.txt, section 1", "×",
                "E2", LOOP.title, required=True, form="speedup"),
    ClaimResult("fi.uvloop_any", "CONFIRMED", 1.69, 1.64, 1.71, "the whole interval lies above 1.5×", "uvloop is faster", "",
                "×", "E2", LOOP.title, form="speedup"),
    ClaimResult("sentinel.llm_ttfb", "UNPROVEN", 0.65, 0.58, 0.91, "the interval contains 800 ms",
                f"LLM time to first byte falls to 600-800 ms {HOSTILE}", "000_deeda360a7d50086.txt", "s", "E3", LLM.title,
                form="value"),
    ClaimResult("sentinel.gpu", "NOT TESTABLE", None, None, None, "no GPU here; run it where nvidia-smi lists one",
                "a GTX 1050 serves 40 tokens/s", form="not_testable"),
)  # fmt: skip

RESULT = RunResult(
    "2025-11-03T10-15-00-a1b2c3", "nightly", "complete", (LOOP_RESULT, LLM_RESULT), CLAIMS,
    (Note("load", "the machine was busy: load 1.90 on 2 cores", "close other programs and run it again"),
     Note("hostile", HOSTILE, "=cmd()")),
)  # fmt: skip


def _wave(index: int, scale: float) -> float:
    """Deterministic noise with a tail: no random module, no surprises between Python versions."""
    swing = math.sin(index * 12.9898) * 0.03 + math.sin(index * 4.1414) * 0.02
    return scale * (1 + swing + (0.6 if index % 47 == 5 else 0.0) + (9.0 if index == 111 else 0.0))


def _generation(index: int, medians: dict[str, float], metrics: tuple[str, ...], rounds: int) -> Generation:
    order = tuple(name for turn in range(rounds) for name in (medians if turn % 2 else reversed(medians)))
    start = index * len(order)
    values = {
        metric: tuple(round(_wave(start + place, medians[name] * share), 12) for place, name in enumerate(order))
        for metric, share in zip(metrics, (1.0, 0.94), strict=False)
    }
    turns = tuple(turn for turn in range(rounds) for _ in medians)
    return Generation(index, 7 + index, turns, order, values, loops=20, seconds=0.5)


LOOP_RECORD = CaseRecord(
    LOOP,
    tuple(_generation(index, {"v1": 0.0147, "v2": 0.0087, "v3": 0.0184}, ("wall", "cpu"), 20) for index in range(6)),
    done=True, seconds=11.9,
)  # fmt: skip
LLM_RECORD = CaseRecord(
    LLM, tuple(_generation(index, {"v1": 1.2, "v2": 0.65, "v3": 9.7}, ("ttft",), 4) for index in range(8)),
    {"v3": "exit code 1: ValueError"}, unit="round", seconds=95.0,
)  # fmt: skip

RUN = Run(
    RESULT.run, 1762164900.0, "complete",
    Fingerprint(
        "buildbox", "Intel(R) Xeon(R) Processor @ 2.60GHz", 2, 1.5, 8 * 2**30, "kvm", "6.1.0-18-amd64", "", "3.11.2",
        "GCC 12.2.0", {"uvloop": "0.21.0", "orjson": "3.10.12"}, "a1b2c3d (dirty)",
        {"load_1": 1.9, "steal": 0.013}, "0.1.0",
    ),
    "nightly", 42, (LOOP_RECORD, LLM_RECORD), command="fibench run scenarios/event-loop.yaml", seconds=107.3,
)  # fmt: skip


def report() -> Report:
    """The fixture as every exporter gets it."""
    return Report(build(RESULT, RUN), RESULT)
