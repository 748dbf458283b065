"""Records of load by hand: windows with raw requests whose latencies are known, and a search with its probes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fibench.judge.case import judge_case
from fibench.model.case import Case
from fibench.model.document import Report
from fibench.model.fingerprint import Fingerprint
from fibench.model.requests import Requests
from fibench.model.result import CaseResult, RunResult
from fibench.model.run import CaseRecord, Generation, Run
from fibench.report.builder import build
from fibench.traffic.latencies import column
from fibench.traffic.packing import pack
from fibench.traffic.record import TIMEOUT, dtype
from fibench.workloads import traffic, traffic_notes
from tests.unit import judge_records

NAN = math.nan
LATE = "the client woke 2.94 ms late (p99; 1 ms are allowed); give it a CPU of its own, or lower the rate"
METRICS = traffic.METRICS


def case(names: Sequence[str], metrics: Sequence[str], params: Mapping[str, Any] | None = None, **more: Any) -> Case:
    """A case of load; `params` are those of every variant."""
    label = more.pop("label", "")
    made = judge_records.case(names, metrics=tuple(METRICS[name] for name in metrics), **more)
    variants = tuple(one.model_copy(update={"params": dict(params or {})}) for one in made.variants)
    return made.model_copy(
        update={"shown": tuple(METRICS[name] for name in traffic.SHOWN), "label": label, "variants": variants}
    )


def window(count: int, median: float, *, failed: int = 0, stall: float = 0.0, late: int = 0) -> Any:
    """`count` requests evenly over 1 s, log-normal around `median` s without any chance in it; the last `failed` of every
    order fail at once, `stall` s in the middle answer nothing, the last `late` are sent after the window."""
    made = np.zeros(count, dtype())
    due = (np.arange(count) + 0.5) / count
    swing = np.sin(np.arange(count) * 12.9898) * 0.8
    service = median * np.exp(swing)
    held = (due >= 0.5) & (due < 0.5 + stall)
    service[held] += 0.5 + stall - due[held]
    made["due"], made["service"], made["first"], made["status"] = due * 1e6, service, service * 0.8, 200
    made["dispatch"] = 5e-5
    made["dispatch"][count - late :] = 1.5
    made["status"][:: max(1, count // failed) if failed else count + 1][:failed] = TIMEOUT
    if failed:
        made["status"][0] = TIMEOUT
    return made


def remark(records: Any, *, invalid: str = "", closed: bool = False, **more: Any) -> dict[str, Any]:
    """What a client says of a window."""
    failed = int((records["status"] == TIMEOUT).sum())
    return {
        "invalid": [invalid] if invalid else [], "offered": len(records), "sent": len(records), "opened": 20, "seconds": 1.0,
        "closed": closed, "statuses": [200], "errors": {"timeout": failed} if failed else {},
        "examples": {"timeout": "no answer within 10 s"} if failed else {}, "notes": [], **more,
    }  # fmt: skip


def loaded(
    of: Case, windows: Mapping[str, Any], rounds: int = 12, void: Mapping[str, Sequence[int]] | None = None
) -> CaseRecord:
    """`rounds` windows of every variant, all alike; those in `void` do not count."""
    closed = bool(of.label)
    generations = []
    for index in range(rounds):
        columns: dict[str, list[float]] = {}
        for name, records in windows.items():
            counts = index not in (void or {}).get(name, ())
            for metric, value in _measured(records, closed, index).items():
                diagnostic = metric in ("lateness", "client_cpu", "client_lag", "errors")
                columns.setdefault(metric, []).append(value if counts or diagnostic else NAN)
        remarks = tuple(
            remark(records, closed=closed, invalid=LATE if index in (void or {}).get(name, ()) else "")
            for name, records in windows.items()
        )
        raw = Requests.of({place: pack(records.tobytes()) for place, records in enumerate(windows.values())})
        generations.append(
            Generation(
                index,
                1,
                (0,) * len(windows),
                tuple(windows),
                {name: tuple(values) for name, values in columns.items()},
                started=float(index),
                seconds=1.2 * len(windows),
                remarks=remarks,
                requests=raw,
            )
        )
    return CaseRecord(of, tuple(generations), unit="round", done=True, seconds=1.2 * len(windows) * rounds)


def _measured(records: Any, closed: bool, index: int) -> dict[str, float]:
    """The metrics of a window that reports look at; a little apart from round to round."""
    response = column(records, "response", (200,))
    p50, p95 = np.quantile(response, (0.5, 0.95), method="higher")
    return {
        "response": float(p50) * (1 + 0.001 * (index % 3)), "response_p95": float(p95) * (1 + 0.001 * (index % 3)),
        "throughput": float(np.isfinite(response).sum()), "errors": float(np.isinf(response).mean()),
        "lateness": NAN if closed else 2e-4 + 1e-5 * index, "client_lag": 1e-4, "client_cpu": 0.12,
    }  # fmt: skip


PROBES = ((20.0, 0.008, True), (300.0, 0.02, True), (450.0, 0.06, None), (680.0, math.inf, False))
GOAL = {"p50": None, "p90": None, "p95": 0.05, "p99": None, "errors": 0.01, "within": 90.0}


def searched(found: tuple[float, float, float] = (410.0, 390.0, 495.0)) -> CaseRecord:
    """One search of each of two variants; w2's rates and answer are twice those of w1, and its second probe is void."""
    of = case(("w1", "w2"), ("capacity",), {"goal": GOAL})
    generations = []
    for index, (rate, value, kept) in enumerate(PROBES):
        last = index == len(PROBES) - 1
        columns: dict[str, list[float]] = {}
        remarks = []
        for place, name in enumerate(("w1", "w2")):
            void, scale = name == "w2" and index == 1, 1.0 + place
            ends = dict(zip(("capacity", "capacity_low", "capacity_high"), found, strict=True))
            values = {
                "response_p95": NAN if void else value, "errors": 0.0,
                "lateness": 3e-4, "client_cpu": 0.2, **{end: scale * at if last else NAN for end, at in ends.items()},
            }  # fmt: skip
            for metric, number in values.items():
                columns.setdefault(metric, []).append(number)
            told = {"rate": scale * rate, "stage": "climb", "kept": None if void else kept, "why": "" if kept else "p95"}
            remarks.append(
                {
                    "invalid": [LATE] if void else [], "offered": int(4 * scale * rate), "sent": int(4 * scale * rate),
                    "opened": 4, "seconds": 4.0, "closed": False, "statuses": [], "errors": {}, "probe": told,
                    **({"done": True, "binding": "p95"} if last else {}),
                }
            )  # fmt: skip
        generations.append(
            Generation(
                index,
                1,
                (0, 0),
                ("w1", "w2"),
                {name: tuple(values) for name, values in columns.items()},
                seconds=8.0,
                remarks=tuple(remarks),
            )
        )
    return CaseRecord(of, tuple(generations), unit="round", done=True, seconds=32.0)


def judged(record: CaseRecord) -> CaseResult:
    """The case with what its kind says of it."""
    result = judge_case(record)
    return replace(result, notes=(*result.notes, *traffic_notes.of(record, result)))


def report(*records: CaseRecord) -> Report:
    """A run of these cases as every exporter gets it."""
    numbered = tuple(
        replace(one, case=one.case.model_copy(update={"key": f"k{index}", "scenario": f"load-{index}"}))
        for index, one in enumerate(records)
    )
    machine = Fingerprint("box", "cpu", 2, 2.0, 8 * 2**30, "kvm", "6.1", "", "3.11.2", "GCC", {}, "", {}, "0.1.0")
    cases = tuple(judged(one) for one in numbered)
    run = Run("r", 1762164900.0, "complete", machine, "load", 1, numbered)
    result = RunResult("r", "load", "complete", cases, (), tuple(note for one in cases for note in one.notes))
    return Report(build(result, run), result)
