"""Whatever was measured comes back bit for bit."""

from __future__ import annotations

import json
import math
import sqlite3
import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fibench.model.case import Case, Variant
from fibench.model.fingerprint import Fingerprint
from fibench.model.metric import Metric
from fibench.model.note import Note
from fibench.model.run import CaseRecord, Generation, Run
from fibench.model.scenario import Measure
from fibench.store import codec, open_store

finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
# text as programs print it, without the two kinds of characters that a database refuses
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@st.composite
def generations(draw):
    blocks = draw(st.integers(0, 5))
    return Generation(
        index=draw(st.integers(0, 2**31 - 1)),
        seed=draw(st.integers()),
        rounds=tuple(draw(st.lists(st.integers(0, 10**6), min_size=blocks, max_size=blocks))),
        variants=tuple(draw(st.lists(st.sampled_from(["v1", "v2", "µ"]), min_size=blocks, max_size=blocks))),
        metrics={
            name: tuple(draw(st.lists(st.floats(), min_size=blocks, max_size=blocks)))
            for name in draw(st.sets(st.sampled_from(["wall", "cpu", "rss"])))
        },
        loops=draw(st.integers(1, 10**15)),
        started=draw(finite),
        seconds=draw(finite),
        facts=draw(st.dictionaries(st.text(), json_values, max_size=3)),
    )


durations = st.floats(1e-4, 10)
measures = st.builds(
    Measure,
    budget=durations.map(lambda value: f"{value!r} s"),
    block=durations.map(lambda value: f"{value!r} s"),
    timeout=durations.map(lambda value: f"{value!r} ms"),
    margin=st.floats(0, 0.5) | st.dictionaries(st.sampled_from(["wall", "cpu"]), st.floats(0, 0.5)),
    seed=st.none() | st.integers(),
)
cases = st.builds(
    Case,
    scenario=words,
    kind=st.just("python"),
    point=st.dictionaries(words, st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | words, max_size=3),
    variants=st.just((Variant(name="v1", params={"a": [1, 2.5]}), Variant(name="v2", params={}))),
    metrics=st.just((Metric("wall"), Metric("cpu"))),
    measure=measures,
    key=words,
    about=words,
)
notes = st.lists(st.builds(Note, words, words, words, words), max_size=2).map(tuple)
records = st.builds(
    CaseRecord,
    case=cases,
    generations=st.lists(generations(), max_size=3, unique_by=lambda generation: generation.index).map(
        lambda found: tuple(sorted(found, key=lambda generation: generation.index))
    ),
    failures=st.dictionaries(st.sampled_from(["v1", "v2"]), st.text()),
    notes=notes,
    unit=st.sampled_from(["generation", "round"]),
    done=st.booleans(),
    seconds=finite,
)
runs = st.builds(
    Run,
    id=st.uuids().map(str),
    started=finite,
    state=st.sampled_from(["running", "complete", "interrupted", "failed"]),
    fingerprint=st.builds(Fingerprint, host=words, quota=st.none() | finite, noise=st.dictionaries(words, finite, max_size=2)),
    label=st.none() | words.filter(lambda word: word not in ("", "last", "latest")),
    seed=st.integers(),
    cases=st.lists(records, max_size=2).map(tuple),
    notes=notes,
    command=words,
    seconds=finite,
)


def bits(value):
    """Equal only if the very same double, or any NaN."""
    return "nan" if math.isnan(value) else struct.pack(">d", value)


def exact(run):
    """A run with its sample values as bits, so that NaN equals NaN and -0.0 differs from 0.0."""
    values = [
        {name: [bits(value) for value in values] for name, values in generation.metrics.items()}
        for record in run.cases
        for generation in record.generations
    ]
    generations = [
        (g.index, g.seed, g.rounds, g.variants, g.loops, g.started, g.seconds, g.facts)
        for record in run.cases
        for g in record.generations
    ]
    cases = [(r.case, r.failures, r.notes, r.unit, r.done, r.seconds) for r in run.cases]
    header = (run.id, run.started, run.state, run.fingerprint, run.label, run.seed, run.notes, run.command, run.seconds)
    return header, cases, generations, values


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with open_store(tmp_path_factory.mktemp("round-trip") / "store.db") as opened:
        yield opened


@settings(max_examples=60, deadline=None)
@given(run=runs)
def test_any_run_comes_back_from_the_database_exactly(store, run):
    store.begin(run)
    try:
        assert exact(store.load(run.id)) == exact(run)
    finally:
        store.remove([run.id])


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.floats()))
@example([0.1, 1 / 3, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -0.0, math.inf, -math.inf, math.nan])
def test_any_value_survives_its_row_and_the_row_is_plain_json(values):
    measured = Generation(0, 0, (), (), {"wall": tuple(values)})
    row = codec.generation_row("r", 0, measured)
    json.loads(row["metrics"], parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert [bits(value) for value in codec.generation(row).metrics["wall"]] == [bits(value) for value in values]


def test_samples_can_be_read_with_nothing_but_sqlite(tmp_path):
    case = Case(
        scenario="s", kind="python", point={"n": 1}, variants=(Variant(name="v1", params={}),),
        metrics=(Metric("wall"),), measure=Measure(), key="k",
    )  # fmt: skip
    measured = Generation(0, 0, (0, 0, 1), ("v1", "v2", "v1"), {"wall": (0.1, math.nan, 1 / 3)})
    fingerprint = Fingerprint(cpu="Some CPU")
    with open_store(tmp_path / "store.db") as store:
        store.begin(Run("a", 1.0, "complete", fingerprint, cases=(CaseRecord(case, (measured,)),)))
    connection = sqlite3.connect(tmp_path / "store.db")
    query = """
        SELECT json_extract(spec, '$.point.n'), json_extract(variants, '$[' || value.key || ']'), value.value
        FROM generations JOIN cases USING (run_id), json_each(generations.metrics, '$.wall') AS value
    """
    assert connection.execute(query).fetchall() == [(1, "v1", 0.1), (1, "v2", "nan"), (1, "v1", 1 / 3)]
    assert connection.execute("SELECT json_extract(fingerprint, '$.cpu') FROM runs").fetchone() == ("Some CPU",)
    connection.close()
