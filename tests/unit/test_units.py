"""Quantities in and out: what people write is understood, what they read has the digits it needs."""

from __future__ import annotations

import math

import pytest

from fibench import units


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("1 ms", "duration", 0.001), ("2min", "duration", 120.0), ("64 KiB", "size", 65536.0), ("16 MB", "size", 16e6),
        ("100/s", "rate", 100.0), ("60/min", "rate", 1.0), ("2 %", "fraction", 0.02), (0.02, "fraction", 0.02),
        ("0", "duration", 0.0), ("1_000 ns", "duration", 1e-6), ("1e3 µs", "duration", 1e-3),
    ],
)  # fmt: skip
def test_a_quantity_is_read_into_base_units(text: object, dimension: str, value: float) -> None:
    assert units.parse(text, dimension) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "dimension"), [("30 parsec", "duration"), ("ms", "duration"), (True, "fraction"), ("1e999 s", "duration")]
)
def test_what_is_no_quantity_is_refused(text: object, dimension: str) -> None:
    with pytest.raises(ValueError, match=r"expected|finite"):
        units.parse(text, dimension)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.00147, "s", "1.47 ms"), (65536, "B", "64.0 KiB"), (0, "s", "0 s"), (0, "B", "0 B"), (1.5e6, "1/s", "1.50 M/s"),
        (0.5, "%", "50.0 %"), (12.34, "%", "1,234 %"), (None, "s", "–"), (math.nan, "s", "–"), (math.inf, "B", "–"),
        (0.00099996, "s", "1.00 ms"),  # rounds up into the next unit
        (9.999e-3, "s", "10.0 ms"),  # three digits, not four
        (95.0, "s", "95.0 s"), (600.0, "s", "10.0 min"), (210892.0, "s", "58.6 h"),
        (-0.002, "s", "-2.00 ms"), (123456, "1", "123,456"), (3.0, "tokens", "3.00 tokens"), (4e-10, "s", "0.400 ns"),
    ],
)  # fmt: skip
def test_a_value_is_shown_with_three_digits_and_its_unit(value: float | None, unit: str, text: str) -> None:
    assert units.show(value, unit) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.003, "1.0030×"),
        (1.69, "1.69×"),
        (12.44, "12.4×"),
        (1234.5, "1,234×"),
        (0.0123, "0.012×"),
        (1.1, "1.10×"),
        (None, "–"),
    ],
)
def test_a_ratio_has_the_digits_that_its_distance_from_one_needs(value: float | None, text: str) -> None:
    assert units.ratio(value) == text


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((1.69, 1.64, 1.71), ("1.69×", "[1.64, 1.71]")),
        ((1.0004, 0.9991, 1.0017), ("1.000×", "[0.999, 1.002]")),
        ((250.0, 240.0, 260.0), ("250×", "[240, 260]")),
        ((0.99998, 0.92050, 1.09721), ("1.00×", "[0.92, 1.10]")),
        ((1.0012, 1.0005, 1.0019), ("1.0012×", "[1.0005, 1.0019]")),
        ((8.31, 7.94, 34.42), ("8.31×", "[7.94, 34.4]")),
        ((0.053, 0.0501, 0.0561), ("0.053×", "[0.050, 0.056]")),
        ((1.0117, 1.0117, 1.0117), ("1.012×", "exact")),
        ((2.5, 2.5, 2.5), ("2.50×", "exact")),
        ((1.2, None, 1.5), ("1.20×", "(–∞, 1.50]")),
        ((1.2, 1.1, math.inf), ("1.20×", "[1.10, ∞)")),
        ((1.2, None, None), ("1.20×", "–")),
    ],
)
def test_a_ratio_and_its_interval_are_rounded_alike(
    numbers: tuple[float, float | None, float | None], text: tuple[str, str]
) -> None:
    assert units.estimate(*numbers) == text


def test_rounding_never_moves_a_bound_across_a_line_that_matters() -> None:
    # 1.7996 must not read as 1.80 where 1.8 was claimed, nor 1.0196 as 1.02 beside a margin of 2 %
    assert units.interval(1.7, 1.7996, (1.8,)) == "[1.70, 1.7996]"
    assert units.interval(1.0196, 1.9, (1.02,)) == "[1.0196, 1.90]"
    # a bound that excludes 1 must not read as 1
    assert units.estimate(1.1, 0.99998, 1.2, (1.0,)) == ("1.10×", "[0.99998, 1.20]")
    assert units.estimate(1.03, 1.0004, 1.06, (1.0,)) == ("1.03×", "[1.0004, 1.06]")
    assert units.estimate(2.6297, 2.6297, 2.6297, (2.63,)) == ("2.6297×", "exact")


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((1.003, 0.98, 1.025), "+0.3 % [−2.0, +2.5]"), ((0.9, 0.4, 1.9), "−10 % [−60, +90]"),
        ((1.0003, 0.9991, 1.0015), "+0.03 % [−0.09, +0.15]"), ((1.03, None, None), "+3 %"), ((None, None, None), "–"),
    ],
)  # fmt: skip
def test_what_identical_code_differed_by_is_shown_in_percent(
    numbers: tuple[float | None, float | None, float | None], text: str
) -> None:
    assert units.change(*numbers) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1009890.0, "B", "1,009,890 B"), (42.0, "1", "42"), (0.5, "B", "0.500 B"), (None, "B", "–"),
        (65536.5, "B", "64.0 KiB"),
    ],
)  # fmt: skip
def test_what_is_counted_is_shown_in_full(value: float | None, unit: str, text: str) -> None:
    assert units.exactly(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.84, "0.8 s"),
        (9.97, "10 s"),
        (42.4, "42 s"),
        (89.9, "1 min 30 s"),
        (185, "3 min 05 s"),
        (3599.7, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (210892, "59 h"),
    ],
)
def test_a_duration_reads_like_a_clock(seconds: float, text: str) -> None:
    assert units.duration(seconds) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.99, "99 %"), (0.999, "99.9 %"), (0.0012, "0.12 %"), (0.02, "2 %"), (1.0, "100 %"), (0.0, "0 %"), (None, "–")],
)
def test_a_fraction_is_shown_in_percent(fraction: float | None, text: str) -> None:
    assert units.percent(fraction) == text
