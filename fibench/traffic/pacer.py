"""When requests are due: absolute, seeded and fixed before the window starts, so that no answer can move them.

Every schedule is a `Sequence[int]` of ns from the window's start, ascending, all within the window. The k-th due time is
where the integral of the rate Λ(t) = ∫λ reaches the k-th point of a unit process: 0, 1, 2 … for even arrivals, a seeded
Poisson process for random ones. So a ramp and a staircase are the same process with another Λ, and V1 and V2 get the same
arrivals from the same seed.

`Constant` and `Poisson` need no memory: the due times are computed where they are asked for. A Poisson process is cut
into chunks of 256 arrivals: the length of a chunk is gamma-distributed, and given its end the arrivals before it are
uniform, so any chunk can be had without the ones before (10 million arrivals: 0.3 MB, not 80).
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, repeat
from typing import Any, overload

NS = 1_000_000_000
CHUNK = 256
"""Arrivals per chunk: one takes about 50 µs to compute, which the loop that sends does not notice."""
FEW = 1 << 20
"""Due times up to which `schedule` returns an array (8 MiB): faster to read than a lazy sequence."""


class _Lazy(Sequence[int]):
    """What both lazy schedules share: a length, negative indices, slices as arrays."""

    size: int

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, k: int, /) -> int: ...
    @overload
    def __getitem__(self, k: slice, /) -> array[int]: ...
    def __getitem__(self, k: int | slice, /) -> int | array[int]:
        if isinstance(k, slice):
            return array("Q", map(self.due, range(*k.indices(self.size))))
        if not -self.size <= k < self.size:
            raise IndexError(f"due time {k} of {self.size}")
        return self.due(k % self.size)

    def __iter__(self) -> Iterator[int]:
        return map(self.due, range(self.size))

    def due(self, k: int) -> int:
        """ns at which request k is due, 0 ≤ k < len."""
        raise NotImplementedError


class Constant(_Lazy):
    """Even arrivals: request k is due at k/rate. `rate` in 1/s, `seconds` in s; ValueError if not positive."""

    def __init__(self, rate: float, seconds: float) -> None:
        self.rate, end = _positive("rate", rate), _positive("seconds", seconds) * NS
        self.size = math.ceil(rate * seconds) + 1  # rounding decides about the last one: look at it
        while self.size and self.due(self.size - 1) >= end:
            self.size -= 1

    def due(self, k: int) -> int:
        """ns at which request k is due."""
        return int(k * NS / self.rate)


class Poisson(_Lazy):
    """Random arrivals, independent of one another: `rate` in 1/s, `seconds` in s; the same seed gives the same times."""

    def __init__(self, rate: float, seconds: float, seed: int) -> None:
        self.rate, self.end = _positive("rate", rate), _positive("seconds", seconds)
        self.seed = (seed % (1 << 64)) << 64
        source = random.Random(self.seed)
        self.starts = array("d", [0.0])  # a chunk ends with the arrival at which the next one starts
        while self.starts[-1] < self.end:
            self.starts.append(self.starts[-1] + source.gammavariate(CHUNK, 1 / rate))
        self.number, self.chunk = -1, array("Q")
        last = len(self.starts) - 2
        limit = self.end * NS
        self.size = last * CHUNK + sum(due < limit for due in self._chunk(last))

    def due(self, k: int) -> int:
        """ns at which request k is due."""
        number, place = divmod(k, CHUNK)
        if number != self.number:
            self.number, self.chunk = number, self._chunk(number)
        return self.chunk[place]

    def __iter__(self) -> Iterator[int]:
        dues = (due for number in range(len(self.starts) - 1) for due in self._chunk(number))
        return (due for due, _ in zip(dues, range(self.size), strict=False))

    def _chunk(self, number: int) -> array[int]:
        """The 256 due times of a chunk in ns, those after the window included."""
        draw = random.Random(self.seed + number + 1).random
        start, end = self.starts[number] * NS, self.starts[number + 1] * NS
        inside = sorted(draw() for _ in range(CHUNK - 1))
        return array("Q", [*(int(start + (end - start) * share) for share in inside), int(end)])


def constant(rate: float, seconds: float) -> array[int]:
    """Even arrivals, in memory: see `Constant`."""
    return array("Q", Constant(rate, seconds))


def poisson(rate: float, seconds: float, seed: int) -> array[int]:
    """Random arrivals, in memory: see `Poisson`."""
    return array("Q", Poisson(rate, seconds, seed))


def gamma(rate: float, seconds: float, seed: int, cv: float = 2.0) -> array[int]:
    """Gamma-distributed gaps with coefficient of variation `cv`: 1 is Poisson, above it bursts, below it more even."""
    shape = _positive("cv", cv) ** -2
    source = random.Random(seed % (1 << 64))
    gaps = (source.gammavariate(shape, 1 / shape) for _ in repeat(None))
    return _within(_sums(gaps), lambda area: area / _positive("rate", rate), _positive("seconds", seconds))


def ramp(start: float, end: float, seconds: float, seed: int | None = None) -> array[int]:
    """From `start` to `end` requests per second, linearly; seed None: as even as it can be, else random arrivals."""
    if not (0 <= start < math.inf and 0 <= end < math.inf and start + end > 0):
        raise ValueError(f"a ramp needs two rates of at least 0, not both 0: got {start:g} and {end:g}")
    slope = (end - start) / _positive("seconds", seconds)

    def when(area: float) -> float:
        """t with start·t + slope·t²/2 = area, in the form that loses no digits; beyond the last arrival: never."""
        square = start * start + 2 * slope * area
        return 2 * area / (start + math.sqrt(square)) if area and square >= 0 else 0.0 if not area else math.inf

    return _within(_units(seed), when, seconds)


def steps(stairs: Sequence[tuple[float, float]], seed: int | None = None) -> array[int]:
    """A staircase of (requests per second, seconds); a rate of 0 is a pause. Even when seed is None, else random."""
    if not stairs or any(not 0 <= rate < math.inf for rate, _ in stairs):
        raise ValueError("steps need at least one (rate, seconds), each rate 0 or more")
    found = array("Q")
    begin = base = 0.0
    units = _units(seed)
    unit = next(units)
    for rate, seconds in stairs:
        end, top = begin + _positive("seconds", seconds), base + rate * seconds
        while unit < top - 1e-9:  # a request due at the very end of a stair belongs to the next one
            found.append(int((begin + max(0.0, unit - base) / rate) * NS))
            unit = next(units)
        begin, base = end, top
    return found


def trace(offsets: Iterable[float], speed: float = 1.0, seconds: float = math.inf) -> array[int]:
    """Recorded arrivals (s from the window's start, ascending), `speed` times as fast, cut at `seconds`."""
    _positive("speed", speed)
    found, before = array("Q"), 0.0
    for place, offset in enumerate(offsets):
        if not before <= offset < math.inf:
            raise ValueError(f"offset {place} of the trace: {offset:g} s does not follow {before:g} s; they must ascend from 0")
        if offset / speed >= seconds:
            break
        found.append(int(offset / speed * NS))
        before = offset
    return found


def read_trace(path: str) -> list[float]:
    """The offsets (s) of a file with one number per line; empty lines and # comments are skipped.

    ValueError names file and line; OSError if the file cannot be read.
    """
    found: list[float] = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            word = line.partition("#")[0].strip()
            if not word:
                continue
            try:
                offset = float(word)
            except ValueError:
                raise ValueError(f"{path}:{number}: {word[:40]!r} is not a number of seconds") from None
            if not (found[-1] if found else 0.0) <= offset < math.inf:
                raise ValueError(
                    f"{path}:{number}: {word[:40]} s: offsets must ascend from 0; subtract the first one if need be"
                )
            found.append(offset)
    if not found:
        raise ValueError(f"{path}: no offsets in it; one number of seconds per line is needed")
    return found


def schedule(arrivals: str, rate: float, seconds: float, seed: int, **extra: Any) -> Sequence[int]:
    """Due times by the name of the process, in ns; an array('Q'), or a lazy sequence where that would be large.

    constant; poisson; gamma (cv); ramp (start: rate to come from, even: no randomness); steps (stairs: [(rate, s), …],
    even); trace (offsets, speed). `rate` in 1/s (the end of a ramp; unused by steps and trace), `seconds` in s: nothing
    is due later. ValueError says what is wrong.
    """
    makers: dict[str, Callable[..., Sequence[int]]] = {
        "constant": lambda: _few(Constant(rate, seconds)),
        "poisson": lambda: _few(Poisson(rate, seconds, seed)),
        "gamma": lambda cv=2.0: gamma(rate, seconds, seed, cv),
        "ramp": lambda start=0.0, even=False: ramp(start, rate, seconds, None if even else seed),
        "steps": lambda stairs, even=False: _cut(steps(stairs, None if even else seed), seconds),
        "trace": lambda offsets, speed=1.0: trace(offsets, speed, seconds),
    }
    if arrivals not in makers:
        raise ValueError(f"unknown arrivals {arrivals!r}; there are {', '.join(makers)}")
    try:
        return makers[arrivals](**extra)
    except TypeError as error:
        raise ValueError(f"arrivals {arrivals}: {str(error).rpartition('<lambda>() ')[2]}") from error


def _few(dues: Constant | Poisson) -> Sequence[int]:
    return array("Q", dues) if len(dues) <= FEW else dues


def _cut(dues: array[int], seconds: float) -> array[int]:
    end = _positive("seconds", seconds) * NS
    return dues if not dues or dues[-1] < end else array("Q", (due for due in dues if due < end))


def _within(units: Iterator[float], when: Callable[[float], float], seconds: float) -> array[int]:
    """The points of a unit process where Λ says that they are, as long as that is within the window."""
    found, end = array("Q"), seconds * NS
    for unit in units:
        moment = when(unit)
        if moment * NS >= end:
            return found
        found.append(int(moment * NS))
    return found


def _units(seed: int | None) -> Iterator[float]:
    """0, 1, 2 … without a seed; with one, a Poisson process of rate 1."""
    if seed is None:
        return map(float, count())
    draw = random.Random(seed % (1 << 64)).expovariate
    return _sums(draw(1.0) for _ in repeat(None))


def _sums(gaps: Iterable[float]) -> Iterator[float]:
    total = 0.0
    for gap in gaps:
        total += gap
        yield total


def _positive(name: str, value: float) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be above 0, got {value:g}")
    return value
