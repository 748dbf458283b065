"""Load in reports: tails, stalls, probes, how the generator fared, and the warnings that every number carries."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from fibench.cli import labels
from fibench.model.document import Block, Chart, GateRow, Report, Table, TimelineChart
from fibench.model.load_charts import Hunt, Limit, Probe, ProbeChart, StallChart, Strip, Tail, TailChart
from fibench.model.run import CaseRecord
from fibench.report import charts
from fibench.report.formats.builtin import exporter
from fibench.report.formats.terminal import print_document
from fibench.workloads.traffic import CLOSED_LOOP
from tests.unit.load_records import LATE, case, judged, loaded, report, searched, window

BOTH = ("response", "response_p95")


def open_loop(**more: Any) -> CaseRecord:
    windows = {"v1": window(400, 0.02), "v2": window(400, 0.01, **more)}
    return loaded(case(("v1", "v2"), BOTH, {"slo": 0.05}), windows)


def blocks(found: Report) -> list[Block]:
    return [block for section in found.document.sections for block in section.blocks]


def chart(found: Report, kind: type[Any]) -> Any:
    return next(block for block in blocks(found) if isinstance(block, kind))


def screen(found: Report, width: int = 80, *, full: bool = False) -> str:
    out = io.StringIO()
    print_document(found.document, Console(file=out, width=width, color_system=None), full=full)
    return out.getvalue()


def drawn(one: Chart, width: int) -> str:
    picture = charts.draw(one, width, "k")
    ElementTree.fromstring(picture)
    assert not re.search(r"\b(nan|inf|None)\b", picture)
    return picture


# --- latency by percentile --------------------------------------------------------------------------------------------


def test_a_tail_is_of_all_requests_and_ends_where_their_number_does() -> None:
    tail = chart(report(open_loop()), TailChart).tails[0]
    known = dict(zip(tail.shares, tail.values, strict=True))
    every = np.tile(window(400, 0.02)["service"].astype(float) + 5e-5, 12)
    for share in (0.5, 0.95, 0.99, 0.999):
        assert known[share] == pytest.approx(np.quantile(every, share, method="higher"), rel=1e-5)
    assert max(tail.shares) == pytest.approx(0.025 ** (1 / 4800)) and 0.9999 not in known
    assert tail.answered == 1 and "4,800 requests, none failed" in tail.told


def test_windows_that_do_not_count_are_not_in_the_tail() -> None:
    windows = {"v1": window(400, 0.02), "v2": window(400, 0.01)}
    record = loaded(case(("v1", "v2"), BOTH), windows, void={"v1": [0, 5]})
    assert "4,000 requests" in chart(report(record), TailChart).tails[0].told


def test_a_tail_leaves_the_picture_where_requests_failed_and_says_so() -> None:
    found = chart(report(open_loop(failed=12)), TailChart)
    tail = found.tails[1]
    assert tail.answered == pytest.approx(0.97)
    assert math.inf in tail.values and "p99 ≥ timeout" in found.about and "144 of 4,800 requests failed" in found.about
    picture = drawn(found, 980)
    assert "v2 (3 % failed)" in picture and "v2: 3 % of the requests failed" in picture
    assert "of the requests failed" not in drawn(chart(report(open_loop()), TailChart), 980)


def test_what_was_asked_for_is_a_line_in_the_tail() -> None:
    claims = [
        {"id": "a", "metric": "response", "value": {"variant": "v2", "quantile": 0.99, "at_most": "30 ms"}},
        {"id": "b", "metric": "response_p95", "value": {"variant": "v1", "at_most": 0.04}},
        {"id": "c", "metric": "throughput", "value": {"variant": "v1", "at_least": 100}},
        {"id": "d", "metric": "response", "where": {"rate": "9/s"}, "value": {"variant": "v1", "at_most": "1 ms"}},
    ]
    windows = {"v1": window(400, 0.02), "v2": window(400, 0.01)}
    record = loaded(case(("v1", "v2"), (*BOTH, "throughput"), {"slo": 40.0}, claims=claims), windows)
    found = chart(report(record), TailChart)
    assert [(limit.text, limit.value, limit.share) for limit in found.limits] == [
        ("SLO 40.0 s", 40.0, 0.0), ("claimed v2 p99 ≤ 30.0 ms", 0.03, 0.99), ("claimed v1 p95 ≤ 40.0 ms", 0.04, 0.95),
    ]  # fmt: skip
    assert "↑ SLO 40.0 s" in drawn(found, 980), "a limit far away is told, not drawn"


def test_a_handful_of_requests_gives_no_tail() -> None:
    windows = {"v1": window(5, 0.02), "v2": window(5, 0.01)}
    assert not [block for block in blocks(report(loaded(case(("v1", "v2"), BOTH), windows, 1))) if isinstance(block, TailChart)]


@pytest.mark.parametrize("width", [340, 480, 980])
def test_any_chart_of_load_can_be_drawn(width: int) -> None:
    tails = {
        "one": Tail("<a & b>", (0.5,), (0.001,)), "none": Tail("b", (), ()),
        "failed": Tail("c", (0.5, 0.9), (math.inf,) * 2, 0.1),
        "zero": Tail("d", (0.5, 0.99), (0.0, 0.0)), "far": Tail("e", (0.5, 0.9, 0.999999), (1e-6, 1.0, 1e4)),
    }  # fmt: skip
    for some in ([], ["none"], ["failed"], ["one"], ["zero"], list(tails)):
        limits = (Limit("SLO", 1e9), Limit("claimed", 1e-3, 0.99))
        drawn(TailChart("t", "a", "s", "response", tuple(tails[name] for name in some), limits), width)
    strips = (
        Strip("a", (None,) * 3, (1, 0, 0), (0,)),
        Strip("b", (0.0, 1e-3, None), (0, 0, 9)),
        Strip("c", (2.0,) * 9000, (0,) * 9000),
    )
    for count in range(4):
        assert len(drawn(StallChart("t", "a", "s", 0.1, strips[:count]), width)) < 20_000
    probes = (Probe(10, 0.1, True), Probe(20, math.inf, False), Probe(15, math.nan, None), Probe(15, 0.2, None, True))
    hunts = (Hunt("a", probes, 0.0, 0.0, math.inf), Hunt("b", probes[:1]), Hunt("c", ()), Hunt("d", probes, 14.0, 10.0, 20.0))
    for goal in (0.1, math.nan):
        drawn(ProbeChart("t", "a", "s", "p95", Limit("goal", goal), hunts), width)
    drawn(ProbeChart("t", "a", "s", "p95", Limit("goal", 0.1), ()), width)


# --- stalls -----------------------------------------------------------------------------------------------------------


def test_a_stall_is_seen_in_its_own_tenth_of_a_second() -> None:
    strip = chart(report(open_loop(stall=0.2)), StallChart).strips[1]
    assert len(strip.values) == 120 and strip.starts == tuple(range(0, 120, 10))
    first = strip.values[:10]
    assert first[5] == max(first) and first[5] > 0.19 and first[4] < 0.05 and first[8] < 0.05
    assert not any(strip.failed)


def test_failures_have_a_row_of_their_own_so_that_they_hide_no_latency() -> None:
    found = report(open_loop(failed=4))
    strip = chart(found, StallChart).strips[1]
    assert sum(strip.failed) == 48 and max(filter(None, strip.values)) < 0.05
    assert 'class="bad"' in drawn(chart(found, StallChart), 980)
    assert "✕ requests failed" in screen(found, full=True)


# --- searches ---------------------------------------------------------------------------------------------------------


def test_a_search_shows_its_probes_its_bracket_and_its_goal() -> None:
    found = report(searched())
    one = chart(found, ProbeChart)
    assert one.goal.text == "goal: p95 < 50.0 ms"
    assert [(probe.rate, probe.kept, probe.void) for probe in one.hunts[1].probes] == [
        (40, True, False), (600, None, True), (900, None, False), (1360, False, False),
    ]  # fmt: skip
    assert one.hunts[0].told == "410/s, proven between 390/s and 495/s, bound by p95; 4 probes"
    picture = drawn(one, 980)
    assert picture.count('class="band"') == 3, "one in the key, one for each variant"
    assert "w1, 680/s: p95 of response ≥ timeout, broken" in picture and "w2, 600/s" not in picture


def test_probes_at_many_rates_are_never_pooled() -> None:
    found = report(searched())
    assert not [block for block in blocks(found) if isinstance(block, (TailChart, StallChart, TimelineChart))]
    every = next(block for block in blocks(found) if isinstance(block, Table) and block.title == "Every variant")
    assert {row[0].text for row in every.rows} == {"capacity"}


def test_every_probe_has_its_row_in_the_background() -> None:
    section = next(section for section in report(searched()).document.sections if section.anchor == "method")
    table = next(block for block in section.blocks if isinstance(block, Table) and block.title.startswith("Probes"))
    rows = [[cell.text for cell in row] for row in table.rows]
    assert section.background and len(rows) == 8
    assert rows[3] == ["w1", "4", "climb", "680/s", "≥ timeout", "0 %", "2,720", "broken (p95)", ""]
    assert rows[5][-2:] == ["does not count", LATE]


# --- how the load went ------------------------------------------------------------------------------------------------


def test_every_report_says_what_was_offered_and_achieved_how_late_and_by_how_busy_a_client() -> None:
    found = report(open_loop())
    line = "v1: offered 400/s, achieved 100 %, p99 late ≤ 310 µs, client CPU ≤ 12 %"
    for text in (screen(found), screen(found, full=True), exporter("html").render(found)):
        assert text.replace("\N{NO-BREAK SPACE}", " ").count(line) == 1
    assert line in [note["text"] for note in json.loads(exporter("json").render(found))["notes"]]
    assert line in exporter("markdown").render(found)
    assert len([one for one in screen(found).splitlines() if "offered" in one]) == 2, "one line per variant"


def test_what_was_sent_after_the_window_was_not_achieved() -> None:
    record = loaded(case(("v1", "v2"), BOTH), {"v1": window(400, 0.02), "v2": window(400, 0.02, late=100)})
    assert "v2: offered 400/s, achieved 300/s (75 %)" in screen(report(record))
    nearly = loaded(case(("v1", "v2"), BOTH), {"v1": window(4000, 0.02), "v2": window(4000, 0.02, late=1)})
    assert "v2: offered 4,000/s, achieved 99.9 %" in screen(report(nearly)), "never a rounded 100 %"


def test_a_reason_is_given_once_on_the_short_page() -> None:
    windows = {"v1": window(400, 0.02), "v2": window(400, 0.01)}
    record = loaded(case(("v1", "v2"), BOTH), windows, void={"v1": range(12), "v2": range(9)})
    text = " ".join(screen(report(record)).split())
    assert text.count("the client woke 2.94 ms late") == 2, "once for each variant"
    assert "v1: 12 of 12 windows do not count" in text and "also v2: 9 of 12 windows do not count" in text
    few = loaded(case(("v1", "v2"), BOTH), windows, void={"v1": [1], "v2": [2, 3]})
    text = " ".join(screen(report(few)).split())
    assert (
        "note windows-left-out: 1 of 12 windows of v1, 2 of 12 of v2 do not count: the client woke 2.94 ms late (p99; 1 ms"
        in text
    )
    assert "hint: give it a CPU of its own, or lower the rate" in text and text.count("the client woke") == 1


def test_errors_of_all_variants_are_one_note_with_an_example() -> None:
    notes = [note for note in judged(open_loop(failed=12)).notes if note.code == "errors"]
    assert [(note.text, note.hint) for note in notes] == [("v2: timeout ×144 of 4,800", "no answer within 10 s")]


def test_what_clients_tell_is_told_once_with_its_largest_number() -> None:
    record = open_loop()
    told = [
        replace(one, remarks=tuple({**old, "notes": [f"{index} connections replaced"]} for old in one.remarks))
        for index, one in enumerate(record.generations, 1)
    ]
    notes = [note.text for note in judged(replace(record, generations=tuple(told))).notes if note.code == "client"]
    assert notes == ["v1, v2: up to 12 connections replaced"]


def test_a_block_without_load_has_no_table_and_no_line() -> None:
    record = open_loop()
    plain = replace(record, generations=tuple(replace(one, remarks=(), requests=None) for one in record.generations))
    found = report(plain)
    assert not [block for block in blocks(found) if isinstance(block, Table) and block.title.startswith("The load")]
    assert not found.document.answers[0].load


# --- labels and what is beyond the timeout ----------------------------------------------------------------------------


def closed() -> Report:
    windows = {"v1": window(400, 0.02), "v2": window(400, 0.01)}
    return report(loaded(case(("v1", "v2"), ("response", "throughput"), label=CLOSED_LOOP), windows))


def test_a_closed_loop_is_called_so_wherever_its_numbers_stand() -> None:
    found = closed()
    assert found.document.answers[0].label == CLOSED_LOOP
    for block in blocks(found):
        title = getattr(block, "title", "")
        if title and title not in ("Run", "Machine", "Per case") and not title.startswith("Gain of"):
            assert "(closed loop)" in title, title
    short = " ".join(screen(found).split())
    assert CLOSED_LOOP in short and "load v1: closed loop 400/s" in short and "offered" not in short
    assert f"**{CLOSED_LOOP}**" in exporter("markdown").render(found)
    assert CLOSED_LOOP in exporter("html").render(found)
    suite = ElementTree.fromstring(exporter("junit").render(found)).find("testsuite")
    assert suite is not None and CLOSED_LOOP in suite.attrib["name"]
    gated = replace(found, gate=(GateRow("response: v2 vs v1", "pass", "", "load-0"),))
    assert f'<testsuite name="load-0 ({CLOSED_LOOP})"' in exporter("junit").render(gated)
    rows = list(csv.DictReader(io.StringIO(exporter("csv").render(found))))
    assert {row["case_label"] for row in rows} == {CLOSED_LOOP}
    assert labels.labels([found.result.cases[0].case]) == ["load-0 (closed loop)"]


def test_a_percentile_among_failures_is_beyond_the_timeout_in_every_format() -> None:
    windows = {"v1": window(400, 0.02), "v2": window(400, 0.01, failed=40)}
    found = report(loaded(case(("v1", "v2"), ("response",)), windows))
    assert found.result.cases[0].summaries["v2"]["response"].p95 == math.inf
    assert "≥ timeout" in screen(found, full=True)
    for name in ("terminal", "markdown", "html"):
        assert "≥ timeout" in exporter(name).render(found), name
    data = json.loads(exporter("json").render(found))
    assert data["cases"][0]["variants"]["v2"]["metrics"]["response"]["p95"] is None
    assert 'data-sort="Infinity"' in exporter("html").render(found)
    for name in ("csv", "junit", "json", "terminal", "markdown", "html"):
        assert not re.search(r"(?<![\w-])(inf|nan)(?![\w-])", exporter(name).render(found)), name


def test_windows_beyond_the_timeout_stay_in_the_pictures_of_windows() -> None:
    timeline = chart(report(open_loop()), TimelineChart)
    assert timeline.noun == "window"
    worst = replace(timeline, traces=tuple(replace(one, values=(*one.values[:-1], math.inf)) for one in timeline.traces))
    assert ": ≥ timeout" in drawn(worst, 480)
