"""The client of threads: it asks as `requests` asks, records each call, and ends with everything that it started."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fibench.traffic import record, threads_engine
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Address, Closed, Expect, Job, Open
from fibench.traffic.raw_request import MOST, base_url, parse, row
from tests.unit.peer_server import PeerServer, processes_with


@pytest.fixture
def server() -> Iterator[PeerServer]:
    server = PeerServer()
    yield server
    server.close()


def shots(*paths: str, method: str = "GET", body: bytes = b"") -> list[bytes]:
    size = f"Content-Length: {len(body)}\r\n" if body else ""
    return [f"{method} {path} HTTP/1.1\r\nHost: there\r\nX-Mine: 1\r\n{size}\r\n".encode() + body for path in paths]


def job(port: int, paths: list[bytes], users: int = 2, **more: object) -> Job:
    options: dict[str, object] = {"seconds": 0.5, "timeout": 2.0, **more}
    load = options.pop("load", Closed(users, think=0.01))
    return Job(Address("127.0.0.1", port, socket.AF_INET), paths, load, **options)  # type: ignore[arg-type]


def test_each_call_is_recorded_as_the_contract_says(server: PeerServer, tmp_path: Path) -> None:
    shot = threads_engine.run(job(server.port, shots("/ok")), str(tmp_path))
    rows = record.read(shot.files[0])
    assert shot.closed and shot.health.sent == shot.health.offered == len(rows) == len(server.asked) > 2
    assert set(rows["status"]) == {200} and set(rows["size"]) == {5}
    assert not rows["dispatch"].any() and (rows["lag"] != rows["lag"]).all() and (rows["first"] != rows["first"]).all()
    assert (rows["due"] < 500_000).all() and (rows["service"] > 0).all()
    assert shot.lasted >= (rows["due"] * 1e-6).max()


def test_every_call_has_a_connection_of_its_own(server: PeerServer, tmp_path: Path) -> None:
    shot = threads_engine.run(job(server.port, shots("/ok")), str(tmp_path))
    assert server.connections == len(server.asked) == shot.health.opened


def test_what_is_sent_is_what_the_job_says(server: PeerServer, tmp_path: Path) -> None:
    load = job(server.port, shots("/new?a=1", method="POST", body=b'{"x":1}'), expect=Expect(frozenset({201})))
    shot = threads_engine.run(load, str(tmp_path))
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /new?a=1 HTTP/1.1") and body == b'{"x":1}'
    assert b"X-Mine: 1" in head and b"Host: there" in head
    assert set(record.read(shot.files[0])["status"]) == {201}


@pytest.mark.parametrize(
    ("path", "code"),
    [("/reset", record.RESET), ("/close", record.CLOSED), ("/part", record.CLOSED), ("/garbage", record.MALFORMED)],
)
def test_a_broken_answer_has_its_own_code(server: PeerServer, tmp_path: Path, path: str, code: int) -> None:
    shot = threads_engine.run(job(server.port, shots(path), seconds=0.3), str(tmp_path))
    assert set(record.read(shot.files[0])["status"]) == {code}, shot.health.examples
    assert shot.health.examples[code]


def test_nobody_listening_is_refused(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        shot = threads_engine.run(job(free.getsockname()[1], shots("/ok"), seconds=0.3), str(tmp_path))
    assert set(record.read(shot.files[0])["status"]) == {record.REFUSED}


def test_a_call_that_nobody_answers_is_a_timeout(server: PeerServer, tmp_path: Path) -> None:
    shot = threads_engine.run(job(server.port, shots("/slow"), timeout=0.4), str(tmp_path))
    rows = record.read(shot.files[0])
    assert set(rows["status"]) == {record.TIMEOUT}
    assert (rows["service"] >= 0.39).all()


def test_an_unexpected_status_stays_itself_and_a_wrong_body_is_a_failed_check(server: PeerServer, tmp_path: Path) -> None:
    expect = Expect(frozenset({200, 201}), contains=b"hello")
    shot = threads_engine.run(job(server.port, shots("/ok", "/missing", "/moved", "/new"), expect=expect), str(tmp_path))
    assert set(record.read(shot.files[0])["status"]) == {200, 404, 302, record.CHECK}


def test_a_missing_header_is_a_failed_check(server: PeerServer, tmp_path: Path) -> None:
    expect = Expect(headers=(("x-kind", "new"),))
    shot = threads_engine.run(job(server.port, shots("/ok", "/new"), expect=expect), str(tmp_path))
    assert set(record.read(shot.files[0])["status"]) == {201, record.CHECK}


def test_the_ramp_comes_before_the_window(server: PeerServer, tmp_path: Path) -> None:
    shot = threads_engine.run(job(server.port, shots("/ok"), load=Closed(4, 0.01, ramp=0.4)), str(tmp_path))
    assert len(server.asked) > shot.health.sent > 0


def test_only_records_stay_in_the_folder(server: PeerServer, tmp_path: Path) -> None:
    shot = threads_engine.run(job(server.port, shots("/ok"), seconds=0.3), str(tmp_path))
    assert [str(path) for path in tmp_path.rglob("*") if path.is_file()] == list(shot.files)


def test_an_open_loop_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no arrival rate"):
        threads_engine.run(job(1, shots("/ok"), load=Open([0])), str(tmp_path))


def test_ctrl_c_leaves_nothing_behind(server: PeerServer, tmp_path: Path) -> None:
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        threads_engine.run(job(server.port, shots("/ok"), seconds=30.0), str(tmp_path))
    timer.join()
    assert not processes_with(str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_message_is_taken_apart_into_what_a_client_library_wants() -> None:
    parts = parse(b"PUT /a%20b?c HTTP/1.1\r\nHost: x\r\nA: 1\r\nA: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\n\r\nz")
    assert (parts.method, parts.target, parts.body) == ("PUT", "/a%20b?c", b"\r\nz")
    assert parts.headers == {"Host": "x", "A": "1, 2"}


@pytest.mark.parametrize(
    "message", [b"hello", b"GET /\r\n\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]
)
def test_what_no_client_library_would_send_is_refused(message: bytes) -> None:
    with pytest.raises(EngineError):
        parse(message)


def test_an_endless_row_is_cut_and_equal_requests_are_one() -> None:
    class Endless:
        def __getitem__(self, k: int) -> bytes:
            return b"%d" % k

        def __len__(self) -> int:
            return 0

    assert len(row(Endless())) == MOST
    assert row([b"a", b"a"]) == [b"a"] and row([b"a", b"b", b"a"]) == [b"a", b"b", b"a"]


def test_addresses_are_urls_unless_they_are_files() -> None:
    assert base_url(Address("::1", 80, socket.AF_INET6)) == "http://[::1]:80"
    assert base_url(Address("127.0.0.1", 443, socket.AF_INET, tls=True, server_name="localhost")) == "https://localhost:443"
    with pytest.raises(EngineError, match="TCP only"):
        base_url(Address("/run/x.sock", 0, socket.AF_UNIX))
