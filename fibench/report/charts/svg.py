"""A tiny SVG writer: every text and attribute is escaped, every number finite and short."""

from __future__ import annotations

import math
from html import escape

from fibench.model.document import Shape


def tag(name: str, *children: str, **attributes: object) -> str:
    """One element; `children` are markup already, attribute `class_` becomes `class`, None is left out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{value_of(value)}"' for key, value in attributes.items() if value is not None
    )
    return f"<{name}{said}>{''.join(children)}</{name}>" if children else f"<{name}{said}/>"


def value_of(value: object) -> str:
    """An attribute's text; a number has one decimal and must be finite."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be drawn")
        return f"{value:.1f}".removesuffix(".0").replace("-0", "0") if abs(value) < 0.05 else f"{value:.1f}".removesuffix(".0")
    return escape(str(value), quote=True)


def text(said: str, x: float, y: float, *, anchor: str | None = None, class_: str | None = None) -> str:
    """A line of text."""
    return tag("text", escape(said, quote=False), x=x, y=y, text_anchor=anchor, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def path(points: list[tuple[float, float]], class_: str, dash: str | None = None) -> str:
    """A polyline through `points`."""
    steps = " ".join(f"{value_of(x)},{value_of(y)}" for x, y in points)
    return tag("polyline", points=steps, class_=class_, stroke_dasharray=dash)


def hint(said: str) -> str:
    """What a mark says when it is pointed at."""
    return tag("title", escape(said, quote=False))


def mark(shape: Shape, x: float, y: float, class_: str, size: float = 5.0, said: str = "") -> str:
    """A mark whose shape tells the verdict; open shapes are undecided."""
    inside = (hint(said),) if said else ()
    s = size
    outlines = {
        "up": [(0, -s), (s, s * 0.8), (-s, s * 0.8)],
        "down": [(0, s), (s, -s * 0.8), (-s, -s * 0.8)],
        "square": [(-s * 0.8, -s * 0.8), (s * 0.8, -s * 0.8), (s * 0.8, s * 0.8), (-s * 0.8, s * 0.8)],
        "diamond": [(0, -s), (s, 0), (0, s), (-s, 0)],
    }
    if shape in outlines:
        points = " ".join(f"{value_of(x + dx)},{value_of(y + dy)}" for dx, dy in outlines[shape])
        return tag("polygon", *inside, points=points, class_=f"mark {class_}")
    if shape == "circle":
        return tag("circle", *inside, cx=x, cy=y, r=s * 0.9, class_=f"mark {class_} open")
    strokes = f"M{x - s:.1f},{y:.1f}h{2 * s:.1f}"
    if shape == "cross":
        strokes = f"M{x - s:.1f},{y - s:.1f}l{2 * s:.1f},{2 * s:.1f}M{x - s:.1f},{y + s:.1f}l{2 * s:.1f},{-2 * s:.1f}"
    return tag("path", *inside, d=strokes, class_=f"bar {class_}")


def picture(title: str, about: str, width: int, height: float, body: list[str], key: str) -> str:
    """The `<svg>` with its title and description for those who cannot see it."""
    head = (
        tag("title", escape(title, quote=False), id=f"{key}-title"),
        tag("desc", escape(about, quote=False), id=f"{key}-desc"),
    )
    return tag(
        "svg", *head, *body, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height:.0f}", width=width,
        height=round(height), class_="chart", role="img", aria_labelledby=f"{key}-title {key}-desc",
    )  # fmt: skip


def clip(said: str, room: float, size: float = 12.0) -> str:
    """`said` cut to about `room` pixels (the whole of it stays in the tables and in the mark's hint)."""
    most = max(4, int(room / (size * 0.56)))
    return said if len(said) <= most else said[: most - 1].rstrip() + "…"
