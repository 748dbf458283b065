"""Thousands of damaged scenarios: each is a scenario, or a ScenarioError in our own words with a place."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable

import pytest

from fibench.errors import ScenarioError
from fibench.scenario.expand import expand
from fibench.scenario.fake import KIND, lookup
from fibench.scenario.load import load_text

SEEDS = [
    """\
scenario: event-loop
about: uvloop against asyncio
kind: fake
params: {workload: gather-sleep, sleep: 1 ms}
matrix:
  tasks: [1000, 10000]
variants:
  v1: {loop: asyncio}
  v2: {loop: uvloop, env: {A: 1}, python: 3.11}
measure: {metrics: [wall, cpu], budget: 30 s, margin: 2 %}
claims:
  - id: sooner
    text: 1K sleeps finish 2.5 times sooner
    where: {tasks: 1000}
    metric: wall
    speedup: {at_least: 2.5}
  - {id: abs, text: t, metric: memory, value: {variant: v1, at_most: 64 KiB}}
gate: [wall]
""",
    """\
scenario: other
kind: fake
target: module:function
options: &o {a: [1, 2], b: {c: d}}
variants:
  a: {options: *o}
  b:
    params: {tasks: 3}
    revision: main
  c:
measure:
  margin: {wall: 1 %, cpu: 5 %}
  check: equal
claims:
  - id: all
    text: joined
    all_of:
      - {speedup: {candidate: c, between: [1, 2]}}
      - {metric: cpu, ratio: {of: a, to: b, at_most: 2}}
  - {id: not, text: never, not_testable: no machine}
""",
]
JARGON = re.compile(
    r"Traceback|pydantic|Input should|validation error|https?://|type=|input_value|function-before|ValidationError"
    r"|<class|object at 0x|yaml\.|tag:yaml|ctx|loc="
)
FRAGMENTS = [
    "[", "]", "{", "}", ": ", "- ", "&a ", "*a", "<<: *o", "!!python/object:os.system ", "!!binary x", "!!set {a}",
    "|", ">-", "? ", "\t", "\0", "\x1b[31m", "\u202e", "\ufeff", "\ud7ff", "💥", "\x85", "%", "@", "`", "'", '"', "#",
    "---\n", "...\n", "\r\n", "~", "null", "yes", "on", "2024-01-01", "1:30", "010", "0x1F", "1e3", "1e999", ".nan",
    "-.inf", "9" * 400, "[]", "{}", "[[[[1]]]]", "{a: {b: {c: {}}}}", "[" * 40, "{a: " * 40, "é" * 2000, "30 min",
    "-1 s", "5 parsecs", "1 ms ms", "2 %", "64 KiB", "/s", "\\x41", '"\\x1b[2J"', '"\\0"', "control", "__class__",
    "file", "places", "x" * 200, "{where: {tasks: 5}}", "&o [*o]",
]  # fmt: skip
UNITS = ["ns", "ms", "s", "h", "B", "KiB", "%", "/s", "parsecs", "", "  ", "S"]
WORDS = re.compile(r"[\w.%-]+")


def _lines(text: str, change: Callable[[list[str]], object]) -> str:
    lines = text.splitlines(keepends=True)
    change(lines)
    return "".join(lines)


def _replace_word(text: str, rng: random.Random, new: Callable[[str], str]) -> str:
    found = rng.choice(list(WORDS.finditer(text)) or [re.match("", text)])
    assert found
    return text[: found.start()] + new(found[0]) + text[found.end() :]


def _renamed(word: str, rng: random.Random) -> str:
    index = rng.randrange(len(word) + 1)
    return word[:index] + rng.choice(["", "x", "é", " ", "_", word[:2]]) + word[index + 1 :]


def mutate(text: str, rng: random.Random) -> str:
    """One random damage."""
    lines = text.splitlines(keepends=True) or [""]
    line = rng.randrange(len(lines))
    place = rng.randrange(len(text) + 1)
    match rng.randrange(9):
        case 0:
            return _lines(text, lambda every: every and every.pop(min(line, len(every) - 1)))
        case 1:
            return _lines(text, lambda every: every.insert(rng.randrange(len(every) + 1), lines[line]))
        case 2:
            return _replace_word(text, rng, lambda word: _renamed(word, rng))
        case 3:
            return _replace_word(text, rng, lambda _: rng.choice(FRAGMENTS))
        case 4:
            return text[:place] + rng.choice(FRAGMENTS) + text[place:]
        case 5:
            return re.sub(r"(?<=\d )(s|ms|%|KiB)\b", lambda _: rng.choice(UNITS), text)
        case 6:
            return text[:place] + text[place + rng.randrange(8) :]
        case 7:
            other = rng.choice(SEEDS).splitlines(keepends=True)
            start = rng.randrange(len(other))
            part = "".join(other[start : start + 3])
            return _lines(text, lambda every: every.insert(rng.randrange(len(every) + 1), part))
        case _:
            one, two = (rng.choice(WORDS.findall(text) or [""]) for _ in range(2))
            return _replace_word(text, rng, lambda word: two if word == one else one)


@pytest.mark.parametrize("batch", range(4))
def test_a_damaged_scenario_is_a_scenario_or_is_explained(batch: int) -> None:
    rng = random.Random(f"mutations {batch}")
    outcomes: Counter[str] = Counter()
    for _ in range(750):
        text = rng.choice(SEEDS)
        for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
            text = mutate(text, rng)
        error = _error(text)
        outcomes["error" if error else "scenario"] += 1
        if error:
            _is_in_our_words(error, text)
    assert min(outcomes["scenario"], outcomes["error"]) > 50  # the damage is neither always fatal nor always harmless


def _error(text: str, *overrides: str) -> ScenarioError | None:
    """The one way in which this may fail."""
    try:
        expand(load_text(text, "x.yaml", lookup, overrides), KIND)
    except ScenarioError as error:
        return error
    return None


def _is_in_our_words(error: ScenarioError, text: str) -> None:
    assert re.fullmatch(r"x\.yaml:\d+", error.where or ""), (error.where, text)
    words = str(error)
    assert not JARGON.search(words), words
    assert all(sign.isprintable() or sign == "\n" for sign in words), repr(words)
    assert len(words.splitlines()) <= 12
    assert all(0 < len(line) < 500 for line in words.splitlines()), words


def test_damaged_overrides_are_explained_too() -> None:
    rng = random.Random("overrides")
    words = [
        "tasks=10",
        "measure.budget=5 s",
        "variants.v2.loop=asyncio",
        "claims.0.speedup.at_least=3",
        "gate=[wall]",
        "matrix={}",
    ]
    for _ in range(800):
        word = rng.choice(words)
        for _ in range(rng.choice([1, 2, 3])):
            place = rng.randrange(len(word) + 1)
            word = (
                word[:place] + rng.choice([*FRAGMENTS, "=", ".", "0", "params", "variants."]) + word[place + rng.randrange(4) :]
            )
        if error := _error(SEEDS[0], word):
            assert error.where
            assert not JARGON.search(error.message), str(error)
