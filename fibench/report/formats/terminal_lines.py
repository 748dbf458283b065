"""Lines of a terminal: wrapped between words, indented, without a space at their end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

GAP = 2
Piece = tuple[str, str]
"""A text and its style."""


def wrapped(text: Text, console: Console, indent: int = 0, hang: int = 0) -> Iterator[Text]:
    """`text` in lines that fit; `hang` indents the second and later ones further."""
    room = max(20, console.width - indent - hang)
    first, *rest = text.wrap(console, room + hang) or [Text()]
    first.rstrip()
    yield Text(" " * indent if first else "") + first
    for line in rest:
        line.rstrip()
    later = Text(" ").join(line for line in rest if line)
    for line in later.wrap(console, room) if later else ():
        line.rstrip()
        yield Text(" " * (indent + hang)) + line


def row(pieces: Iterable[Piece], widths: Iterable[int], rights: Iterable[bool]) -> Text:
    """One row of cells in columns."""
    text, gap = Text(), ""
    for (said, style), width, right in zip(pieces, widths, rights, strict=True):
        space = " " * (width - cell_len(said))
        text.append(gap + (space if right else ""))
        text.append(said, style)
        text.append("" if right else space)
        gap = " " * GAP
    text.rstrip()
    return text
