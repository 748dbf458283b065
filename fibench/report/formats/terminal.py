"""The page for a terminal: nothing is cut at any width, and nothing is said by colour alone."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from fibench.model.document import (
    Answer,
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
from fibench.model.note import Note
from fibench.report.formats import terminal_chart, terminal_table
from fibench.report.words import GLYPHS

STYLES: dict[Tone, str] = {"good": "green", "bad": "red", "neutral": "", "muted": "dim", "warn": "yellow"}


class Terminal:
    """The whole page as plain text, for files and pipes."""

    suffix = ".txt"

    def render(self, report: Report) -> str:
        out = io.StringIO()
        print_document(report.document, Console(file=out, width=100, color_system=None), full=True)
        return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def print_document(document: Document, console: Console, *, full: bool = False) -> None:
    """Print the page; `full` adds the background (method, machine, glossary) that a run's screen leaves out."""
    for item in _page(document, console.width, full):
        console.print(item, highlight=False, soft_wrap=False, markup=False, emoji=False)


def _page(document: Document, width: int, full: bool) -> Iterator[RenderableType]:
    yield Text(document.title, "bold")
    yield Text(document.subtitle, "dim")
    previous = ""
    for answer in document.answers:
        yield from _answer(answer, answer.case != previous)
        previous = answer.case
    for section in document.sections:
        if full or not section.background:
            yield from _section(section, width, full)


def _answer(answer: Answer, opens: bool) -> Iterator[RenderableType]:
    """The case's name once, then one sentence per candidate."""
    if opens:
        yield Text(f"\n{answer.case}", "bold")
        if answer.label:
            yield Text(answer.label, "bold yellow")
    style = f"bold {STYLES[answer.tone]}"
    yield _indented(Text.assemble((GLYPHS[answer.shape], style), f" {answer.sentence}: ", (answer.verdict, style)))


def _section(section: Section, width: int, full: bool) -> Iterator[RenderableType]:
    """A screen shows charts where they stand alone, a file shows them all."""
    tables = any(isinstance(block, Table) for block in section.blocks)
    left_out = RatioChart if tables and not full else ()
    blocks = [item for block in section.blocks if not isinstance(block, left_out) for item in _block(block, width)]
    if not blocks:
        return
    yield Text(f"\n{section.title}", "bold underline")
    if section.label:
        yield Text(section.label, "bold yellow")
    yield from blocks


def _block(block: Block, width: int) -> Iterator[RenderableType]:
    if isinstance(block, Paragraph):
        yield Text(block.text, STYLES[block.tone])
    elif isinstance(block, Table):
        yield Text(f"\n{block.title}" if block.title else "", "italic")
        yield from terminal_table.lines(block, width, STYLES)
    elif isinstance(block, Facts):
        yield from _facts(block)
    elif isinstance(block, Notes):
        yield Text("")
        yield from (_note(note) for note in block.items)
    elif isinstance(block, RatioChart):
        yield Text(f"\n{block.title}", "italic")
        yield from terminal_chart.lines(block, width, STYLES)


def _facts(facts: Facts) -> Iterator[RenderableType]:
    if facts.title:
        yield Text(f"\n{facts.title}", "italic")
    for key, value in facts.items:
        yield Padding(Text.assemble((f"{key}: ", "bold"), value), (0, 0, 0, 2), expand=False)


def _note(note: Note) -> RenderableType:
    hint = (f"\n  hint: {note.hint}", "dim") if note.hint else ""
    return Text.assemble(("note ", "bold yellow"), (f"{note.code}: ", "bold"), note.text, hint)


def _indented(text: Text) -> RenderableType:
    return Padding(text, (0, 0, 0, 2), expand=False)
