"""The ledger: every claim in a line, companions below their claim, and what the verdicts rest on."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from fibench.model.document import Document
from fibench.model.result import ClaimResult
from fibench.report import ledger
from fibench.report.builder import build_claims
from fibench.report.formats.terminal import print_document

RUN = "20261120-163742-ef05"


def claim(name: str, verdict: str = "REFUTED", measured: float | None = 1.21, **more: Any) -> ClaimResult:
    given: dict[str, Any] = {
        "low": 1.19, "high": 1.23, "reason": "below 2×", "text": "twice as fast", "source": "paper, page 3", "unit": "×",
        "evidence": "E2", "run": RUN, "form": "speedup", **more,
    }  # fmt: skip
    return ClaimResult(id=name, verdict=verdict, measured=measured, **given)


def formula(name: str, verdict: str = "CONFIRMED") -> ClaimResult:
    return claim(name, verdict, 2.5, low=None, high=None, unit="1", evidence="", form="formula")


def screen(document: Document, width: int = 80, *, full: bool = False) -> str:
    out = io.StringIO()
    print_document(document, Console(file=out, width=width, color_system=None), full=full)
    return out.getvalue()


def test_companions_stand_below_their_claim() -> None:
    table = ledger.table([claim("fi.a.fixed"), claim("fi.b"), claim("fi.a"), claim("fi.c.x")], {}, {})
    assert [(row[0].text, row[0].level) for row in table.rows] == [
        ("fi.b", 0), ("fi.a", 0), ("fi.a.fixed", 1), ("fi.c.x", 0),
    ]  # fmt: skip
    assert "\nfi.a      ▼" in screen(build_claims([claim("fi.a.fixed"), claim("fi.a")]), 120)
    assert "\n  .fixed  ▼" in screen(build_claims([claim("fi.a.fixed"), claim("fi.a")]), 120)


def test_arithmetic_and_exact_numbers_say_so_instead_of_an_interval() -> None:
    table = ledger.table([formula("a"), claim("b", low=1.21, high=1.21)], {}, {})
    assert [(row[3].text, row[4].text) for row in table.rows] == [("2.5", "by arithmetic"), ("1.21×", "exact")]


def test_a_few_claims_have_their_texts_and_many_one_line_each() -> None:
    few = screen(build_claims([claim("a.b")]), 100)
    assert "twice as fast" in few and "below 2×" in few and "paper, page 3" not in few
    many = [claim(f"fi.claim_{number}") for number in range(20)]
    text = screen(build_claims(many), 100)
    assert "twice as fast" not in text and text.count("REFUTED  ") == 20 and text.count(RUN) == 20
    full = screen(build_claims(many), 100, full=True)
    assert full.count("twice as fast") == 20 and "paper, page 3" in full


def test_where_run_ids_have_no_room_they_are_numbered_whole_below_the_table() -> None:
    many = [claim(f"fi.a_long_name_of_{number}") for number in range(3)]
    text = screen(build_claims(many))
    assert text.count(RUN) == 1 and f"runs: #1={RUN}" in text and "  #1\n" in text


def test_every_part_of_a_claim_is_a_line_of_its_own() -> None:
    whole = claim("a", form="all_of", parts=("size 1.51× [exact] ≥ 1: CONFIRMED", "wall 0.9×: REFUTED"))
    text = screen(build_claims([whole]))
    assert "\n    – size 1.51× [exact] ≥ 1: CONFIRMED\n    – wall 0.9×: REFUTED\n" in text


def test_what_was_simulated_says_so_in_one_line_too() -> None:
    one = claim("a", simulated="a timed mock server")
    assert "E2 simulated" in screen(build_claims([one] + [claim(f"b.{number}") for number in range(13)]), 100)
    assert "SIMULATED: a timed mock server" in screen(build_claims([one]), 100)


def test_the_groups_count_companions_apart() -> None:
    table = ledger.groups([claim("fi.a"), claim("fi.a.x", "CONFIRMED"), claim("demo.b", "UNPROVEN")])
    assert table and [tuple(cell.text for cell in row) for row in table.rows] == [
        ("demo", "1", "–", "–", "1"), ("fi", "1", "–", "1", "–"), ("fi, companions", "1", "1", "–", "–"),
    ]  # fmt: skip
    assert ledger.groups([claim("fi.a"), claim("fi.b")]) is None


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ((), ""),
        ([claim("a"), claim("b"), formula("c")], "2 of 3 claims refuted, 1 confirmed (by arithmetic)"),
        ([claim("a"), formula("b", "REFUTED")], "2 of 2 claims refuted (1 by arithmetic)"),
        ([claim("a", "NOT TESTABLE", None)], "1 of 1 claim not testable"),
    ],
)
def test_how_the_claims_fared_is_one_line(claims: list[ClaimResult], said: str) -> None:
    assert ledger.fared(claims) == said


def test_an_interval_does_not_seem_to_reach_the_claim() -> None:
    table = ledger.table([claim("a", measured=1.75, low=1.7, high=1.7996)], {"a": (1.8,)}, {})
    assert table.rows[0][4].text == "[1.70, 1.7996]"
