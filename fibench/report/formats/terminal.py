"""The page for a terminal: nothing is cut at any width, nothing is said by colour alone, and the answer comes last again.

The short page (a screen) is what one reads; the full one (a file, `--full`) is everything.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from fibench.model.document import (
    Block,
    Document,
    Facts,
    Notes,
    Paragraph,
    RatioChart,
    Report,
    Section,
    Table,
    Tone,
)
from fibench.model.load_charts import ProbeChart, StallChart, TailChart
from fibench.model.note import Note
from fibench.report.formats import terminal_answers, terminal_chart, terminal_load, terminal_table
from fibench.report.formats.terminal_lines import wrapped

STYLES: dict[Tone, str] = {"good": "green", "bad": "red", "neutral": "", "muted": "dim", "warn": "yellow"}


class Terminal:
    """The whole page as plain text, for files and pipes."""

    suffix = ".txt"

    def render(self, report: Report) -> str:
        out = io.StringIO()
        print_document(report.document, Console(file=out, width=100, color_system=None), full=True)
        return out.getvalue()


def print_document(document: Document, console: Console, *, full: bool = False) -> None:
    """Print the page; `full` adds everything that the answers rest on."""
    for line in _page(document, console, full):
        console.print(line, highlight=False, soft_wrap=False, markup=False, emoji=False)


def _page(document: Document, console: Console, full: bool) -> Iterator[Text]:
    yield from wrapped(Text(document.title, "bold"), console)
    yield from wrapped(Text(document.subtitle, "dim"), console)
    if document.answers:
        yield Text("")
        yield from terminal_answers.lines(document.answers, console, STYLES)
    for section in document.sections:
        if full:
            yield from _section(section, console)
        elif section.brief:
            yield from _short(section, console)
    if document.summary:
        yield Text("")
        yield from wrapped(Text(document.summary, "bold"), console)
    if document.more and not full:
        yield from wrapped(Text(f"all of it: {document.more}", "dim"), console)


def _short(section: Section, console: Console) -> Iterator[Text]:
    """Tables, notes, and a chart where it compares something; what the summary repeats is left out."""
    for block in section.blocks:
        if isinstance(block, Table):
            yield Text("")
            yield from terminal_table.lines(block, console, STYLES, brief=True)
        elif isinstance(block, Notes):
            yield Text("")
            for note in block.items:
                yield from _note(note, console)
        elif isinstance(block, RatioChart) and 2 <= len(block.rows) <= terminal_chart.MOST:
            yield from _chart(block, console)


def _section(section: Section, console: Console) -> Iterator[Text]:
    lines = [line for block in section.blocks for line in _block(block, console)]
    if not lines:
        return
    yield Text("")
    yield from wrapped(Text(section.title, "bold underline"), console)
    if section.label:
        yield from wrapped(Text(section.label, "bold yellow"), console)
    yield from lines


def _block(block: Block, console: Console) -> Iterator[Text]:
    if isinstance(block, Paragraph):
        yield from wrapped(Text(block.text, STYLES[block.tone]), console)
    elif isinstance(block, Table):
        yield Text("")
        if block.title:
            yield Text(block.title, "italic")
        if block.about:
            yield from wrapped(Text(block.about, "dim"), console)
        yield from terminal_table.lines(block, console, STYLES)
    elif isinstance(block, Facts):
        yield from _facts(block, console)
    elif isinstance(block, Notes):
        for note in block.items:
            yield from _note(note, console)
    elif isinstance(block, RatioChart):
        yield from _chart(block, console)
    elif isinstance(block, (TailChart, StallChart, ProbeChart)):
        yield from terminal_load.lines(block, console)


def _chart(chart: RatioChart, console: Console) -> Iterator[Text]:
    drawn = list(terminal_chart.lines(chart, console.width, STYLES))
    if drawn:
        yield Text("")
        yield from wrapped(Text(chart.title, "italic"), console)
        yield from drawn


def _facts(facts: Facts, console: Console) -> Iterator[Text]:
    if facts.title:
        yield Text("")
        yield from wrapped(Text(facts.title, "italic"), console)
    for key, value in facts.items:
        yield from wrapped(Text.assemble((f"{key}: ", "bold"), value), console, 2, hang=2)


def _note(note: Note, console: Console) -> Iterator[Text]:
    scope = f" ({note.scope})" if note.scope else ""
    said = Text.assemble(("note ", "bold yellow"), (note.code, "bold"), scope, f": {note.text}")
    yield from wrapped(said, console, hang=2)
    if note.hint:
        yield from wrapped(Text(f"hint: {note.hint}", "dim"), console, 2, hang=2)
