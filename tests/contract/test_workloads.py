"""What every built-in kind must keep to: one suite, run for each of them."""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import ValidationError

from fibench import registry
from fibench.measure.block import timer
from fibench.measure.outcome import describe
from fibench.ports import Workload
from fibench.workloads.builtin import BUILTIN
from fibench.workloads.closed import ClosedKind

TCP = {"workload": "tcp-echo", "messages": 60, "connections": 5, "size": "100 B"}
EVENTS = {"events": 20, "size": "400 B"}
FILTERS = ("none", "gzip-1", "gzip-9", "lzf", "lz4", "zstd-3")

# Small variants that do the same thing in different ways; together they must yield every metric of the kind.
PAIRS: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "event-loop": [
        *(
            ({"loop": "asyncio", "workload": work, **small}, {"loop": "uvloop", "workload": work, **small})
            for work in ("gather-sleep", "run-sleep", "call-soon", "task-switch", "task-churn")
            for small in [{"tasks": 20, "sleep": "1 ms", "messages": 60}]
        ),
        ({"loop": "asyncio", **TCP}, {"loop": "uvloop", **TCP}),
        ({"loop": "uvloop", **TCP}, {"loop": "uvloop", **TCP, "workload": "tcp-streams"}),
    ],
    "json": [
        *(
            ({"library": "json", "payload": name, **way}, {"library": "orjson", "payload": name, **way})
            for name in ("literal", "chat", "events", "numbers", "unicode", "nested")
            for way in ({"size": "2 kB"}, {"size": "9 kB", "input": "str"}, {"size": "2 kB", "op": "dumps", "output": "str"})
        ),
        ({"input": "bytes", "payload": "unicode"}, {"input": "decoded", "payload": "unicode"}),
        ({"op": "dumps", "output": "bytes"}, {"op": "dumps", "output": "bytes", "library": "orjson"}),
    ],
    "hdf5": [
        *(({"filter": "gzip-4", **EVENTS}, {"filter": name, **EVENTS}) for name in FILTERS),
        *(
            ({"layout": "vlen", "op": op, **EVENTS}, {"layout": layout, "access": access, "op": op, **EVENTS})
            for layout in ("fixed", "concatenated")
            for access in ("item", "bulk")
            for op in ("write", "read")
        ),
        *(({"op": op, **EVENTS}, {"op": op, "timed": "access", "access": "bulk", **EVENTS}) for op in ("write", "read")),
        ({"content": "realistic", **EVENTS}, {"content": "realistic", "layout": "fixed", **EVENTS}),
        ({"access": "item", **EVENTS}, {"access": "memoryview", **EVENTS}),
    ],
}  # fmt: skip
OPEN = {"arrivals": "poisson", "rate": "200/s", "duration": "0.4 s", "warmup": "0 s"}
CLOSED = {"arrivals": "closed", "users": 3, "duration": "0.4 s", "warmup": "0.1 s"}
URL = {"url": "http://127.0.0.1:{port}/"}
FILES = {
    "command": [sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1"],
    "server": "command",
    "cwd": tempfile.gettempdir(),
}
PAIRS["http"] = [
    (URL | OPEN, URL | OPEN | {"connections": 2}),
    (URL | CLOSED, URL | CLOSED | {"connections": 2}),
    (URL | CLOSED, URL | CLOSED | {"engine": "threads"}),
    (URL | CLOSED | {"compare": "body"}, URL | CLOSED | {"compare": "body", "headers": {"x-a": "b"}}),
]
PAIRS["workers"] = [(FILES | OPEN, FILES | CLOSED | {"arrivals": "poisson", "rate": "200/s"}), (FILES | CLOSED, FILES | CLOSED)]
SEARCHED = {"capacity"}
"""Metrics that only a search yields, which takes a minute."""
ALONE: dict[str, list[dict[str, Any]]] = {
    "python": [{"target": "math:sqrt", "args": [2.0]}],
    "command": [{"command": [sys.executable, "-c", "pass"]}],
}
NEEDED = {"hdf5": {"numpy", "h5py"}}
"""Third-party packages that a kind's operation may import before a variant asks for more."""

HEAVY = {
    "pydantic",
    "numpy",
    "pandas",
    "h5py",
    "hdf5plugin",
    "uvloop",
    "orjson",
    "yaml",
    "sqlalchemy",
    "typer",
    "rich",
    "psutil",
}


def _exists(name: str) -> bool:
    return importlib.util.find_spec(BUILTIN[name].partition(":")[0]) is not None


KINDS = [name for name in BUILTIN if _exists(name)]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Workload:
    found: Workload = registry.load(BUILTIN[request.param])
    return found


class Hello(BaseHTTPRequestHandler):
    """Answers everything with a few bytes, and keeps its connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *words: object) -> None:
        """Nothing: the tests look at what fibench says."""


@pytest.fixture(scope="module", autouse=True)
def served() -> Iterator[None]:
    """Somebody who answers at the address of kind `http`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        PORT.append(server.server_address[1])
        yield
        PORT.clear()
        server.shutdown()
        thread.join()


PORT: list[int] = []


@pytest.fixture
def clean_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of its own, and a look at files and processes afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield tmp_path
    left = {child.pid for child in psutil.Process().children(recursive=True)} - before
    assert not left, "a process outlived close()"
    assert not list(tmp_path.iterdir()), "a file outlived close()"


def test_a_kind_has_what_the_port_asks_for(kind: Workload) -> None:
    assert isinstance(kind, Workload)
    assert kind.name in BUILTIN
    assert kind.about
    assert {name: metric.name for name, metric in kind.metrics.items()} == {name: name for name in kind.metrics}
    assert "wall" in kind.metrics


def test_an_unknown_parameter_is_refused(kind: Workload) -> None:
    given = settled(kind, samples(kind)[0])
    with pytest.raises(ValidationError, match=r"extra|not permitted"):
        kind.Params.model_validate({**samples(kind)[0], "no_such_parameter": 1})
    assert "no_such_parameter" not in given


def test_a_free_matrix_key_is_refused_with_the_nearest_word(kind: Workload) -> None:
    if not isinstance(kind, ClosedKind):
        pytest.skip("this kind has a use for free keys")
    field = sorted(kind.Params.model_fields)[-1]
    with pytest.raises(ValueError, match=f"did you mean '{field}'"):
        kind.settle({}, {field + "s": 1})


def test_every_declared_metric_is_yielded_by_a_block(kind: Workload, clean_room: Path) -> None:
    seen: set[str] = set()
    for given in samples(kind)[:9] if kind.name != "event-loop" else samples(kind):
        if kind.unavailable(given):
            continue
        step = opened(kind, given)
        try:
            step.outcome()
            found = timer(step)(1)
        finally:
            step.close()
        assert set(found) <= set(kind.metrics)
        # NaN: a window with too few requests for p99, a closed loop that is never late
        assert all((value >= 0 and math.isfinite(value)) or (kind.service and math.isnan(value)) for value in found.values())
        assert found["wall"] > 0
        seen |= set(found)
    assert seen == set(kind.metrics) - SEARCHED or kind.name == "command"


def test_variants_that_do_the_same_thing_agree(kind: Workload, clean_room: Path) -> None:
    for one, other in PAIRS.get(kind.name, []):
        if kind.unavailable(settled(kind, one)) or kind.unavailable(settled(kind, other)):
            continue
        assert kind.same_inputs(settled(kind, one), settled(kind, other)) or one.get("workload") != other.get("workload")
        outcomes = []
        for given in (one, other):
            step = opened(kind, given)
            try:
                outcomes.append(describe(step.outcome()))
                assert isinstance(step.facts(), dict)
            finally:
                step.close()
        if kind.name == "event-loop" and one["workload"].startswith("tcp"):
            assert outcomes[0]["tree"] is not None
        assert outcomes[0]["same"] == outcomes[1]["same"] is not None, (one, other)


def test_an_operation_imports_only_what_its_variant_needs(kind: Workload) -> None:
    given = settled(kind, samples(kind)[0])
    module, _, attribute = kind.operation.partition(":")
    code = (
        f"import sys, {module} as operation; step = operation.{attribute}({given!r}); step.close(); "
        f"print(*({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= NEEDED.get(kind.name, set())


def samples(kind: Workload) -> list[dict[str, Any]]:
    """Every variant of the kind's pairs, the baselines first."""
    pairs = PAIRS.get(kind.name, [])
    return [*ALONE.get(kind.name, []), *(one for one, _ in pairs), *(other for _, other in pairs)]


def settled(kind: Workload, given: dict[str, Any]) -> dict[str, Any]:
    """What the child is told: every parameter, in base units."""
    if "url" in given and PORT:
        given = {**given, "url": given["url"].format(port=PORT[0])}
    plain: dict[str, Any] = kind.Params.model_validate(given).model_dump(mode="python")
    return plain


def opened(kind: Workload, given: dict[str, Any]) -> Any:
    return registry.load(kind.operation)(settled(kind, given))
