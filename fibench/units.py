"""Quantities: the only door between what people write ("64 KiB", "1 ms") and base units (s, B, 1/s, 1).

Inside fibench every number is in base units; scaling happens here, on the way in and on the way out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from fibench.errors import UsageError

TIME = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
BYTES = {
    "B": 1,
    "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
RATE = {"/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600}
FRACTION = {"%": 0.01}
DIMENSIONS: dict[str, Mapping[str, float]] = {
    "duration": TIME, "size": BYTES, "rate": RATE, "fraction": FRACTION,
}  # fmt: skip
EXAMPLES = {"duration": "'30 s' or '1 ms'", "size": "'64 KiB' or '16 MB'", "rate": "'100/s'", "fraction": "'2 %'"}

_NUMBER = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*\Z")


def parse(text: object, dimension: str) -> float:
    """Turn "1 ms" into 0.001 (base unit of `dimension`); raise ValueError saying what was expected.

    A fraction may also be a bare number; every other quantity needs its unit, because "30" of what?
    """
    table = DIMENSIONS[dimension]
    wanted = f"a {dimension} such as {EXAMPLES[dimension]}"
    if isinstance(text, bool) or not isinstance(text, (int, float, str)):
        raise ValueError(f"expected {wanted}, found {text!r}")
    match = _NUMBER.match(str(text))
    if not match:
        raise ValueError(f"expected {wanted}, found {text!r}")
    number, unit = float(match[1].replace("_", "")), match[2]
    if unit not in table and not (unit == "" and (dimension == "fraction" or number == 0)):
        known = ", ".join(table)
        raise ValueError(f"{'no unit' if not unit else f'unknown unit {unit!r}'} in {text!r}: expected {wanted} ({known})")
    value = number * table.get(unit, 1.0)
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a finite number")
    return value


def parse_option(name: str, text: str | None, dimension: str) -> float | None:
    """A quantity given on the command line; UsageError names the option."""
    if text is None:
        return None
    try:
        return parse(text, dimension)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def show(value: float | None, unit: str) -> str:
    """A value in base units as people read it: 0.00147 s → "1.47 ms", 65536 B → "64.0 KiB"."""
    if value == math.inf and unit == "s":
        return "≥ timeout"  # a percentile among requests that were never answered
    if value is None or not math.isfinite(value):
        return "–"
    if unit in _STEPS:
        name, size = scale_of(value, unit)
        return f"{three_digits(value / size)} {name}"
    if unit == "%":
        return f"{three_digits(value * 100)} %"
    return f"{three_digits(value)}{'' if unit in ('1', '') else ' ' + unit}"


_STEPS = {  # name, size, and from where on it is used
    "s": (
        ("h", 3600.0, 3600.0),
        ("min", 60.0, 180.0),
        ("s", 1.0, 1.0),
        ("ms", 1e-3, 1e-3),
        ("µs", 1e-6, 1e-6),
        ("ns", 1e-9, 0.0),
    ),
    "B": tuple((name, size, size) for name, size in (("GiB", 2.0**30), ("MiB", 2.0**20), ("KiB", 2.0**10), ("B", 1.0))),
    "1/s": (("M/s", 1e6, 1e6), ("k/s", 1e3, 1e3), ("/s", 1.0, 0.0)),
}


def scale_of(value: float, unit: str) -> tuple[str, float]:
    """The unit in which `value` is best read, and its size in base units: (0.0015, "s") → ("ms", 0.001)."""
    if unit == "%":
        return "%", 0.01
    if unit not in _STEPS:
        return ("" if unit == "1" else unit), 1.0
    if value == 0:
        return next((name, size) for name, size, _ in _STEPS[unit] if size == 1.0)
    rounded = abs(float(f"{value:.3g}"))  # 999.96 µs reads as 1.00 ms
    return next((step[:2] for step in _STEPS[unit] if rounded >= step[2]), _STEPS[unit][-1][:2])


def exactly(value: float | None, unit: str) -> str:
    """A counted value in full: 1009890 B → "1,009,890 B"; what is no whole number is shown like any other."""
    if value is None or not math.isfinite(value) or value != round(value):
        return show(value, unit)
    return f"{value:,.0f}{'' if unit in ('1', '') else ' ' + unit}"


def three_digits(value: float) -> str:
    """Three significant digits without an exponent where people would not expect one."""
    if value == 0:
        return "0"
    if not 1e-9 < abs(value) < 1e15:
        return f"{value:.3g}"
    size = math.floor(math.log10(abs(float(f"{value:.3g}"))))  # of the rounded value: 9.999 reads as 10.0
    return f"{value:,.{min(max(0, 2 - size), 12)}f}"


def ratio(value: float | None) -> str:
    """A ratio alone, with the digits that its distance from 1 needs: 1.003×, 1.69×, 12.4×."""
    if value is None or not math.isfinite(value):
        return "–"
    away = abs(value - 1)
    near = min(4, 1 - math.floor(math.log10(away))) if 1e-9 < away < 0.02 else 0
    return f"{value:,.{max(near, _digits(value))}f}×"


def interval(low: float | None, high: float | None, apart: Iterable[float] = ()) -> str:
    """[1.64, 1.71], with the digits its width needs, and enough that no bound seems to cross a number of `apart`."""
    if low is not None and low == high:
        return "exact"
    ends = _bound(low, _more(low, high), tuple(apart)), _bound(high, _more(low, high), tuple(apart))
    if ends == ("", ""):
        return "–"
    return f"{f'[{ends[0]}' if ends[0] else '(–∞'}, {f'{ends[1]}]' if ends[1] else '∞)'}"


def estimate(value: float, low: float | None, high: float | None, apart: Iterable[float] = ()) -> tuple[str, str]:
    """A ratio and its interval: ("1.69×", "[1.64, 1.71]"); without any bound the ratio stands alone, and exact is exact."""
    marks = tuple(apart)
    if low is not None and low == high:
        return f"{_bound(value, len(ratio(value).partition('.')[2]) - 1, marks)}×", "exact"
    if not _finite((low, high)):
        return ratio(value), "–"
    return f"{_bound(value, _more(low, high), ())}×", interval(low, high, marks)


def _digits(value: float) -> int:
    """Decimals of a ratio: two below 10, three significant digits above, two of small numbers."""
    size = abs(value)
    if 0 < size < 0.0995:
        return min(12, 1 - math.floor(math.log10(size)))
    return 2 if size < 9.995 else 1 if size < 99.95 else 0


def _more(low: float | None, high: float | None) -> int:
    """The decimals that a narrow interval needs, so that half its width can be seen; 0 for a wide one."""
    known = _finite((low, high))
    width = max(known, default=0.0) - min(known, default=0.0)
    return min(9, math.ceil(-math.log10(width / 2) - 1e-9)) if 0 < width < 0.01 else 0


def _bound(value: float | None, more: int, apart: tuple[float, ...]) -> str:
    """`value` with the fewest digits that leave it on its side of every number of `apart`; "" if it is unbounded."""
    if value is None or not math.isfinite(value):
        return ""
    least = max(_digits(value), more)

    def crosses(digits: int) -> bool:
        shown = round(value, digits)
        return any((value < mark) != (shown < mark) or (value > mark) != (shown > mark) for mark in apart)

    digits = next((found for found in range(least, least + 6) if not crosses(found)), least)
    return f"{value:,.{digits}f}"


def _finite(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def change(value: float | None, low: float | None, high: float | None) -> str:
    """A small difference in percent with its interval: 1.003 in [0.98, 1.025] → "+0.3 % [−2.0, +2.5]"."""
    if value is None or not math.isfinite(value):
        return "–"
    known = _finite((low, high))
    width = (max(known) - min(known)) * 100 if len(known) == 2 else 10 * abs(value - 1) * 100
    digits = 0 if width >= 20 else 1 if width >= 1 else 2

    def signed(ratio: float) -> str:
        shown = round((ratio - 1) * 100, digits)
        return f"{shown:+,.{digits}f}".replace("-", "−") if shown else "0"

    span = f" [{', '.join(signed(end) for end in known)}]" if len(known) == 2 else ""
    return f"{signed(value)} %{span}"


def percent(fraction: float | None) -> str:
    """A fraction in percent: 0.0012 → "0.12 %", 0.99 → "99 %", 0.999 → "99.9 %"."""
    if fraction is None or not math.isfinite(fraction):
        return "–"
    value = fraction * 100
    if value == 0 or abs(value) >= 10:
        return f"{value:,.10g} %" if abs(value - round(value, 3)) < 1e-9 else f"{value:,.1f} %"
    return f"{float(f'{value:.2g}'):g} %"


def duration(seconds: float) -> str:
    """Elapsed or remaining wall time: "0.8 s", "42 s", "3 min 05 s", "2 h 05 min", "59 h"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 89.5:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole >= 86_400:
        return f"{round(whole / 3600):,} h"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
