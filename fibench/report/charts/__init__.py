"""Chart data → SVG text, by a small writer of our own: no dependency, no external font, no script.

`draw(chart, width, key)` is pure. Colours are CSS classes; `STYLE` defines them, for a page or for one SVG alone.
"""

from __future__ import annotations

from fibench.model.document import Chart, DistributionChart, RatioChart
from fibench.model.load_charts import ProbeChart, StallChart, TailChart
from fibench.report.charts import distribution, gains, probes, stalls, tail, timeline
from fibench.report.charts.style import STYLE

__all__ = ["STYLE", "draw"]


def draw(chart: Chart, width: int = 720, key: str = "chart") -> str:
    """One `<svg>`, `width` pixels wide; `key` makes its ids unique on a page."""
    if isinstance(chart, RatioChart):
        return gains.draw(chart, width, key)
    if isinstance(chart, DistributionChart):
        return distribution.draw(chart, width, key)
    if isinstance(chart, TailChart):
        return tail.draw(chart, width, key)
    if isinstance(chart, StallChart):
        return stalls.draw(chart, width, key)
    if isinstance(chart, ProbeChart):
        return probes.draw(chart, width, key)
    return timeline.draw(chart, width, key)
