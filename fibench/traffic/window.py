"""From the records of a window to its numbers; nothing in here measures anything.

Latencies are in s and start where the request was due (`response`) or sent (`service`, `first_byte`). A failed request
is fast more often than not, so it never makes a latency look better: it counts as +inf, which is to say "no right answer
within any time", and a percentile that lies among failures is inf.

A percentile is quoted from as many samples as its two-sided 95 % order-statistic interval needs, else it is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    import numpy

    numbers: dict[str, float] = {}
    good = right(records, statuses)
    response = records["dispatch"] + records["service"]
    in_time = good & _ended(records["due"], response, shot.seconds)
    within = in_time if slo is None else in_time & (response <= numpy.float32(slo))
    numbers |= _tails("response", response, ~good, TAILS)
    del response  # one column at a time: 10 million requests are 40 MB each
    numbers |= _tails("service", numpy.array(records["service"]), ~good, TAILS)
    untold = good & numpy.isnan(records["first"])  # not every engine knows when the first byte came
    first = numpy.array(records["first"])[~untold]
    numbers |= _tails("first_byte", first, ~good[~untold], (0.5, 0.95, 0.99))
    sent = records["status"] != record.SHED
    numbers |= _tails("dispatch", records["dispatch"][sent], None, (0.5, 0.99))
    lag = records["lag"]
    numbers["client_lag"] = quantiles([lag[~numpy.isnan(lag)]], (0.99,))[0]
    numbers["throughput"] = float(in_time.sum()) / shot.seconds
    numbers["goodput"] = float(within.sum()) / shot.seconds
    numbers["offered"] = shot.health.offered / shot.seconds
    numbers["errors"] = 1.0 - float(good.mean()) if len(good) else math.nan
    return numbers


def right(records: Any, statuses: frozenset[int] = frozenset()) -> Any:
    """Which records are right answers, shape (n,), bool."""
    import numpy

    status = records["status"]
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

    values = numpy.concatenate([numpy.asarray(column, numpy.float32).ravel() for column in columns])
    places = {q: q * (len(values) - 1) for q in qs if len(values) >= needed(q)}
    if places:
        kept = sorted({edge(place) for place in places.values() for edge in (math.floor, math.ceil)})
        values.partition(kept)
    return [_between(values, places[q]) if q in places else math.nan for q in qs]


def needed(q: float) -> int:
    """The fewest samples from which the q-quantile is quoted."""
    return NEEDED.get(q) or math.ceil(math.log(0.025) / math.log(max(q, 1 - q)))


def _ended(due: Any, response: Any, seconds: float) -> Any:
    """Which requests had ended by then; block by block, because µs need float64 and that is twice the memory."""
    import numpy

    found = numpy.empty(len(due), bool)
    for at in range(0, len(due), BLOCK):
        part = slice(at, at + BLOCK)
        found[part] = due[part] * 1e-6 + response[part] <= seconds
    return found


def _between(values: Any, place: float) -> float:
    """The value at a fractional place of a column that is partitioned there."""
    low, high, share = float(values[math.floor(place)]), float(values[math.ceil(place)]), place % 1
    return low if not share or low == high else low + (high - low) * share  # the guard: ∞ − ∞ would be NaN


def _tails(name: str, column: Any, censored: Any, qs: Sequence[float]) -> dict[str, float]:
    """Quantiles under their metric's names; `column` is overwritten with +inf where `censored`, or where it is NaN."""
    import numpy

    if censored is not None:
        column[censored | numpy.isnan(column)] = numpy.inf
    return {name + NAMES[q]: value for q, value in zip(qs, quantiles([column], qs), strict=True)}
