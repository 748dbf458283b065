"""One golden per text format of a run under load: an open loop that fails in part, a closed loop, and a search."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from test_goldens import check

from fibench.model.document import Report
from fibench.report.formats.builtin import exporter
from fibench.report.formats.terminal import print_document
from fibench.workloads.traffic import CLOSED_LOOP
from tests.unit.load_records import case, loaded, report, searched, window

CLAIM = {"metric": "response", "value": {"variant": "v2", "quantile": 0.99, "at_most": "60 ms"}}


@pytest.fixture(scope="module")
def load() -> Report:
    """The run."""
    failing = {"v1": window(400, 0.02, stall=0.2), "v2": window(400, 0.01, failed=12, late=20)}
    fine = {"v1": window(400, 0.02), "v2": window(500, 0.01)}
    opened = case(("v1", "v2"), ("response", "throughput"), {"slo": 0.05}, claims=[CLAIM])
    return report(
        loaded(opened, failing, void={"v1": [1], "v2": [3, 4]}),
        loaded(case(("v1", "v2"), ("response", "throughput"), label=CLOSED_LOOP), fine),
        loaded(case(("v1", "v2"), ("response", "throughput")), fine, void={"v1": range(12), "v2": range(9)}),
        searched(),
    )


@pytest.mark.parametrize("name", ["terminal", "markdown", "csv", "junit", "json"])
def test_a_format_writes_load_as_it_did_before(name: str, load: Report) -> None:
    chosen = exporter(name)
    check(f"load{chosen.suffix}", chosen.render(load))


@pytest.mark.parametrize("width", [80, 120])
def test_a_screen_shows_load_as_it_did_before(width: int, load: Report) -> None:
    out = io.StringIO()
    print_document(load.document, Console(file=out, width=width, color_system=None))
    check(f"load-screen-{width}.txt", "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n")
