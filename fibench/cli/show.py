"""Results to the terminal, to stdout as JSON, and to files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fibench.cli.console import emit, out, say

if TYPE_CHECKING:
    from fibench.model.document import Document
    from fibench.model.result import RunResult
    from fibench.model.run import Run

REPORTS = Path("reports")
STDOUT = "-"


def print_result(result: RunResult, run: Run | None, *, json: bool = False, page: bool = False, full: bool = False) -> None:
    """One document on stdout (`--json`) or the verdicts as people read them; the page's path is talk."""
    from fibench.cli.unfinished import begun, say_missing
    from fibench.report.builder import build

    measured, missing = (result, []) if json else begun(result, run)
    if measured.cases or not missing:
        print_document(build(measured, run), measured, json=json, full=full)
    say_missing(missing)
    if page:
        write(build(result, run), result, REPORTS / f"{result.label or result.run}.html")


def print_document(document: Document, result: RunResult, *, json: bool = False, full: bool = False) -> None:
    """JSON of the result, or the document on the terminal."""
    if json:
        from fibench.model.document import Report
        from fibench.report.formats.builtin import exporter

        emit(exporter("json").render(Report(document, result)))
        return
    from fibench.report.formats.terminal import print_document as render

    render(document, out(), full=full)


def check_outputs(paths: Iterable[Path], format: str | None = None) -> None:
    """Before anything is measured or printed: every file has a known format and can be written; else UsageError."""
    from fibench.report.formats.builtin import exporter, exporter_for

    if format:
        exporter(format)
    for path in paths:
        if str(path) == STDOUT:
            continue
        exporter_for(path, format)
        there = path.exists()
        _attempt(path, lambda path: path.open("ab").close())
        if not there:
            path.unlink()


def write(document: Document, result: RunResult, path: Path, format: str | None = None) -> None:
    """Render to a file in the format of its suffix; "-" is stdout, in Markdown unless a format was named."""
    from fibench.model.document import Report
    from fibench.report.formats.builtin import exporter, exporter_for

    if str(path) == STDOUT:
        emit(exporter(format or "markdown").render(Report(document, result)))
        return
    save(path, exporter_for(path, format).render(Report(document, result)))


def save(path: Path, text: str) -> None:
    """Write a report and say where it is; UsageError if it cannot be there."""
    _attempt(path, lambda path: path.write_text(text, encoding="utf-8"))
    say(f"report: {path}")


def _attempt(path: Path, work: Callable[[Path], object]) -> None:
    from fibench.errors import UsageError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work(path)
    except OSError as error:
        raise UsageError(f"cannot write the report: {error.strerror}", where=str(path)) from error
