"""Every verdict becomes one plain sentence; hostile text becomes plain text; a file's name chooses its format."""

from __future__ import annotations

from typing import Any

import pytest

from fibench.errors import UsageError
from fibench.model.case import Case, Variant
from fibench.model.metric import Metric
from fibench.model.result import CaseResult, Comparison, RunResult, Summary
from fibench.model.scenario import Measure
from fibench.report import words
from fibench.report.builder import build
from fibench.report.clean import line
from fibench.report.formats.builtin import exporter, exporter_for
from fibench.report.formats.csv_table import _cell
from fibench.report.formats.markdown import text

CASE = Case(
    scenario="s", kind="python", point={}, variants=(Variant(name="v1", params={}), Variant(name="v2", params={})),
    metrics=(Metric("wall"), Metric("size", "B", counted=True)), measure=Measure(), key="k",
)  # fmt: skip


def compared(verdict: str, numbers: tuple[float | None, float | None, float | None], **more: object) -> Comparison:
    given: dict[str, Any] = {"metric": "wall", "level": 0.99, "evidence": "E2", "margin": 0.02, **more}
    ratio, low, high = numbers
    return Comparison(
        baseline="v1", candidate="v2", ratio=ratio, low=low, high=high, verdict=verdict, units=24, seconds=1.0, **given
    )


@pytest.mark.parametrize(
    ("comparison", "sentence"),
    [
        (compared("FASTER", (1.69, 1.64, 1.71)), "v2 is 1.69× faster than v1 [1.64, 1.71], 99 % sure"),
        (compared("SLOWER", (0.8, 0.76, 0.83)), "v2 is 1.25× slower than v1 [1.20, 1.32], 99 % sure"),
        (
            compared("EQUIVALENT", (1.0, 0.999, 1.001)),
            "v2 and v1 are equal within 2 %: 1.000× [0.999, 1.001], 99 % sure",
        ),
        (
            compared("CHANGED, NEGLIGIBLE", (1.006, 1.003, 1.009)),
            "v2 differs from v1 by less than 2 %: 1.006× [1.003, 1.009], 99 % sure",
        ),
        (
            compared("INCONCLUSIVE", (1.1, 0.9, 1.3), reason="about 9 more rounds, 2 s"),
            "v2 against v1 is undecided: 1.10× [0.90, 1.30], 99 % sure",
        ),
        (
            compared("INVALID", (None, None, None), reason="outputs differ"),
            "v2 against v1: no answer",
        ),
        (
            compared("BETTER", (2.5, 2.5, 2.5), metric="size"),
            "v2 is 2.50× better than v1 in size, counted exactly",
        ),
        (
            compared("SLOWER", (0.0532, 0.05, 0.06)),
            "v2 is 18.8× slower than v1 [16.7, 20.0], 99 % sure",
        ),
        (
            compared("INCONCLUSIVE", (0.0532, 0.02, 1.1)),
            "v2 against v1 is undecided: 18.8× slower [0.91, 50.0], 99 % sure",
        ),
        (compared("INCONCLUSIVE", (24.8, None, None)), "v2 against v1 is undecided: 24.8×"),
        (
            compared("SUGGESTS FASTER", (1.2, None, None), evidence="E0"),
            "v2 is 1.20× faster than v1, as two bare runs suggest",
        ),
    ],
)
def test_a_verdict_is_said_in_a_sentence(comparison: Comparison, sentence: str) -> None:
    assert words.sentence(CASE, comparison) == sentence


def test_a_case_without_comparison_still_answers() -> None:
    alone = CaseResult(CASE, "valid", None, {"v1": {"wall": Summary("s", 40, 0.0015)}}, ())
    broken = CaseResult(CASE, "invalid", "v1: exit code 1", {}, ())
    document = build(RunResult("r", None, "complete", (alone, broken)), None)
    rows = [(row.sentence, row.figure, row.reason) for case in document.answers for row in case.rows]
    assert rows == [
        ("v1: median wall 1.50 ms over 40 blocks", "1.50 ms", ""),
        ("no answer", "", "v1: exit code 1"),
    ]
    assert document.summary == "2 cases: 1 MEASURED, 1 INVALID"


def test_a_run_without_cases_is_a_page_too() -> None:
    document = build(RunResult("r", None, "failed", ()), None)
    assert document.title == "no cases" and "FAILED" in document.subtitle


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("a\x1b[31mb\x1b[0m", "ab"), ("a\nb\r\n c", "a b c"), ("\x1b]0;title\x07x", "x"), ("a\u202eb", "ab"),
        ("\ud800x", "x"),
        ("µs × 1", "µs × 1"), ("\x9b31mx", "31mx"),
    ],
)  # fmt: skip
def test_text_is_one_line_without_control_characters(hostile: str, harmless: str) -> None:
    assert line(hostile) == harmless


@pytest.mark.parametrize(
    ("plain", "escaped"),
    [
        ("a|b", "a\\|b"), ("<b>", "&lt;b&gt;"), ("*x* `y`", "\\*x\\* \\`y\\`"), ("fi.uvloop_1k", "fi.uvloop_1k"),
        ("_x_", "\\_x\\_"),
        ("![a](b)", "\\![a\\](b)"), ("# title", "\\# title"), ("1. item", "1\\. item"), ("[1.64, 1.71]", "[1.64, 1.71]"),
        ("@team", "&#64;team"),
    ],
)  # fmt: skip
def test_markdown_is_escaped_only_where_it_would_act(plain: str, escaped: str) -> None:
    assert text(plain) == escaped


@pytest.mark.parametrize(
    ("value", "cell"), [("=1+1", "'=1+1"), (" @x", "' @x"), (-1.5, "-1.5"), (None, ""), (float("inf"), ""), ("a", "a")]
)
def test_a_csv_cell_is_never_a_formula(value: object, cell: str) -> None:
    assert _cell(value) == cell


@pytest.mark.parametrize(
    ("path", "suffix"),
    [
        ("a.html", ".html"),
        ("a.MD", ".md"),
        ("a.json", ".json"),
        ("a.xml", ".xml"),
        ("a.csv", ".csv"),
        ("a.txt", ".txt"),
    ],
)
def test_a_files_suffix_chooses_the_format(path: str, suffix: str) -> None:
    assert exporter_for(path).suffix == suffix


def test_a_named_format_wins_over_the_suffix() -> None:
    assert exporter_for("out.txt", "markdown").suffix == ".md"


def test_an_unknown_format_is_answered_with_help() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'html'"):
        exporter("htlm")
    with pytest.raises(UsageError, match=r"no format is known for the suffix '.pdf'[\s\S]*\.html"):
        exporter_for("report.pdf")
    with pytest.raises(UsageError, match="has no suffix"):
        exporter_for("report")
