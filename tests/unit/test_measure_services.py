"""Services under measurement: one set of processes, many rounds, each stored by itself; nothing outlives the session."""

from __future__ import annotations

import json
import math
import os
import struct
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fibench.measure.nursery import Nursery
from fibench.measure.plan import Plan, choose_windows
from fibench.measure.session import Failure, Kit, Session
from fibench.model.case import Case, Variant
from fibench.model.metric import Metric
from fibench.model.run import CaseRecord, Generation
from fibench.model.scenario import Measure
from fibench.scenario.order import schedule
from fibench.traffic.record import PACK

OPERATION = """
import os, subprocess, sys, tempfile
from fibench.step import Step
from fibench.traffic.record import PACK


def open(params):
    server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    told = {}

    def window():
        told.clear()
        if params.get("dies"):
            os.kill(server.pid, 9)
            raise RuntimeError("the server was killed by SIGKILL")
        if params.get("void"):
            told["invalid"] = ["the client was the bottleneck"]
        handle, name = tempfile.mkstemp()
        os.write(handle, PACK.pack(1, 0.0, 0.5, 0.5, 0.0, 200, 3) * 2)
        os.close(handle)
        told["raw"] = [name]

    def after(loops):
        return {"response": float("nan") if params.get("void") else params["value"]}

    return Step(
        window, once=True, after=after, remark=lambda: dict(told), lasts=0.01, outcome=lambda: {"status": 200},
        facts=lambda: {"pid": os.getpid(), "server": server.pid}, close=lambda: (server.kill(), server.wait()),
    )
"""


def case(folder: Path, params: dict[str, dict[str, Any]], budget: float = 3.0) -> Case:
    (folder / "service_operation.py").write_text(OPERATION)
    variants = tuple(Variant(name=name, params={"path": (), **given}) for name, given in params.items())
    measure = Measure.model_validate({"metrics": ["response"], "budget": f"{budget} s", "control": False})
    return Case(
        scenario="s", kind="k", point={}, variants=variants, metrics=(Metric("response", column="response"),), measure=measure,
        key="0", folder=str(folder),
    )  # fmt: skip


def rounds(variants: int, plan: Plan, control: bool, rng: Any) -> list[tuple[int, ...]]:
    return list(schedule(variants, plan.rounds, rng, paired=plan.paired, control_every=None))


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with Nursery() as found:
        yield found


def session(one: Case, nursery: Nursery) -> Session:
    kit = Kit(nursery, "service_operation:open", rounds, 7, per_round=True, service=True)
    return Session(one, kit, CaseRecord(one))


def taken(session: Session, count: int) -> list[Any]:
    found: list[Any] = []
    with closing(session.events()) as events:
        for event in events:
            if isinstance(event, (Generation, Failure)):
                found.append(event)
            if len(found) == count:
                break
    return found


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_each_round_is_a_generation_of_its_own_from_the_same_servers(tmp_path: Path, nursery: Nursery) -> None:
    found = taken(session(case(tmp_path, {"v1": {"value": 1.0}, "v2": {"value": 2.0}}), nursery), 4)
    assert [generation.index for generation in found] == [0, 1, 2, 3]
    assert all(sorted(generation.variants) == ["v1", "v2"] for generation in found)
    assert len({json.dumps(generation.facts) for generation in found}) == 1
    assert {generation.metrics["response"][generation.variants.index("v2")] for generation in found} == {2.0}


def test_the_raw_requests_come_with_their_window_and_their_files_are_gone(tmp_path: Path, nursery: Nursery) -> None:
    (found,) = taken(session(case(tmp_path, {"v1": {"value": 1.0}}), nursery), 1)
    assert found.requests is not None
    records = found.requests.records(0)
    assert records["status"].tolist() == [200, 200]
    assert struct.calcsize(PACK.format) == records.dtype.itemsize == 24
    assert not [name for name in os.listdir(nursery.folder) if name.startswith("tmp")]


def test_a_window_that_does_not_count_has_no_number_but_a_reason(tmp_path: Path, nursery: Nursery) -> None:
    (found,) = taken(session(case(tmp_path, {"v1": {"value": 1.0, "void": True}}), nursery), 1)
    assert math.isnan(found.metrics["response"][0])
    assert found.remarks[0]["invalid"] == ["the client was the bottleneck"]


def test_servers_are_started_anew_within_the_budget(tmp_path: Path, nursery: Nursery) -> None:
    one = case(tmp_path, {"v1": {"value": 1.0}, "v2": {"value": 2.0}}, budget=0.6)
    found = taken(session(one, nursery), 60)
    assert len({generation.facts["variants"]["v1"]["pid"] for generation in found}) > 1


def test_no_server_outlives_a_session_that_is_left(tmp_path: Path, nursery: Nursery) -> None:
    (found,) = taken(session(case(tmp_path, {"v1": {"value": 1.0}}), nursery), 1)
    end = time.monotonic() + 5
    while alive(found.facts["variants"]["v1"]["server"]) and time.monotonic() < end:
        time.sleep(0.01)
    assert not alive(found.facts["variants"]["v1"]["server"])


def test_a_variant_whose_server_dies_leaves_the_others_their_results(tmp_path: Path, nursery: Nursery) -> None:
    found = taken(session(case(tmp_path, {"v1": {"value": 1.0}, "v2": {"value": 1.0, "dies": True}}), nursery), 3)
    assert isinstance(found[0], Failure) and found[0].variant == "v2" and "SIGKILL" in found[0].reason
    assert all(generation.variants == ("v1",) for generation in found[1:])


def test_the_plan_leaves_most_of_the_time_to_windows() -> None:
    plan = choose_windows([1.2, 1.2], opening=3.0, budget=60.0, fewest=11)
    assert plan.at_once == 1 and plan.unit == "round"
    assert 3 <= plan.rounds <= 10
    slow = choose_windows([1.2, 1.2], opening=20.0, budget=30.0, fewest=11)
    assert slow.rounds * 2.4 > 2 * 20
