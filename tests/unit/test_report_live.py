"""What a person sees while load runs: every variant has its row from the start, and nothing jumps."""

from __future__ import annotations

import io
import math
from dataclasses import replace

from rich.console import Console

from fibench.cli import live_load
from fibench.cli.progress import Progress
from fibench.judge.case import judge_case
from tests.unit.load_records import case, loaded, remark, searched, window


def test_the_live_row_shows_rate_response_and_windows() -> None:
    windows = {"v1": window(400, 0.02), "v2": window(400, 0.01)}
    record = loaded(case(("v1", "v2"), ("response",)), windows, rounds=4, void={"v2": [1]})
    rows = live_load.rows(judge_case(record), record)
    assert rows[0][:4] == ("v1", "400/s", "p50 20.3 ms", "4 windows")
    assert rows[1][0] == "v2" and rows[1][3].startswith("4 windows, 1 void · 2.0")


def test_the_live_view_has_as_many_lines_from_its_start_to_its_end() -> None:
    record = loaded(case(("v1", "v2"), ("response",)), {"v1": window(400, 0.02), "v2": window(400, 0.01)})
    progress = Progress([record.case], ["load"])
    progress.begin(0, 30.0)
    seen = []
    for count in (0, 1, 5):
        some = replace(record, generations=record.generations[:count], done=False)
        progress.show(judge_case(some), some)
        out = io.StringIO()
        Console(file=out, width=80, color_system=None).print(progress)
        seen.append(out.getvalue().splitlines())
    assert {len(lines) for lines in seen} == {4}
    assert all(len(line) <= 80 for lines in seen for line in lines)
    assert "starting" in seen[0][1] and seen[1][1].index("p50") == seen[2][1].index("p50")


def test_the_live_row_of_a_search_shows_its_last_probe_and_then_its_answer() -> None:
    record = searched()
    part = replace(record, generations=record.generations[:2], done=False)
    assert [row[1:4] for row in live_load.rows(judge_case(part), part)] == [
        ("300/s", "p95 20.0 ms", "2 probes, kept"), ("600/s", "", "2 probes, void"),
    ]  # fmt: skip
    assert live_load.rows(judge_case(record), record)[0][1:4] == ("410/s", "capacity", "4 probes")


def test_an_idle_round_of_a_search_that_is_over_is_no_probe() -> None:
    record = searched()
    idle = replace(
        record.generations[-1],
        index=9,
        metrics=dict.fromkeys(record.generations[-1].metrics, (math.nan, math.nan)),
        remarks=(
            {"idle": True, "done": True},
            remark(window(5, 0.1), probe={"rate": 5.0, "stage": "narrow", "kept": True, "why": ""}),
        ),
    )
    rows = live_load.rows(judge_case(record), replace(record, generations=(*record.generations, idle)))
    assert [row[3] for row in rows] == ["4 probes", "5 probes, kept"]
