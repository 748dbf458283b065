"""The json kind: payloads are what they are said to be, and every way in and out means the same."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from typing import Any

import pytest

from fibench.model.case import Case, Variant
from fibench.model.run import CaseRecord, Generation
from fibench.model.scenario import Measure
from fibench.operations import json_codec, json_payloads
from fibench.step import Step
from fibench.workloads.json_codec import KIND, Params

REALISTIC = ("chat", "events", "numbers", "unicode", "nested")


def opened(**given: Any) -> Step:
    return json_codec.open(Params.model_validate(given).model_dump())


def test_the_literal_payload_is_the_documents_to_the_byte() -> None:
    payload = {"messages": [{"role": "user", "content": "x" * 1000}] * 100}
    step = opened(payload="literal", input="str")
    assert step.args == (json.dumps(payload),)
    assert step.facts() == {"payload_bytes": 103_314, "payload_characters": 103_314, "ascii": True}


@pytest.mark.parametrize("payload", REALISTIC)
@pytest.mark.parametrize("size", [2_000, 100_000])
def test_realistic_payloads_have_their_size_and_no_two_records_alike(payload: str, size: int) -> None:
    (records,) = json_payloads.build(payload, size).values()
    text = json_payloads.compact(records)
    assert size <= len(text.encode()) + 20
    assert len(text.encode()) < 1.3 * size + 5_000  # the last record may be long
    written = [json_payloads.compact(one) for one in records if len(json_payloads.compact(one)) > 60]
    assert len(set(written)) == len(written)
    assert text.isascii() == (payload == "numbers")


def test_payloads_do_not_depend_on_the_process() -> None:
    code = (
        "import hashlib\nfrom fibench.operations import json_payloads as p\n"
        f"print(*(hashlib.sha256(p.compact(p.build(n, 20000)).encode()).hexdigest() for n in {REALISTIC!r}))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(seen) == 1


@pytest.mark.parametrize("library", ["json", "orjson", "msgspec", "ujson"])
@pytest.mark.parametrize("payload", ["literal", *REALISTIC])
def test_every_library_reads_and_writes_the_same(library: str, payload: str) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    size = {"library": library, "payload": payload, "size": "3 kB"}
    value = json_payloads.build(payload, 3000)
    for source in ("str", "bytes", "decoded"):
        assert opened(op="loads", input=source, **size).outcome() == value
    for output, kind in (("str", str), ("bytes", bytes)):
        step = opened(op="dumps", output=output, **size)
        assert isinstance(step.call(*step.args), kind)
        assert step.outcome() == value


def test_decoding_happens_inside_the_call_only_where_it_is_said() -> None:
    assert opened(library="orjson", input="bytes").call is __import__("orjson").loads
    assert opened(library="json", input="str").call is json.loads
    decoded = opened(library="json", input="decoded")
    assert isinstance(decoded.args[0], bytes)
    assert decoded.call is not json.loads


@pytest.mark.parametrize("library", ["orjson", "msgspec", "ujson"])
def test_a_library_that_is_not_there_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert KIND.unavailable({"library": library}) == f"needs {library}: pip install {library}"


def test_notes_say_what_flatters_whom() -> None:
    assert codes({"payload": "literal"}, ascii=True) == ["degenerate-payload"]
    assert codes({"payload": "unicode", "input": "str"}, ascii=False) == ["cached-utf8"]
    assert codes({"payload": "unicode", "input": "bytes"}, ascii=False) == []
    assert codes({"payload": "unicode", "op": "dumps"}, ascii=False) == []


def codes(given: dict[str, Any], **facts: Any) -> list[str]:
    params = Params.model_validate(given).model_dump()
    case = Case(
        scenario="s", kind="json", point={}, variants=(Variant(name="v1", params=params),),
        metrics=tuple(KIND.metrics.values()), measure=Measure(), key="0" * 16,
    )  # fmt: skip
    generation = Generation(0, 0, (0,), ("v1",), {"wall": (1.0,)}, facts={"variants": {"v1": facts}})
    return [note.code for note in KIND.notes(CaseRecord(case, (generation,)), None)]  # type: ignore[arg-type]
