"""One column of latencies out of raw records: what failed took longer than anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fibench.traffic import record
from fibench.traffic.window import right


def column(records: Any, name: str, statuses: Iterable[int] = ()) -> Any:
    """`response`, `service`, `first_byte` or `dispatch` of every record, s, shape (n,), float32.

    Requests without a right answer (`statuses`; none: any 2xx) are infinite; `dispatch` leaves out what was never sent.
    """
    import numpy

    if name == "dispatch":
        return numpy.array(records["dispatch"][records["status"] != record.SHED])
    if name == "response":
        values = records["dispatch"] + records["service"]
    else:
        values = numpy.array(records["first" if name == "first_byte" else name])
    values[~right(records, frozenset(statuses))] = numpy.inf
    return values[~numpy.isnan(values)]  # not every engine knows when the first byte came
