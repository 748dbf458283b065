"""The answers, the A/A control beside them, the tables below them: what is said, what is left out, and said only once."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from fibench.model.case import Case, Variant
from fibench.model.document import Document, RatioChart, Report
from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.result import CaseResult, Comparison, Control, RunResult, Summary
from fibench.model.scenario import Claim, Measure, Speedup
from fibench.report import charts, pictures, tables, words
from fibench.report.builder import build
from fibench.report.formats.builtin import exporter
from fibench.report.formats.terminal import print_document

NAMES = ("base", "one", "two", "three", "four")


def case_of(point: dict[str, Any] | None = None, many: int = 1, **more: Any) -> Case:
    given: dict[str, Any] = {
        "scenario": "s", "kind": "python", "point": point or {}, "metrics": (Metric("wall"), Metric("size", "B", counted=True)),
        "measure": Measure.model_validate({"metrics": ("wall", "size")}), "key": f"k{point}", **more,
    }  # fmt: skip
    return Case(variants=tuple(Variant(name=name, params={}) for name in NAMES[: many + 1]), **given)


def compared(candidate: str = "one", ratio: float | None = 2.0, **more: Any) -> Comparison:
    given: dict[str, Any] = {
        "metric": "wall", "baseline": "base", "low": 1.9, "high": 2.1, "level": 0.99, "verdict": "FASTER", "evidence": "E2",
        "units": 24, "seconds": 1.0, "margin": 0.02, **more,
    }  # fmt: skip
    return Comparison(candidate=candidate, ratio=ratio, **given)


def page(*cases: CaseResult) -> Document:
    return build(RunResult("r", None, "complete", cases), None)


def screen(document: Document, width: int = 80) -> str:
    out = io.StringIO()
    print_document(document, Console(file=out, width=width, color_system=None))
    return out.getvalue()


@pytest.mark.parametrize(
    ("control", "more", "said"),
    [
        (Control("wall", 1.003, 0.98, 1.025, 24, True), {}, "+0.3 % [−2.0, +2.5]"),
        (Control("wall", 1.03, 1.01, 1.05, 24, False), {}, "differs: +3.0 % [+1.0, +5.0]"),
        (Control("wall", 1.003, None, None, 3, True), {}, "+0.3 % (no interval yet)"),
        (Control("wall", 1.0, 1.0, 1.0, 3, True), {}, "identical"),
        (None, {}, "no control yet"),
        (None, {"measure": Measure(control=False)}, "off"),
    ],
)
def test_the_control_is_an_interval_or_says_why_there_is_none(control: Control | None, more: dict[str, Any], said: str) -> None:
    result = CaseResult(case_of(**more), "valid", None, {}, (compared(),), (control,) if control else ())
    assert words.control(result, compared())[0] == said
    assert words.control(CaseResult(case_of(), "valid", None, {}, ()), compared(evidence="E0"))[0] == "not interleaved"


def test_nothing_says_that_a_gain_cannot_be_seen() -> None:
    told = " ".join(text for pair in words.GLOSSARY for text in pair)
    assert "cannot be seen" not in told and "noise floor" not in told
    assert "too few" not in dict(words.GLOSSARY)["INVALID"] and "too few" in dict(words.GLOSSARY)["INCONCLUSIVE"]


def test_a_reason_stands_below_its_row_never_in_the_answer_itself() -> None:
    open_ = compared(verdict="INCONCLUSIVE", low=0.9, reason="about 134409 more generations, 59 h")
    document = page(CaseResult(case_of(), "valid", None, {}, (open_,)))
    (row,) = document.answers[0].rows
    assert "134409" not in row.sentence + row.figure and "134409" in row.reason
    assert '<p class="reason">about 134409' in exporter("html").render(Report(document, RunResult("r", None, "complete", ())))
    assert "\n    about 134409 more generations, 59 h\n" in screen(document)


def test_many_candidates_share_one_baseline_one_control_and_one_reason() -> None:
    rows = tuple(compared(name, 1.0, low=0.9, high=1.1, verdict="INCONCLUSIVE", reason="too close") for name in NAMES[1:])
    result = CaseResult(case_of(many=4), "valid", None, {}, rows, (Control("wall", 1.003, 0.98, 1.025, 24, True),))
    document = page(result)
    assert document.answers[0].title == "s against base"
    text = screen(document)
    assert text.count("+0.3 %") == 1 and text.count("too close") == 1 and text.count("base") == 2  # and the chart's title
    html = exporter("html").render(Report(document, RunResult("r", None, "complete", (result,))))
    assert 'class="figure"' not in html and html.count('<div class="line ') == 4


def test_two_stored_runs_are_named_once_not_in_every_row() -> None:
    rows = tuple(compared(f"b/{name}", 1.02, baseline=f"a/{name}", evidence="E0") for name in ("v1", "v2"))
    result = CaseResult(case_of(), "valid", None, {}, rows)
    document = page(result)
    assert document.answers[0].title == "s: b against a"
    assert [row.subject for row in document.answers[0].rows] == ["v1", "v2"]
    chart = pictures.overview([result], {})
    assert chart and chart.title == "Gain of b against a, wall" and [row.label for row in chart.rows] == ["v1", "v2"]
    assert words.versus([compared("b/v1", baseline="a/v2")]) is None


def test_a_chart_calls_its_rows_by_what_tells_them_apart() -> None:
    first, second = case_of({"size": 1, "mode": "x"}), case_of({"size": 2, "mode": "x"})
    assert list(pictures.short_names([first, second]).values()) == ["size=1", "size=2"]
    other = case_of({"size": 1}, scenario="t", key="t")
    assert list(pictures.short_names([first, other]).values()) == ["s", "t"]
    chart = pictures.overview([CaseResult(case, "valid", None, {}, (compared(),)) for case in (first, second)], {})
    assert chart and [(row.label, row.detail) for row in chart.rows] == [("size=1", ""), ("size=2", "")]
    assert chart.title == "Gain of one against base, wall"


def test_a_chart_of_one_row_and_one_that_does_not_fit_stay_off_the_screen() -> None:
    long = "x" * 70
    one = page(CaseResult(case_of({"a": long}), "valid", None, {}, (compared(),)))
    two = page(*(CaseResult(case_of({"a": f"{long}{n}"}), "valid", None, {}, (compared(),)) for n in range(2)))
    assert "Gain of" not in screen(one, 120) and "Gain of" not in screen(two, 80) and "Gain of" in screen(two, 120)


def test_a_row_without_an_interval_is_a_hollow_point() -> None:
    rows = (compared(), compared("two", 24.8, low=None, high=None, verdict="INCONCLUSIVE"))
    chart = pictures.overview([CaseResult(case_of(many=2), "valid", None, {}, rows)], {})
    assert chart and chart.rows[1].text == "24.8× too few generations"
    picture = charts.draw(chart, 980)
    assert picture.count('class="bar ') == 3  # the bar of the first row and its two ends
    assert "◄" not in screen(page(CaseResult(case_of(many=2), "valid", None, {}, rows)))


def test_a_claim_outside_the_picture_is_an_arrow_with_its_number_and_only_on_its_own_row() -> None:
    claims = (
        Claim(id="a", text="", speedup=Speedup(at_least=600)),
        Claim(id="b", text="", speedup=Speedup(baseline="two", candidate="one", at_least=1.7)),
    )
    case = case_of(many=2, claims=claims)
    rows = (compared("one"), compared("two"))
    chart = pictures.overview([CaseResult(case, "valid", None, {}, rows)], {})
    assert chart and [row.bounds for row in chart.rows] == [(600.0,), ()]
    picture = charts.draw(chart, 980)
    assert picture.count("claimed 600×") == 1 and "claim arrow" in picture


def test_quantiles_that_nobody_has_take_no_column_and_counted_values_are_exact() -> None:
    summaries = {"base": {"wall": Summary("s", 14, 0.05), "size": Summary("B", 14, 1054247.0, 1054247.0)}}
    table = tables.summaries(CaseResult(case_of(), "valid", None, summaries, ()))
    assert [column.title for column in table.columns] == ["metric", "variant", "median", "blocks"]
    assert [row[2].text for row in table.rows] == ["50.0 ms", "1,054,247 B"]
    summaries["one"] = {"wall": Summary("s", 99, 0.05, 0.06)}
    table = tables.summaries(CaseResult(case_of(), "valid", None, summaries, ()))
    assert [row[3].text for row in table.rows] == ["n too small", "60.0 ms", "–"]


def test_what_every_row_shares_is_said_above_the_table() -> None:
    rows = (compared("one"), compared("two", units=12))
    table = tables.comparisons(CaseResult(case_of(many=2), "valid", None, {}, rows), None)
    assert table.about == "99 % sure · evidence E2 · took 1.0 s"
    assert [column.title for column in table.columns][-1] == "generations"


def test_the_levels_of_evidence_and_the_medians_are_explained_once() -> None:
    summaries = {name: {"wall": Summary("s", 40, 0.05)} for name in ("base", "one")}
    cases = tuple(CaseResult(case_of({"n": n}), "valid", None, summaries, (compared(),)) for n in range(3))
    html = exporter("html").render(Report(page(*cases), RunResult("r", None, "complete", cases)))
    assert html.count("E2: interleaved, in one session") == 1 and html.count("not the ratio of the two medians") == 1


def test_a_note_names_its_cases_unless_it_concerns_them_all() -> None:
    everywhere, here = Note("a", "everywhere", scope="x"), Note("b", "here")
    cases = tuple(
        CaseResult(case_of({"n": n}), "valid", None, {}, (compared(),), notes=(everywhere, here) if n else (everywhere,))
        for n in range(3)
    )
    text = screen(page(*cases))
    assert "note a: everywhere" in text and "note b (n=1 and n=2): here" in text and text.count("everywhere") == 1


def test_charts_tell_eight_variants_apart() -> None:
    chart = RatioChart("t", "a", ())
    assert charts.draw(chart)
    looks = {(charts.distribution.frames.colour(n), charts.distribution.frames.shape(n)) for n in range(24)}
    assert len({colour for colour, _ in list(looks)}) == 8 and len(looks) == 24
