"""One self-contained HTML page: no network, no external file, readable without JavaScript, safe under a strict CSP."""

from __future__ import annotations

import math
import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from fibench.model.document import (
    Block,
    Cell,
    Chart,
    Column,
    DistributionChart,
    Document,
    Facts,
    Notes,
    Paragraph,
    RatioChart,
    Report,
    Table,
    TimelineChart,
)
from fibench.model.load_charts import ProbeChart, StallChart, TailChart
from fibench.report import charts
from fibench.report.words import GLYPHS, glyph

WIDE = {RatioChart: 980, TailChart: 980, StallChart: 980, ProbeChart: 980, DistributionChart: 480, TimelineChart: 480}
NARROW = 340
HEROES = 3
"""More answers than so many make a list."""


class HtmlPage:
    """The page as HTML."""

    suffix = ".html"

    def render(self, report: Report) -> str:
        drawn = _Drawings()
        return _template().render(document=report.document, draw=drawn.draw) + "\n"


class _Drawings:
    """Draws every chart twice, wide and for a phone, and numbers them, because ids are unique on a page."""

    def __init__(self) -> None:
        self.count = 0

    def draw(self, chart: Chart) -> Markup:
        self.count += 1
        wide = charts.draw(chart, WIDE[type(chart)], f"chart-{self.count}-wide")
        narrow = charts.draw(chart, NARROW, f"chart-{self.count}-narrow")
        return Markup(f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>')


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("fibench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        chart_style=Markup(charts.STYLE), kind=_kind, glyph=glyph, glyphs=GLYPHS, heroes=_heroes, below=_below, across=_across
    )
    environment.filters.update(tie=_tie, breakable=_breakable, sortable=_sortable)
    return environment.get_template("page.html")


def _below(table: Table, row: tuple[Cell, ...]) -> list[tuple[Column, Cell]]:
    """The sentences of a row: they stand below it, over the whole width."""
    pairs = zip(table.columns[1:], row[1:], strict=True)
    return [(column, cell) for column, cell in pairs if column.long and (cell.text or cell.more)]


def _across(table: Table) -> int:
    """How many columns stand in the row."""
    return sum(not index or not column.long for index, column in enumerate(table.columns))


def _sortable(value: float) -> str:
    """A number as scripts read it: what is beyond the timeout sorts behind everything."""
    return "Infinity" if value == math.inf else repr(value)


def _tie(text: str) -> str:
    """An interval or a number and its sign are never torn apart at a line's end."""
    return re.sub(r"(?<=\d) (?=%)|(?<=[\d∞],) (?=[\d∞.,]+[\])])", "\N{NO-BREAK SPACE}", text)


def _breakable(text: str) -> Markup:
    """A file's name may break behind an underscore rather than anywhere."""
    return Markup("_<wbr>").join(escape(part) for part in text.split("_"))


def _heroes(document: Document) -> bool:
    """True where so few answers are given that each may be large."""
    return sum(answer.main for case in document.answers for answer in case.rows) <= HEROES


def _kind(block: Block) -> str:
    """Which macro shows the block."""
    for kind, name in (
        (Paragraph, "paragraph"),
        (Table, "table"),
        (Facts, "facts"),
        (Notes, "notes"),
        (RatioChart, "gains"),
        (TailChart, "load"),
        (StallChart, "load"),
        (ProbeChart, "load"),
    ):
        if isinstance(block, kind):
            return name
    return "series"
