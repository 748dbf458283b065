"""What a running case under load shows: every variant's rate and response time, and how many of its windows count."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fibench import units
from fibench.cli.labels import primary, style
from fibench.model import windows
from fibench.model.case import Case
from fibench.model.result import CaseResult, Comparison
from fibench.model.run import CaseRecord
from fibench.model.windows import Window
from fibench.report import hunts, words

Row = tuple[str, str, str, str, str]
"""Name, gain, interval, state, and the state's style."""


def expected(case: Case) -> bool:
    """True for a case whose blocks will be windows of load: all its variants have a row from the start."""
    return windows.latency(case) is not None


def rows(result: CaseResult, record: CaseRecord) -> list[Row]:
    """A row per variant, the baseline too, from the start on; none where there will be no windows."""
    found = windows.by_variant(record)
    if not found and not expected(record.case):
        return []
    compared = {one.candidate: one for one in primary(result)}
    return [_row(name, found.get(name, ()), compared.get(name), record) for name in (one.name for one in record.case.variants)]


def _row(name: str, every: Sequence[Window], found: Comparison | None, record: CaseRecord) -> Row:
    """ "w2  1,240/s  p50 18.0 ms  12 windows, 3 void · 0.88× undecided so far"."""
    if name in record.failures:
        return name, "", "", "failed", "red"
    if not every:
        return name, "", "", "starting", "dim"
    if windows.searched(every):
        return _probe(name, every, record)
    counting = [window for window in every if window.counts]
    rate, middle = (windows.median(counting, metric) for metric in ("throughput", "response"))
    void = f", {len(every) - len(counting)} void" if len(counting) < len(every) else ""
    state, tone = _so_far(found)
    said = f"{words.count(len(every), 'window')}{void}{f' · {state}' if state else ''}"
    shown = "" if math.isnan(middle) else f"p50 {units.show(middle, 's')}"
    return name, "" if math.isnan(rate) else words.rate(rate), shown, said, "yellow" if not counting else tone


def _so_far(found: Comparison | None) -> tuple[str, str]:
    """The comparison with the baseline, once there is one."""
    if found is None or found.ratio is None:
        return "", "dim"
    if found.low is None and found.high is None:
        return words.gain(found), "dim"
    undecided = found.verdict == "INCONCLUSIVE"
    return f"{words.gain(found)} {'undecided' if undecided else found.verdict} so far", "dim" if undecided else style(
        found.verdict
    )


def _probe(name: str, every: Sequence[Window], record: CaseRecord) -> Row:
    """A search: the rate that was tried last, and what came of it."""
    last, quantile = every[-1], hunts.goal_of(record.case)[0]
    probe, value = last.remark.get("probe", {}), hunts.response(last, quantile)
    if last.remark.get("done"):
        rate = last.value("capacity")
        return name, words.rate(rate), "capacity", words.count(len(every), "probe"), "cyan"
    verdict = hunts.KEPT[probe.get("kept")] if last.counts else "void"
    shown = "" if math.isnan(value) else f"{quantile} {units.show(value, 's')}"
    return name, words.rate(probe.get("rate")), shown, f"{words.count(len(every), 'probe')}, {verdict}", "dim"
