"""From the records of a window to its numbers; nothing in here measures anything.

Latencies are in s and start where the request was due (`response`) or sent (`service`, `first_byte`). A failed request
is fast more often than not, so it never makes a latency look better: it counts as +inf, which is to say "no right answer
within any time", and a percentile that lies among failures is inf.

A percentile is quoted from as many samples as its two-sided 95 % order-statistic interval needs, else it is NaN.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator, Sequence
from typing import Any

from fibench.traffic import record
from fibench.traffic.job import Shot

NEEDED = {0.5: 1, 0.9: 36, 0.95: 72, 0.99: 368}
"""Samples below which a quantile is not quoted; the same numbers as in `fibench.stats.quantile`, kept equal by a test."""
NAMES = {0.5: "", 0.9: "_p90", 0.95: "_p95", 0.99: "_p99"}
TAILS = tuple(NAMES)
BLOCK = 1 << 18


def pooled(files: Sequence[str]) -> Any:
    """All records of a window as one array: of one file a memory map, of several a copy (24 bytes a request)."""
    import numpy

    parts = [record.read(path) for path in files]
    if len(parts) == 1:
        return parts[0]
    return numpy.concatenate(parts) if parts else numpy.empty(0, record.dtype())


def measured(records: Any, shot: Shot, statuses: frozenset[int] = frozenset(), slo: float | None = None) -> dict[str, float]:
    """The numbers of one window; `statuses` are the right ones (none: any 2xx), `slo` is in s of `response`.

    `response`, `service` (median, _p90, _p95, _p99), `first_byte` (median, _p95, _p99), `dispatch` (median, _p99) and
    `client_lag` (p99; NaN without stamps) in s; `throughput` (right answers that came within the window, per s),
    `goodput` (of those the ones within the SLO), `offered` (due per s), `errors` (failed share, 0…1).
    """
    numbers: dict[str, float] = {}
    good = right(records, statuses)
    response = column(records, "dispatch")
    add(response, records, "service")
    numbers |= _rates(records, response, good, shot, slo)
    bad = ~good
    del good
    numbers |= _tails("response", response, bad, TAILS)
    del response  # one column at a time: 10 million requests are 40 MB each
    numbers |= _tails("service", column(records, "service"), bad, TAILS)
    numbers |= _tails("first_byte", column(records, "first"), bad, (0.5, 0.95, 0.99))
    never = column(records, "status", "u2") == record.SHED
    numbers |= _tails("dispatch", column(records, "dispatch"), None, (0.5, 0.99), without=never)
    del never
    numbers["client_lag"] = _tails("lag", column(records, "lag"), None, (0.99,))["lag_p99"]
    numbers["offered"] = shot.health.offered / shot.seconds
    numbers["errors"] = float(bad.mean()) if len(bad) else math.nan
    return numbers


def _rates(records: Any, response: Any, good: Any, shot: Shot, slo: float | None) -> dict[str, float]:
    """Right answers that came within the window, per s; of those the ones within the SLO.

    As many are carried into a closed loop's window as are carried out of it; they count as the others do.
    """
    in_time = good & _ended(records, response, shot.seconds)
    came = within = int(in_time.sum())
    if slo is not None:
        in_time &= response <= slo
        within = int(in_time.sum())
    came_too = came + shot.health.carried
    share = within / came if came else 0.0
    return {"throughput": came_too / shot.seconds, "goodput": share * came_too / shot.seconds}


def column(records: Any, name: str, form: str = "f4") -> Any:
    """A copy of one column, made block by block: a mapped file's pages are given back as soon as they are read."""
    import numpy

    found = numpy.empty(len(records), form)
    for part in blocks(records):
        found[part] = records[name][part]
    return found


def add(values: Any, records: Any, name: str) -> None:
    """Add a column in place."""
    for part in blocks(records):
        values[part] += records[name][part]


def blocks(records: Any) -> Iterator[slice]:
    """Slices that cover the records; of a memory map nothing stays in memory of what has been passed."""
    mapped = getattr(records, "_mmap", None)
    for at in range(0, len(records), BLOCK):
        yield slice(at, at + BLOCK)
        if mapped is not None:
            mapped.madvise(mmap.MADV_DONTNEED)


def right(records: Any, statuses: frozenset[int] = frozenset()) -> Any:
    """Which records are right answers, shape (n,), bool."""
    import numpy

    status = column(records, "status", "u2")
    if statuses:
        return numpy.isin(status, sorted(statuses))
    return (status >= 200) & (status < 300)


def errors_by_class(records: Any, statuses: frozenset[int] = frozenset()) -> dict[str, int]:
    """How many requests failed of what, most frequent first: {"500": 12, "timeout": 3}; right answers are left out."""
    return classes(records[~right(records, statuses)])


def classes(records: Any) -> dict[str, int]:
    """How many records there are of each status or failure, most frequent first."""
    import numpy

    codes, counts = numpy.unique(records["status"], return_counts=True)
    found = sorted(zip(counts.tolist(), codes.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))
    return {record.FAILURES.get(code, str(code)): count for count, code in found}


def quantiles(columns: Sequence[Any], qs: Sequence[float]) -> list[float]:
    """Exact quantiles of all columns together, in the order of `qs`: linear between neighbours, NaN from too few.

    Partial sorting of one float32 copy: 10 million values take 40 MB and no full sort. A quantile next to or among +inf
    is +inf. Values must not be NaN.
    """
    import numpy

    return _quantiles(numpy.concatenate([numpy.asarray(column, numpy.float32).ravel() for column in columns]), qs)


def _quantiles(values: Any, qs: Sequence[float], count: int | None = None) -> list[float]:
    """The same of one column, which is reordered; of `count` values, the others being NaN (which sorts last)."""
    count = len(values) if count is None else count
    places = {q: q * (count - 1) for q in qs if count >= needed(q)}
    if places:
        kept = sorted({edge(place) for place in places.values() for edge in (math.floor, math.ceil)})
        values.partition(kept)
    return [_between(values, places[q]) if q in places else math.nan for q in qs]


def needed(q: float) -> int:
    """The fewest samples from which the q-quantile is quoted."""
    return NEEDED.get(q) or math.ceil(math.log(0.025) / math.log(max(q, 1 - q)))


def _ended(records: Any, response: Any, seconds: float) -> Any:
    """Which requests had ended by then; block by block, because µs need float64 and that is twice the memory."""
    import numpy

    found = numpy.empty(len(records), bool)
    for part in blocks(records):
        found[part] = records["due"][part] * 1e-6 + response[part] <= seconds
    return found


def _between(values: Any, place: float) -> float:
    """The value at a fractional place of a column that is partitioned there."""
    low, high, share = float(values[math.floor(place)]), float(values[math.ceil(place)]), place % 1
    return low if not share or low == high else low + (high - low) * share  # the guard: ∞ − ∞ would be NaN


def _tails(name: str, values: Any, failed: Any, qs: Sequence[float], without: Any = None) -> dict[str, float]:
    """Quantiles under their metric's names: +inf where `failed`, none of `without` and of NaN. The column is overwritten."""
    import numpy

    if failed is not None:
        values[failed] = numpy.inf
    if without is not None:
        values[without] = numpy.nan
    count = len(values) - int(numpy.isnan(values).sum())
    return {name + NAMES[q]: value for q, value in zip(qs, _quantiles(values, qs, count), strict=True)}
