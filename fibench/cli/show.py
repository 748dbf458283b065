"""Results to the terminal, to stdout as JSON, and to a page in `reports/`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fibench.cli.console import emit, out, say

if TYPE_CHECKING:
    from fibench.model.document import Document
    from fibench.model.result import RunResult
    from fibench.model.run import Run

REPORTS = Path("reports")


def print_result(result: RunResult, run: Run | None, *, json: bool = False, page: bool = False, full: bool = False) -> None:
    """One document on stdout (`--json`) or the verdicts as people read them; the page's path is talk."""
    from fibench.report.builder import build

    document = build(result, run)
    print_document(document, result, json=json, full=full)
    if page:
        write(document, result, REPORTS / f"{result.label or result.run}.html")


def print_document(document: Document, result: RunResult, *, json: bool = False, full: bool = False) -> None:
    """JSON of the result, or the document on the terminal."""
    if json:
        from fibench.model.document import Report
        from fibench.report.formats.builtin import exporter

        emit(exporter("json").render(Report(document, result)))
        return
    from fibench.report.formats.terminal import print_document as render

    render(document, out(), full=full)


def write(document: Document, result: RunResult, path: Path, format: str | None = None) -> None:
    """Render to a file in the format of its suffix; "-" is stdout. A half-written file is removed."""
    from fibench.model.document import Report
    from fibench.report.formats.builtin import exporter, exporter_for

    if str(path) == "-":
        emit(exporter(format or "markdown").render(Report(document, result)))
        return
    save(path, exporter_for(path, format).render(Report(document, result)))


def save(path: Path, text: str) -> None:
    """Write a report and say where it is; UsageError if it cannot be there."""
    from fibench.errors import UsageError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write the report: {error.strerror}", where=str(path)) from error
    say(f"report: {path}")
