"""Services under load through the command line: what a user sees of good servers, bad ones, and ones that die."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import hostile

SERVER = """
import http.server, os, sys, threading, time

MODE, FOLDER = sys.argv[2], sys.argv[3]
count = 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one segment: else Nagle and the delayed ACK cost 40 ms

    def do_GET(self):
        global count
        count += 1
        if MODE == "dies" and count > 60:
            print("out of memory, good bye", file=sys.stderr, flush=True)
            os._exit(3)
        if MODE == "errs" and count % 3 == 0:
            self.answer(500, b"boom")
            return
        if not (MODE == "loses" and count % 2 == 0):
            with open(os.path.join(FOLDER, "rows"), "ab") as rows:
                rows.write(b"x")
        self.answer(200, b"hello")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


if MODE == "never":
    print("cannot find my configuration", file=sys.stderr, flush=True)
    time.sleep(60)
if MODE == "ends":
    sys.exit("no such database: consultations")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
AUDIT = "import os\ndef rows(folder): return os.path.getsize(os.path.join(folder, 'rows'))\n"
CLOSED = {"arrivals": "closed", "users": 2, "duration": "0.3 s", "warmup": "0 s", "max_errors": "100 %"}
FEW = {"max_units": 2, "budget": "20 s", "control": False, "metrics": ["throughput", "response"]}


def serving(mode: str, **more: Any) -> dict[str, Any]:
    return {"command": [sys.executable, "server.py", "{port}", mode, "{folder}"], "ready_timeout": "2 s", **CLOSED, **more}


@pytest.fixture
def served(project: Any) -> Any:
    project.write("server.py", SERVER)
    project.write("auditing.py", AUDIT)
    return project


@pytest.fixture
def address() -> Iterator[str]:
    with hostile.well() as port:
        yield f"http://127.0.0.1:{port}/"


def test_two_configurations_of_a_server_are_measured_side_by_side(served: Any) -> None:
    scenario = served.scenario(
        "x", {"w1": serving("well", audit="auditing:rows"), "w2": serving("well")}, kind="workers", measure=FEW
    )
    found = served.run("run", scenario, "--json")
    assert found.code == 0, found.err
    (case,) = found.doc["cases"]
    metrics = case["variants"]["w1"]["metrics"]
    assert {"response", "service", "dispatch", "first_byte", "throughput", "goodput", "errors"} <= metrics.keys()
    assert metrics["response"]["n"] > 50, "requests, not windows"
    assert metrics["response"]["median"] <= metrics["response"]["p90"] <= metrics["response"]["p95"]
    assert metrics["errors"]["median"] == 0
    assert metrics["server_memory"]["median"] > 1e6
    assert {one["metric"] for one in case["comparisons"]} == {"throughput", "response"}


def test_a_closed_loop_is_called_so_at_every_number(served: Any, address: str) -> None:
    scenario = served.scenario("x", {"a": {"url": address, **CLOSED}}, kind="http", measure=FEW)
    assert "closed loop" in served.run("run", scenario).said
    assert served.run("report", "-o", "page.html").code == served.run("report", "-o", "page.md").code == 0
    assert "closed loop" in (served.folder / "page.html").read_text()
    assert "closed loop" in (served.folder / "page.md").read_text()


def test_an_open_loop_and_a_closed_one_are_not_compared(project: Any, address: str) -> None:
    scenario = project.scenario(
        "x", {"a": {"url": address, "rate": "50/s"}, "b": {"url": address, **CLOSED}}, kind="http", measure=FEW
    )
    found = project.run("run", scenario)
    assert found.code == 2
    assert "'a' is measured in a open loop" in found.err or "cannot be compared" in found.err


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "constant needs a rate"),
        ({"arrivals": "search"}, "search needs a goal"),
        ({"rate": "5/s", "engine": "locust"}, "has users, not a rate"),
        ({"rate": "5"}, "no unit"),
        ({"rate": "5/s", "body": "x", "body_size": "5 B"}, "one of body"),
        ({"rate": "5/s", "slo": "5 parsecs"}, "parsecs"),
        ({"rate": "5/s", "expect": {"status": 99}}, "status"),
    ],
)
def test_a_load_that_lacks_something_is_refused_with_what_it_needs(project: Any, params: Any, words: str) -> None:
    scenario = project.scenario("x", {"a": {"url": "http://127.0.0.1:9/", **params}}, kind="http")
    found = project.run("run", scenario)
    assert found.code == 2
    assert words in found.err
    assert "Traceback" not in found.err


def test_a_public_address_needs_its_users_word_and_gets_nothing_without_it(project: Any) -> None:
    scenario = project.scenario("x", {"a": {"url": "http://192.0.2.1:81/", "rate": "5/s"}}, kind="http")
    found = project.run("run", scenario)
    assert found.code == 2
    assert "192.0.2.1, a public address" in found.err
    assert "--yes-i-may-load 192.0.2.1" in found.err
    assert project.run("runs", "--json").code != 0 or not project.run("runs", "--json").doc


def test_nobody_at_the_address_is_one_line_and_exit_code_4(project: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        found = project.run("run", project.scenario("x", {"a": {"url": url, "rate": "5/s"}}, kind="http"))
    assert found.code == 4
    assert "onnection refused" in found.said
    assert "Traceback" not in found.err


def test_a_wrong_answer_is_shown_before_any_load(served: Any, address: str) -> None:
    scenario = served.scenario("x", {"a": {"url": address, **CLOSED, "expect": {"status": 418}}}, kind="http", measure=FEW)
    found = served.run("run", scenario)
    assert found.code == 4
    assert "answered 200, expected 418" in found.said


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("never", "cannot find my configuration"),
        ("ends", "no such database: consultations"),
        ("dies", "ended with code 3"),
    ],
)
def test_a_server_that_fails_is_told_in_its_own_words_and_leaves_the_others_their_results(
    served: Any, mode: str, words: str
) -> None:
    variants = {"good": serving("well"), "bad": serving(mode, ready="tcp")}
    found = served.run("run", served.scenario("x", variants, kind="workers", measure=FEW), "--json")
    assert found.code == 4
    (case,) = found.doc["cases"]
    assert words in case["reason"]
    assert case["variants"]["good"]["metrics"]["response"]["n"] > 50
    assert "Traceback" not in found.err


def test_errors_are_counted_by_their_class_and_void_what_they_spoil(served: Any) -> None:
    variants = {"good": serving("well"), "bad": serving("errs", ready="tcp", max_errors="1 %")}
    found = served.run("run", served.scenario("x", variants, kind="workers", measure={**FEW, "max_units": 6}))
    assert "500" in found.said
    assert "of the requests failed" in found.said


def test_a_server_that_loses_acknowledged_rows_is_invalid_not_fast(served: Any) -> None:
    variants = {"good": serving("well", audit="auditing:rows"), "bad": serving("loses", audit="auditing:rows")}
    scenario = served.scenario("x", variants, kind="workers", measure={**FEW, "max_units": 6})
    found = served.run("run", scenario, "--json")
    reasons = {one["verdict"] for one in found.doc["cases"][0]["comparisons"]}
    assert reasons == {"INVALID"}, found.doc
    assert "acknowledged rows are lost" in found.doc["cases"][0]["reason"]


def test_an_interrupt_keeps_every_finished_window_and_ends_every_server(served: Any) -> None:
    variants = {"w1": serving("well"), "w2": serving("well")}
    long = {**FEW, "max_units": 1000, "budget": "60 s"}
    process = served.start("run", served.scenario("x", variants, kind="workers", measure=long), "--json")
    served.wait_for_generations(3)
    process.send_signal(signal.SIGINT)
    found = served.finish(process, 15)
    assert found.code == 130
    assert found.doc["cases"][0]["variants"]["w1"]["metrics"]["throughput"]["n"] >= 2
    assert served.left_behind() == []


def test_a_kill_leaves_no_server_and_no_port_behind(served: Any) -> None:
    variants = {"w1": serving("well"), "w2": serving("well")}
    long = {**FEW, "max_units": 1000, "budget": "60 s"}
    process = served.start("run", served.scenario("x", variants, kind="workers", measure=long))
    served.wait_for_generations(2)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    end = time.monotonic() + 8
    while served.left_behind(0.2) and time.monotonic() < end:
        time.sleep(0.1)
    assert served.left_behind(0.5) == []
    assert served.generations() >= 2


@pytest.mark.parametrize("trouble", ["silent", "resetting", "half_closing", "garbage", "broken_chunks", "giant_headers"])
def test_hostile_servers_end_in_a_sentence(project: Any, trouble: str) -> None:
    with getattr(hostile, trouble)() as port:
        params = {"url": f"http://127.0.0.1:{port}/", **CLOSED, "timeout": "0.5 s"}
        found = project.run("run", project.scenario("x", {"a": params}, kind="http", measure=FEW))
    assert found.code == 4
    assert "GET at 127.0.0.1" in found.said or "GET / at 127.0.0.1" in found.said
    assert "Traceback" not in found.err and len(found.err.splitlines()) < 12


def test_a_locustfile_is_a_closed_loop_like_any_other(served: Any, address: str) -> None:
    served.write(
        "journey.py",
        """
        from locust import FastHttpUser, task

        class Somebody(FastHttpUser):
            @task
            def visit(self):
                self.client.get("/")
        """,
    )
    params = {"url": address, **CLOSED, "engine": "locust", "locustfile": "journey.py", "duration": "1 s"}
    found = served.run("run", served.scenario("x", {"a": params}, kind="http", measure={**FEW, "max_units": 1}), "--json")
    metrics = found.doc["cases"][0]["variants"]["a"]["metrics"]
    assert metrics["errors"]["median"] == 0, found.err
    assert Path("journey.py").exists() and not list(served.temporary.glob("locust*"))
