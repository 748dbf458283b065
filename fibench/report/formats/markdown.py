"""GitHub-flavoured Markdown: good in a pull request, readable as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fibench.model.document import Answer, Block, CaseAnswer, Cell, Facts, Notes, Paragraph, Report, Section, Table
from fibench.model.note import Note
from fibench.report.words import GLYPHS, glyph

_ACTIVE = re.compile(r"[\\`*|~$]|(?<!\w)_|_(?!\w)|\](?=[(\[:])|!(?=\[)")
_LINE_START = re.compile(r"^(\s*)(?:(\d{1,9})(?=[.)](?:\s|$))|(?=[#+=-]))")
_MARKUP = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"})


class Markdown:
    """The page as Markdown; what is background is folded away."""

    suffix = ".md"

    def render(self, report: Report) -> str:
        document = report.document
        parts = [f"# {text(document.title)}", text(document.subtitle)]
        parts += [f"**{text(document.rollup)}**"] if document.rollup else []
        parts += ["\n".join(line for case in document.answers for line in _case(case))]
        parts += [part for section in document.sections for part in _section(section)]
        return "\n\n".join(part for part in parts if part) + "\n"


def text(said: str) -> str:
    """Free text that Markdown and HTML leave alone, wherever on a line it stands."""
    escaped = _ACTIVE.sub(lambda found: "\\" + found[0], said).translate(_MARKUP)
    return _LINE_START.sub(lambda found: f"{found[1]}{found[2] or ''}\\", escaped)


def _case(case: CaseAnswer) -> Iterator[str]:
    for answer in case.rows:
        if answer.main:
            yield from _answer(case, answer)
    yield from (f"  - {text(line)}" for line in (*case.doubts, *case.load))


def _answer(case: CaseAnswer, answer: Answer) -> Iterator[str]:
    label = f"**{text(case.label)}** · " if case.label else ""
    said = f"**{text(case.title)}**: {text(answer.sentence)}"
    yield f"- {GLYPHS[answer.shape]} **{text(answer.verdict)}** · {label}{said}"
    if answer.reason:
        yield f"  - {text(answer.reason)}"


def _section(section: Section) -> Iterator[str]:
    blocks = [part for block in section.blocks for part in _block(block) if part]
    if not blocks:
        return
    if section.background:
        yield f"<details><summary>{text(section.title)}</summary>"
        yield from blocks
        yield "</details>"
        return
    yield f"## {text(section.title)}"
    if section.label:
        yield f"> **{text(section.label)}**"
    yield from blocks


def _block(block: Block) -> Iterator[str]:
    """Charts stay out: their numbers are in the tables."""
    if isinstance(block, Paragraph):
        yield text(block.text)
    elif isinstance(block, Table):
        yield f"**{text(block.title)}**" if block.title else ""
        yield text(block.about)
        yield _table(block)
    elif isinstance(block, Facts):
        yield f"**{text(block.title)}**" if block.title else ""
        yield "\n".join(f"- **{text(key)}**: {text(value)}" for key, value in block.items)
    elif isinstance(block, Notes):
        yield "\n".join(_note(note) for note in block.items)


def _note(note: Note) -> str:
    hint = f" (hint: {text(note.hint)})" if note.hint else ""
    scope = f" ({text(note.scope)})" if note.scope else ""
    return f"- **{text(note.code)}**{scope}: {text(note.text)}{hint}"


def _table(table: Table) -> str:
    lines = [
        [text(column.title) for column in table.columns],
        ["---:" if column.align == "right" else ":---" for column in table.columns],
        *([_cell(cell, column.role) for cell, column in zip(row, table.columns, strict=True)] for row in table.rows),
    ]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cell(cell: Cell, role: str) -> str:
    """The verdict's sign before it, companions set in, and the parts of a cell below one another."""
    said = f"{glyph(cell.text)} {text(cell.text)}" if role == "verdict" else "↳ " * cell.level + text(cell.text)
    return "<br>".join((said, *(f"– {text(part)}" for part in cell.more)))
