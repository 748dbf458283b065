"""What the reader of a load result must know: how the generator fared, what failed, which windows do not count."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from fibench import units
from fibench.model import windows
from fibench.model.note import Note
from fibench.model.result import CaseResult
from fibench.model.run import CaseRecord
from fibench.model.windows import Window

MOST = 3
"""Classes of errors that are named."""
ALL = 0.99
"""Share of the offered rate from which on what was achieved is that rate."""
Windows = Mapping[str, Sequence[Window]]


def of(record: CaseRecord, result: CaseResult) -> Iterator[Note]:
    """The generator's line for each variant; then once for all of them what failed, what does not count, what was told."""
    title, found = record.case.title, windows.by_variant(record)
    for variant, every in found.items():
        yield Note("generator", f"{variant}: {_generator(every)}", scope=title)
    yield from _errors(found, title)
    yield from _left_out({name: every for name, every in found.items() if not _said(name, result)}, title)
    yield from _overloaded(found, title)
    yield from _told(found, title)


# --- the generator's line ---------------------------------------------------------------------------------------------


def _generator(every: Sequence[Window]) -> str:
    """ "offered 500/s, achieved 500/s, p99 late ≤ 0.46 ms, client CPU ≤ 12 %": of the windows that count, the worst."""
    of = windows.counting(every)
    parts = _rates(of)
    for name, metric, unit in (
        ("p99 late", "lateness", "s"),
        ("p99 read late", "client_lag", "s"),
        ("client CPU", "client_cpu", "%"),
    ):
        worst = windows.worst(of, metric)
        if math.isfinite(worst) and not (metric == "client_lag" and _open(of)):
            parts.append(f"{name} ≤ {units.percent(worst) if unit == '%' else units.show(worst, unit)}")
    return ", ".join(parts)


def _open(of: Sequence[Window]) -> bool:
    """True where requests were due at moments of their own: only then can they be sent late."""
    return not all(window.remark.get("closed") for window in of)


def _rates(of: Sequence[Window]) -> list[str]:
    offered, achieved = windows.achieved(of)
    if math.isnan(offered):
        return []
    if not _open(of):
        return [f"closed loop {_rate(achieved)}"]
    if windows.searched(of):
        rates = [windows.achieved([window])[0] for window in of]
        low, high = _rate(min(rates)), _rate(max(rates))
        probes = f"{len(of)} probe{'s' * (len(of) != 1)}"
        return [probes, f"offered {low}{f' to {high}' if high != low else ''}", f"achieved {_share(achieved, offered)}"]
    share = _share(achieved, offered)
    return [f"offered {_rate(offered)}", f"achieved {share if achieved >= ALL * offered else f'{_rate(achieved)} ({share})'}"]


def _share(achieved: float, offered: float) -> str:
    """Never a rounded 100 %."""
    return units.percent(math.floor(1000 * achieved / offered) / 1000) if offered else "–"


def _rate(value: float) -> str:
    return f"{value:,.0f}/s" if value >= 100 else f"{value:,.3g}/s"


# --- what went wrong --------------------------------------------------------------------------------------------------


def _errors(found: Windows, title: str) -> Iterator[Note]:
    """One note for all variants, with the first answer that was wrong."""
    said, hint = [], ""
    for variant, every in found.items():
        counts: Counter[str] = Counter()
        for window in every:
            counts.update(window.remark.get("errors", {}))
        if counts:
            named = ", ".join(f"{name} ×{count:,}" for name, count in counts.most_common(MOST))
            more = f" and {len(counts) - MOST} more kinds" if len(counts) > MOST else ""
            said.append(f"{variant}: {named}{more} of {sum(one.remark.get('offered', 0) for one in every):,}")
            hint = hint or _example(every, counts)
    if said:
        yield Note("errors", "; ".join(said), hint, title)


def _example(every: Sequence[Window], counts: Counter[str]) -> str:
    """In whose words the most frequent kind of failure was told first."""
    told = [window.remark.get("examples", {}) for window in every]
    return next((str(one[name]) for name, _ in counts.most_common() for one in told if name in one), "")


def _said(variant: str, result: CaseResult) -> bool:
    """Where too many windows do not count, the verdict already says why."""
    return bool(re.search(rf"(^|; ){re.escape(variant)}: \d+ of \d+ windows do not count", result.reason or ""))


def _left_out(found: Windows, title: str) -> Iterator[Note]:
    """Each reason once, with the variants that it struck."""
    told: dict[str, list[tuple[tuple[str, str], str, str]]] = {}
    for variant, every in found.items():
        for many, what, advice in windows.reasons(every):
            share = f"{many} of {len(every)}", f"of {variant}"
            told.setdefault(windows.FIGURES.sub("", what), []).append((share, what, advice))
    for same in told.values():
        (count, whose), what, advice = same[0]
        others = "".join(f", {' '.join(share)}" for share, *_ in same[1:])
        yield Note("windows-left-out", f"{count} windows {whose}{others} do not count: {what}", advice, title)


def _overloaded(found: Windows, title: str) -> Iterator[Note]:
    """Windows in which the server fell behind or failed: they count as they are, so that the worst is not left out."""
    for variant, every in found.items():
        hit = [window.remark["overloaded"][0] for window in every if window.remark.get("overloaded") and window.counts]
        if hit:
            what, _, advice = str(hit[-1]).partition("; ")
            yield Note("overloaded", f"{variant}: in {len(hit)} of {len(every)} windows, which count: {what}", advice, title)


def _told(found: Windows, title: str) -> Iterator[Note]:
    """What the clients told, each kind once."""
    told: dict[str, dict[str, list[str]]] = {}
    for variant, every in found.items():
        for text in (str(text) for window in every for text in window.remark.get("notes", ())):
            told.setdefault(windows.FIGURES.sub("", text), {}).setdefault(variant, []).append(text)
    for variants in told.values():
        texts = dict.fromkeys(text for some in variants.values() for text in some)
        said = max(texts, key=_figure)
        yield Note("client", f"{', '.join(variants)}: {'up to ' if len(texts) > 1 and _figure(said) else ''}{said}", "", title)


def _figure(text: str) -> float:
    """The number with which a text begins; 0 without one."""
    found = re.match(r"[\d,]+", text)
    return float(found[0].replace(",", "") or 0) if found else 0.0
