"""Hostile strings stay strings, and every page keeps its promises."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import fixture
from rich.console import Console

from fibench.model.document import GateRow, Report
from fibench.report.builder import build, build_claims, build_comparison
from fibench.report.formats.builtin import exporter
from fibench.report.formats.terminal import print_document

COMPARISON_KEYS = {
    "metric", "baseline", "candidate", "ratio", "low", "high", "level", "verdict", "evidence", "units", "seconds",
}  # fmt: skip
VOID = {"meta", "link", "br", "wbr", "hr", "img", "input"}


class Page(HTMLParser):
    """Collects tags with attributes, and checks that they are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def page_of(html: str) -> Page:
    page = Page()
    page.feed(html)
    assert not page.open
    return page


def test_json_has_exactly_the_documented_keys(report: Report) -> None:
    data = json.loads(exporter("json").render(report))
    assert set(data) == {"run", "label", "state", "cases", "claims", "notes"}
    assert set(data["cases"][0]) == {"scenario", "point", "state", "reason", "variants", "comparisons"}
    assert set(data["cases"][0]["comparisons"][0]) == COMPARISON_KEYS
    assert set(data["cases"][0]["variants"]["v1"]["metrics"]["wall"]) == {"unit", "n", "median", "p90", "p95", "p99"}
    assert set(data["claims"][0]) == {"id", "verdict", "measured", "low", "high", "reason"}
    assert set(data["notes"][0]) == {"code", "text", "hint"}


def test_html_refers_to_nothing_outside_itself(report: Report) -> None:
    page = page_of(exporter("html").render(report))
    references = [
        value for _, attributes in page.tags for key, value in attributes.items() if key in ("src", "href", "action", "data")
    ]
    assert all(value and value.startswith("#") for value in references)
    assert not [tag for tag, _ in page.tags if tag in ("link", "img", "iframe", "object", "base")]
    assert "@import" not in exporter("html").render(report)


def test_html_runs_no_foreign_script_and_forbids_the_network(report: Report) -> None:
    html = exporter("html").render(report)
    page = page_of(html)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    policy = next(attributes["content"] for tag, attributes in page.tags if "http-equiv" in attributes)
    assert policy and policy.startswith(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    )


def test_html_links_lead_somewhere_and_ids_are_unique(report: Report) -> None:
    page = page_of(exporter("html").render(report))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {(attributes.get("href") or "#")[1:] for tag, attributes in page.tags if tag == "a"} <= set(ids)
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in page.tags if tag == "th")


def test_every_svg_is_well_formed_and_named(report: Report) -> None:
    pictures = re.findall(r"<svg.*?</svg>", exporter("html").render(report), re.S)
    assert len(pictures) == 2 * 7  # wide and narrow: the overview, per case gains, distributions and a timeline
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        names = [child.tag.rpartition("}")[2] for child in root]
        assert names[:2] == ["title", "desc"]
        assert not re.search(r"\b(nan|inf)\b", picture, re.I)


def test_no_control_character_reaches_a_reader(report: Report) -> None:
    for name in ("terminal", "markdown", "html", "csv", "junit", "json"):
        text = exporter(name).render(report)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", text), name


def test_markdown_keeps_hostile_text_in_its_cell(report: Report) -> None:
    text = exporter("markdown").render(report)
    assert "<script>" not in text
    assert not re.search(r"(?<!\\)!\[", text)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    widths = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert all(widths[index] == widths[index + 1] for index in range(len(rows) - 1) if rows[index + 1].startswith("| :--"))


def test_csv_cells_are_no_formulas_and_numbers_are_exact(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(exporter("csv").render(report))))
    assert len(rows) == 10
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "@"))]
    assert float(rows[1]["ratio"]) == 0.7979
    assert rows[0]["simulated"] == "" and "mock" in rows[-1]["simulated"]


def test_junit_says_what_the_gate_says(report: Report) -> None:
    root = ElementTree.fromstring(exporter("junit").render(report))
    assert (root.get("failures"), root.get("errors")) == ("2", "1")  # v3 is slower on wall; fi.uvloop_1k is required
    gate = (
        GateRow("wall: v2 vs v1", "pass", "fine", "case"),
        GateRow("cpu: v2 vs v1", "worse", "p ≤ 0.001 <&>", "case"),
    )
    root = ElementTree.fromstring(exporter("junit").render(Report(report.document, report.result, gate)))
    assert (root.get("tests"), root.get("failures")) == ("2", "1")


def test_a_simulated_case_says_so_in_every_readers_format(report: Report) -> None:
    for name in ("terminal", "markdown", "html", "junit"):
        assert "SIMULATED: the model is a timed mock server" in exporter(name).render(report), name


def test_a_screen_of_any_width_cuts_no_verdict_and_no_id(report: Report) -> None:
    for width in (60, 80, 100, 120, 200):
        out = io.StringIO()
        print_document(report.document, Console(file=out, width=width, color_system=None))
        text = out.getvalue()
        assert max(len(line) for line in text.splitlines()) <= width
        assert "…" not in text
        for word in (
            "CHANGED, NEGLIGIBLE",
            "NOT COMPARABLE",
            "NOT TESTABLE",
            "fi.uvloop_1k (required)",
            "sentinel.llm_ttfb",
        ):
            assert word in text, (width, word)


def test_no_line_of_a_screen_ends_with_a_space(report: Report) -> None:
    for width in (60, 80, 120):
        for full in (False, True):
            out = io.StringIO()
            print_document(report.document, Console(file=out, width=width, color_system=None), full=full)
            assert [line for line in out.getvalue().splitlines() if line != line.rstrip()] == []


def test_a_short_page_ends_with_the_summary_and_says_every_gain_once_outside_the_claims(report: Report) -> None:
    out = io.StringIO()
    print_document(report.document, Console(file=out, width=100, color_system=None))
    text = out.getvalue()
    assert text.splitlines()[-1] == f"all of it: fibench show {fixture.RUN.id} --full"
    assert "2 cases, 4 comparisons: 1 FASTER, 1 SLOWER, 1 INCONCLUSIVE, 1 INVALID · 4 claims:" in " ".join(text.split())
    assert text.count("[0.76, 0.83]") == 1
    for only_in_full in ("p95", "14.7 ms", "What the words mean", "2.60GHz", "calls per block"):
        assert only_in_full not in text
        assert only_in_full in exporter("terminal").render(report)


def test_a_note_is_said_once_with_the_cases_that_it_concerns(report: Report) -> None:
    for name in ("terminal", "markdown", "html"):
        assert exporter(name).render(report).count("wall and cpu disagree for v3") == 1, name
    assert "note cpu-and-wall (event-loop): wall" in exporter("terminal").render(report)


def test_colour_never_speaks_alone(report: Report) -> None:
    out = io.StringIO()
    print_document(report.document, Console(file=out, width=100, force_terminal=True, color_system="standard"))
    assert "\x1b[" in out.getvalue()
    assert "▲ FASTER" in re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


def test_pages_without_a_run_and_of_two_runs_and_of_claims_alone() -> None:
    documents = (
        build(fixture.RESULT, None), build_comparison(fixture.RESULT, fixture.RUN, fixture.RUN),
        build_claims(fixture.CLAIMS), build_claims(()),
    )  # fmt: skip
    for document in documents:
        for name in ("terminal", "markdown", "html"):
            assert document.title in exporter(name).render(Report(document, fixture.RESULT))
