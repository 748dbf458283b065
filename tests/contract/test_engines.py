"""What every engine must keep to: one suite over the native open and closed loops, Locust, and the document's own client."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from fibench.traffic import engine, locust_engine, pacer, record, threads_engine, window
from fibench.traffic.job import Address, Closed, Engine, Expect, Job, Open

SECONDS = 1.0
USERS = 4
ENGINES: dict[str, Engine] = {
    "native-open": engine.run,
    "native-closed": engine.run,
    "locust": locust_engine.run,
    "threads": threads_engine.run,
}


class Quiet(BaseHTTPRequestHandler):
    """Counts what it was asked, and answers as its server was told."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Any

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.asked += 1
            number = self.server.asked
        time.sleep(self.server.delay)
        body = self.server.body
        self.send_response(500 if self.server.every and number % self.server.every == 0 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """`delay` in s before each answer; every `every`-th is a 500."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, delay: float = 0.0, every: int = 0, body: bytes = b"hello") -> None:
        super().__init__(("127.0.0.1", 0), Quiet)
        self.delay, self.every, self.body, self.asked, self.lock = delay, every, body, 0, threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle is no news here."""


@contextmanager
def serving(**told: Any) -> Iterator[Server]:
    server = Server(**told)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(params=list(ENGINES))
def sent(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., tuple[Any, Any]]:
    """Runs a window on a port; gives the shot and its records."""
    name: str = request.param

    def send(port: int, **more: Any) -> tuple[Any, Any]:
        message = b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        load = Open(pacer.constant(60, SECONDS)) if name == "native-open" else Closed(USERS, think=0.05)
        job = Job(Address("127.0.0.1", port, socket.AF_INET), [message], load, SECONDS, **{"timeout": 3.0, **more})
        shot = ENGINES[name](job, str(tmp_path))
        return shot, window.pooled(shot.files)

    return send


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    end = time.monotonic() + 3
    while (left := {child.pid for child in psutil.Process().children(recursive=True)} - before) and time.monotonic() < end:
        time.sleep(0.02)
    assert not left, "a process outlived its window"


def test_every_request_that_the_server_saw_has_its_record(sent: Any) -> None:
    with serving() as server:
        shot, records = sent(server.server_address[1])
        before = server.asked - len(records)  # closed loops have users before the window: that much is no part of it
    assert len(records) >= 20
    assert before >= 0 if shot.closed else before == 0
    assert not shot.health.early or before == shot.health.early
    assert set(records["status"].tolist()) == {200}
    assert set(records["size"].tolist()) == {5}


def test_the_service_time_is_the_servers_and_the_rest_is_small(sent: Any) -> None:
    with serving(delay=0.03) as server:
        _, records = sent(server.server_address[1])
    middle = sorted(records["service"].tolist())[len(records) // 2]
    assert records["service"].min() >= 0.03
    assert middle < 0.2
    assert records["dispatch"].min() >= 0


def test_due_times_lie_within_the_window(sent: Any) -> None:
    with serving() as server:
        shot, records = sent(server.server_address[1])
    assert shot.seconds == SECONDS
    assert records["due"].max() <= 1e6 * (SECONDS + 0.1)
    assert shot.lasted >= 0
    assert abs(shot.started - time.time()) < 60


def test_wrong_answers_keep_their_status_and_count_as_errors(sent: Any) -> None:
    with serving(every=2) as server:
        shot, records = sent(server.server_address[1])
    numbers = window.measured(records, shot)
    assert 0.3 < numbers["errors"] < 0.7
    assert window.errors_by_class(records).keys() == {"500"}
    assert numbers["response"] == float("inf") or numbers["errors"] < 0.5


def test_an_expected_status_is_right(sent: Any) -> None:
    with serving(every=1) as server:
        shot, records = sent(server.server_address[1], expect=Expect(frozenset({500})))
    assert window.measured(records, shot, frozenset({500}))["errors"] == 0


def test_a_server_that_is_too_slow_is_a_timeout_at_the_timeout(sent: Any) -> None:
    with serving(delay=1.5) as server:
        _, records = sent(server.server_address[1], timeout=0.4)
    assert set(records["status"].tolist()) == {record.TIMEOUT}
    assert records["service"].min() > 0.3 and records["service"].max() < 1.5


def test_nobody_there_is_refused_and_does_not_spin_the_client(sent: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, never listening
        shot, records = sent(taken.getsockname()[1])
    assert set(records["status"].tolist()) == {record.REFUSED}
    assert len(records) < 2000
    assert shot.health.examples


def test_the_clients_own_cpu_is_told(sent: Any) -> None:
    with serving() as server:
        shot, _ = sent(server.server_address[1])
    assert shot.health.cpu and all(0 <= share < 2.5 for share in shot.health.cpu)


def test_a_window_has_numbers(sent: Any) -> None:
    with serving() as server:
        shot, records = sent(server.server_address[1])
    numbers = window.measured(records, shot, slo=1.0)
    assert numbers["throughput"] > 10
    assert numbers["goodput"] == numbers["throughput"]
    assert numbers["errors"] == 0


def test_a_closed_loops_throughput_counts_what_its_users_began_before_the_window(sent: Any) -> None:
    with serving(delay=0.35) as server:
        shot, records = sent(server.server_address[1])
    if not shot.closed:
        pytest.skip("an open loop has no users")
    expected = USERS / (0.35 + 0.05)
    # without those, one request of three per user would be missing
    assert window.measured(records, shot)["throughput"] > 0.75 * expected
