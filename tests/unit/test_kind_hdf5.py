"""The hdf5 kind: the filter is on the dataset, and whether it saw the text is told."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from pathlib import Path
from typing import Any

import h5py
import pytest
from pydantic import ValidationError

from fibench.measure.block import timer
from fibench.model.case import Case, Variant
from fibench.model.run import CaseRecord, Generation
from fibench.model.scenario import Measure
from fibench.operations import hdf5
from fibench.step import Step
from fibench.workloads.hdf5 import KIND, Params

PLUGIN = pytest.mark.skipif(importlib.util.find_spec("hdf5plugin") is None, reason="needs hdf5plugin")


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def opened(**given: Any) -> Step:
    return hdf5.open(Params.model_validate(given).model_dump())


def facts_of(**given: Any) -> dict[str, Any]:
    step = opened(**given)
    try:
        return step.facts()
    finally:
        step.close()


@pytest.mark.parametrize(
    ("name", "filters"),
    [
        ("none", []),
        ("gzip-1", ["deflate [1]"]),
        ("gzip-4", ["deflate [4]"]),
        ("gzip-9", ["deflate [9]"]),
        ("lzf", ["lzf"]),
        pytest.param("lz4", ["HDF5 lz4 filter"], marks=PLUGIN),
        pytest.param("zstd-3", ["HDF5 zstd filter [3]"], marks=PLUGIN),
    ],
)
def test_the_dataset_really_has_the_filter(name: str, filters: list[str]) -> None:
    found = facts_of(filter=name, layout="fixed", events=64)["filters"]
    assert len(found) == len(filters)
    assert all(one.startswith(wanted) for one, wanted in zip(found, filters, strict=True))


def test_the_literal_events_are_the_documents() -> None:
    events = hdf5.events_of(Params().model_dump())
    assert events == [f"event_{i}_" + "x" * 1000 for i in range(1000)]
    assert sum(map(len, events)) == 1_009_890


def test_a_filter_on_variable_length_strings_sees_only_descriptors() -> None:
    found = facts_of(filter="gzip-4")
    assert found["filter_sees"] == 16_000
    assert found["payload"] == 1_009_890
    assert found["filter_active"] is False
    assert found["size"] > found["payload"]  # nothing was compressed, whatever the filter


@pytest.mark.parametrize("layout", ["fixed", "concatenated"])
def test_a_filter_on_the_other_layouts_sees_the_text(layout: str) -> None:
    found = facts_of(filter="gzip-4", layout=layout)
    assert found["filter_active"] is True
    assert found["size"] < found["payload"] / 50  # "xxx…" all but vanishes
    assert facts_of(filter="none", layout=layout)["filter_active"] is False


def test_realistic_events_are_distinct_parse_and_compress_like_text() -> None:
    given = Params.model_validate({"content": "realistic"}).model_dump()
    events = hdf5.events_of(given)
    assert len(set(events)) == 1000
    assert all(json.loads(event)["sequence"] == index for index, event in enumerate(events))
    assert 950_000 < sum(len(event.encode()) for event in events) < 1_050_000
    found = facts_of(filter="gzip-4", layout="concatenated", access="bulk", content="realistic")
    assert 2 < found["payload"] / found["storage"] < 6


@pytest.mark.parametrize("op", ["write", "read"])
@pytest.mark.parametrize("timed", ["all", "access"])
def test_a_block_counts_what_is_on_disk(op: str, timed: str) -> None:
    step = opened(op=op, timed=timed, layout="fixed", filter="none", events=64, size="100 B")
    first, second = timer(step)(1), timer(step)(1)
    step.close()
    counted = ("size", "storage", "payload", "supported")
    assert [first[name] for name in counted] == [second[name] for name in counted]
    assert first["storage"] == 64 * 128  # "event_63_" and 100 times x in cells of 128 bytes
    assert first["size"] > first["storage"] > first["payload"]
    assert first["supported"] == 1


def test_a_written_file_is_gone_between_blocks_and_a_read_one_stays() -> None:
    for op, left in (("write", 0), ("read", 1)):
        step = opened(op=op, events=5)
        timer(step)(1)
        assert len(list(Path(tempfile.gettempdir()).rglob("*.h5"))) == left
        step.close()
        assert not list(Path(tempfile.gettempdir()).iterdir())


def test_a_memoryview_is_tried_in_a_child_and_the_answer_is_counted() -> None:
    step = opened(access="memoryview", events=5)
    found, probe = timer(step)(1), step.facts()["probe"]
    step.close()
    assert found["supported"] == float(probe["supported"])
    assert probe["supported"] or probe["reason"]
    assert probe["h5py"] == h5py.__version__


def test_a_probe_that_dies_is_an_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = tmp_path / "hdf5_probe.py"
    script.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr(hdf5, "PROBE", script)
    assert hdf5._probe() == {"supported": False, "reason": "the probe was killed by SIGSEGV"}


def test_memoryview_is_a_way_to_write_variable_length_strings_only() -> None:
    for wrong in ({"op": "read"}, {"layout": "fixed"}):
        with pytest.raises(ValidationError, match="memoryview is a way to write"):
            Params.model_validate({"access": "memoryview", **wrong})


def test_events_may_come_from_a_given_file(tmp_path: Path) -> None:
    given = tmp_path / "mine.h5"
    with h5py.File(given, "w") as file:
        file.create_dataset("log", data=["uno", "dos", "señal"], dtype=h5py.string_dtype())
    params = Params.model_validate({"file": str(given), "dataset": "log"}).model_dump()
    assert hdf5.events_of(params) == ["uno", "dos", "señal"]
    assert hdf5.events_of({**params, "events": 2}) == ["uno", "dos"]


@pytest.mark.parametrize("name", ["lz4", "zstd-3"])
def test_a_missing_plugin_is_named_with_its_cure(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda package: None if package == "hdf5plugin" else real(package))
    assert KIND.unavailable({"filter": name}) == "needs hdf5plugin: pip install 'fibench[hdf5]'"
    assert KIND.unavailable({"filter": "gzip-4"}) == ""


def test_an_idle_filter_is_a_note_with_its_numbers() -> None:
    facts = {"filters": ["deflate [4]"], "filter_active": False, "filter_sees": 16_000, "payload": 1_009_890}
    notes = {note.code: note.text for note in KIND.notes(record({}, facts), None)}  # type: ignore[arg-type]
    assert "16-byte descriptors" in notes["filter-idle"]
    assert "16,000 bytes while 1,009,890" in notes["filter-idle"]
    assert "per-item-access" in notes
    active = record({"layout": "fixed", "access": "bulk"}, {**facts, "filter_active": True})
    assert [note.code for note in KIND.notes(active, None)] == ["page-cache"]  # type: ignore[arg-type]


def test_a_refused_memoryview_is_a_note_with_the_reason() -> None:
    facts = {"filters": [], "probe": {"supported": False, "reason": "TypeError: no"}}
    notes = {note.code: note.text for note in KIND.notes(record({"access": "memoryview"}, facts), None)}  # type: ignore[arg-type]
    assert "TypeError: no" in notes["memoryview-refused"]


def record(given: dict[str, Any], facts: dict[str, Any]) -> CaseRecord:
    params = Params.model_validate(given).model_dump()
    case = Case(
        scenario="s", kind="hdf5", point={}, variants=(Variant(name="v1", params=params),),
        metrics=tuple(KIND.metrics.values()), measure=Measure(), key="0" * 16,
    )  # fmt: skip
    generation = Generation(0, 0, (0,), ("v1",), {"wall": (1.0,)}, facts={"variants": {"v1": facts}})
    return CaseRecord(case, (generation,))
