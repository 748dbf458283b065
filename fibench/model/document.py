"""What a report shows, free of any format: `report.builder` words and rounds it, one exporter per format renders it.

Every string is one clean line (no control characters); formats escape for their own syntax and change no word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fibench.model.load_charts import ProbeChart, StallChart, TailChart
from fibench.model.note import Note
from fibench.model.result import RunResult

Tone = Literal["good", "bad", "neutral", "muted", "warn"]
Align = Literal["left", "right"]
Role = Literal["key", "number", "verdict", "ref", "prose", "detail"]
Shape = Literal["up", "down", "square", "diamond", "circle", "cross", "dash"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `sort` is the full-precision number behind the text, `more` are lines that belong to it.

    `level` sets it below the row above; there `short` says enough.
    """

    text: str
    tone: Tone = "neutral"
    sort: float | None = None
    more: tuple[str, ...] = ()
    level: int = 0
    short: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. A `key` or a `verdict` is never broken or cut, a `ref` may be numbered and told below the table;
    `prose` may be set below its row, `detail` is prose that a short page leaves out.
    """

    title: str
    role: Role = "key"

    @property
    def align(self) -> Align:
        """Numbers stand on their last digit."""
        return "right" if self.role == "number" else "left"

    @property
    def long(self) -> bool:
        """Sentences, not words."""
        return self.role in ("prose", "detail")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns in order of importance: where there is no room, a format may set the last ones below the row.

    `about` says what holds for all rows.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two."""

    text: str
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class Facts:
    """Keys and values, such as the machine's fingerprint."""

    title: str
    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """What the reader must know, each with what to do about it."""

    items: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of a `RatioChart`; `bounds` are the claimed gains, `band` is where a difference is negligible.

    Without `low` and `high` there is no interval yet: a point, not a bar.
    """

    label: str
    detail: str
    value: float | None
    low: float | None
    high: float | None
    text: str
    verdict: str
    tone: Tone = "neutral"
    shape: Shape = "circle"
    band: tuple[float, float] = (1.0, 1.0)
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class RatioChart:
    """Gains with their intervals on a logarithmic axis."""

    title: str
    about: str
    rows: tuple[Interval, ...]
    axis: str = "gain (log scale)"


@dataclass(frozen=True, slots=True)
class Trace:
    """One variant's values in base units, and where in the case's order each was measured."""

    name: str
    values: tuple[float, ...]
    at: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DistributionChart:
    """How the values of every variant are spread."""

    title: str
    about: str
    unit: str
    axis: str
    traces: tuple[Trace, ...]


@dataclass(frozen=True, slots=True)
class TimelineChart:
    """Every block in the order in which it ran; `breaks` are the first blocks of the generations."""

    title: str
    about: str
    unit: str
    axis: str
    traces: tuple[Trace, ...]
    breaks: tuple[int, ...] = ()
    noun: str = "block"


Chart = RatioChart | DistributionChart | TimelineChart | TailChart | StallChart | ProbeChart
Block = Paragraph | Table | Facts | Notes | Chart


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question: one comparison, or one variant alone. `main` is the case's first metric.

    `figure`, `interval` and `control` are its numbers in a line, `sentence` says the same in words, `reason` is small type.
    """

    subject: str
    metric: str
    sentence: str
    verdict: str
    tone: Tone = "neutral"
    shape: Shape = "circle"
    figure: str = ""
    interval: str = ""
    control: str = ""
    control_tone: Tone = "muted"
    reason: str = ""
    main: bool = True


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """All answers of one case; `label` warns of numbers that are simulated, `doubts` concern the whole case.

    `load` is how the load went that the numbers rest on, a line per variant.
    """

    title: str
    anchor: str
    rows: tuple[Answer, ...]
    label: str = ""
    doubts: tuple[str, ...] = ()
    load: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with blocks; `background` may be folded away, and only what is `brief` stands on a short page."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]
    label: str = ""
    background: bool = False
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A page: the answers first, then what they rest on.

    `rollup` says in a line how the claims fared, `summary` ends a page that scrolls, `more` is the command for all of it.
    """

    title: str
    subtitle: str
    answers: tuple[CaseAnswer, ...] = ()
    sections: tuple[Section, ...] = ()
    rollup: str = ""
    summary: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class GateRow:
    """What the gate decided about one comparison or claim, where a gate has run."""

    name: str
    word: Literal["pass", "worse", "undecided", "invalid"]
    reason: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What every exporter gets: the page for readers, the result for machines, and the gate's word if there was one."""

    document: Document
    result: RunResult
    gate: tuple[GateRow, ...] | None = None
