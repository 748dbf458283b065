"""One golden per format: what is written today is what was read and found good."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from fibench.model.document import Report
from fibench.report.formats.builtin import BUILTIN, exporter
from fibench.report.formats.terminal import print_document

EXPECTED = Path(__file__).parent / "expected"
ACTUAL = Path(__file__).parents[1] / "actual"


def check(name: str, actual: str) -> None:
    """Compare with the golden; keep what was got when they differ, or make it the golden when asked to."""
    expected = EXPECTED / name
    if os.environ.get("UPDATE_GOLDEN"):
        EXPECTED.mkdir(exist_ok=True)
        expected.write_text(actual, encoding="utf-8")
    wanted = expected.read_text(encoding="utf-8") if expected.exists() else ""
    if actual != wanted:
        ACTUAL.mkdir(exist_ok=True)
        (ACTUAL / name).write_text(actual, encoding="utf-8")
        pytest.fail(f"{name} differs: diff {expected} {ACTUAL / name} (UPDATE_GOLDEN=1 accepts it)")


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_a_format_writes_what_it_wrote_before(name: str, report: Report) -> None:
    chosen = exporter(name)
    check(f"report{chosen.suffix}", chosen.render(report))


@pytest.mark.parametrize("width", [80, 120])
def test_a_screen_shows_what_it_showed_before(width: int, report: Report) -> None:
    out = io.StringIO()
    print_document(report.document, Console(file=out, width=width, color_system=None))
    check(f"screen-{width}.txt", "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n")
