"""Whatever a server or the system does wrong is a record with its own code, and never a hang, a spin or a lost request."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from fibench.traffic import connection, engine, links
from fibench.traffic.job import Address, Closed, Job, Open
from fibench.traffic.record import CLOSED, DESCRIPTORS, OTHER, PORTS, REFUSED, RESET, TIMEOUT
from tests.unit.traffic_engine_servers import GET, OK, answering, evenly, fire, read_request, reset, serving, statuses

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def nobody() -> Address:
    """An address at which nothing listens."""
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return Address(*link.getsockname(), socket.AF_INET)


def test_a_refusing_server_is_a_record_per_request(nobody: Address) -> None:
    shot, rows = fire(nobody, evenly(200, 0.2))
    assert statuses(rows) == {REFUSED: 40}
    assert shot.health.offered == shot.health.sent == 40 and shot.health.opened == 0
    assert shot.health.examples[REFUSED] == "Connection refused"
    assert any("not opened before the window" in note for note in shot.health.notes)


def test_a_refusing_server_does_not_spin_the_users(nobody: Address) -> None:
    _, rows = fire(nobody, Closed(2), seconds=0.5)
    assert set(statuses(rows)) == {REFUSED}
    assert 2 * 5 <= len(rows) <= 2 * 14  # 1, 2, 4, … 64, 100, 100, … ms


def test_a_missing_unix_socket_refuses(tmp_path: Path) -> None:
    _, rows = fire(Address(str(tmp_path / "none"), 0, socket.AF_UNIX), evenly(100, 0.1))
    assert statuses(rows) == {REFUSED: 10}


def test_a_reset_is_told_from_a_close() -> None:
    def talk(link: socket.socket, number: int) -> None:
        read_request(link)
        reset(link)

    with serving(talk) as server:
        shot, rows = fire(server.address, evenly(100, 0.1), connections=20)
        _, closed = fire(server.address, Closed(2))
    assert statuses(rows) == {RESET: 10} and set(statuses(closed)) == {RESET}
    assert shot.health.examples[RESET] == "Connection reset by peer"
    with serving(lambda link, number: [read_request(link)]) as server:  # type: ignore[arg-type, return-value]
        shot, rows = fire(server.address, evenly(100, 0.1), connections=20)
    assert statuses(rows) == {CLOSED: 10}
    assert shot.health.examples[CLOSED] == "closed without an answer"


def test_half_closed_connections_still_answer() -> None:
    def talk(link: socket.socket, number: int) -> None:
        read_request(link)
        link.sendall(OK)
        link.shutdown(socket.SHUT_WR)
        link.recv(1)

    with serving(talk) as server:
        _, rows = fire(server.address, evenly(100, 0.2), connections=2)
        _, closed = fire(server.address, Closed(2))
    assert statuses(rows) == {200: 20}
    assert statuses(closed) == {200: len(closed)}


@pytest.mark.parametrize("announced", [True, False])
def test_connections_that_the_server_ends_are_replaced_without_a_failure(announced: bool) -> None:
    pieces = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") if announced else OK
    with serving(answering(pieces, times=3 if not announced else 1)) as server:
        shot, rows = fire(server.address, evenly(200, 0.5), connections=4)
        users, closed = fire(server.address, Closed(3, 0.001))
        lean, raced = fire(server.address, Closed(3))
    assert statuses(rows) == {200: 100} and shot.health.opened > 25
    assert statuses(closed) == {200: len(closed)} and users.health.opened > 3
    assert statuses(raced) == {200: len(raced)} and lean.health.opened > 3
    assert any("replaced" in note for note in shot.health.notes)


def test_a_request_that_meets_a_closing_idle_connection_is_sent_once_more() -> None:
    """The second request on each connection is met by a reset at once, without a byte of answer."""

    def talk(link: socket.socket, number: int) -> None:
        read_request(link)
        link.sendall(OK)
        if read_request(link):
            time.sleep(0.002)
            reset(link)

    with serving(talk) as server:
        shot, rows = fire(server.address, evenly(20, 0.2), connections=1)
        users, closed = fire(server.address, Closed(1))
    assert statuses(rows) == {200: 4}
    assert any(note.startswith("3 requests sent again") for note in shot.health.notes)
    assert (rows["service"] > 0.002).sum() == 3  # the first attempt is in its time
    assert sorted(rows["due"]) == [0, 50_000, 100_000, 150_000]
    assert statuses(closed) == {200: len(closed)} and any("sent again" in note for note in users.health.notes)


def test_a_crash_over_a_request_is_not_taken_for_an_idle_connection_that_closes() -> None:
    def talk(link: socket.socket, number: int) -> None:
        read_request(link)
        link.sendall(OK)
        if read_request(link):
            time.sleep(0.3)
            reset(link)

    with serving(talk) as server:
        _, rows = fire(server.address, evenly(20, 0.2), connections=1)
    assert statuses(rows) == {200: 2, RESET: 2}


def test_a_request_that_may_have_been_carried_out_is_never_sent_again() -> None:
    posted = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"

    def talk(link: socket.socket, number: int) -> None:
        read_request(link)
        link.sendall(OK)
        if read_request(link):
            reset(link)

    with serving(talk) as server:
        _, rows = fire(server.address, evenly(20, 0.2), connections=1, message=posted)
    assert statuses(rows) == {200: 2, RESET: 2}


def test_a_fresh_connection_that_fails_is_not_tried_again() -> None:
    asked = []

    def talk(link: socket.socket, number: int) -> None:
        asked.append(read_request(link))

    with serving(talk) as server:
        _, rows = fire(server.address, evenly(100, 0.1), connections=10)
    assert statuses(rows) == {CLOSED: 10} and len([request for request in asked if request]) == 10


def test_a_time_out_of_a_request_sent_again_counts_from_its_first_attempt() -> None:
    def talk(link: socket.socket, number: int) -> None:
        if number:
            link.recv(1 << 16)
            time.sleep(1.0)
            return
        read_request(link)
        link.sendall(OK)
        read_request(link)
        time.sleep(0.005)

    with serving(talk) as server:
        _, rows = fire(server.address, evenly(50, 0.04), connections=1, timeout=0.4)
    assert statuses(rows) == {200: 1, TIMEOUT: 1}
    assert 0.4 <= rows["service"].max() < 0.55


def test_a_server_that_accepts_and_closes_does_not_spin_the_client() -> None:
    with serving(lambda link, number: None) as server:
        shot, rows = fire(server.address, evenly(50, 0.3), connections=4)
        accepted = server.accepted
    assert set(statuses(rows)) <= {CLOSED, RESET} and len(rows) == 15
    assert accepted <= 4 + 15
    assert sum(shot.health.cpu) < 0.5


def test_bytes_that_nobody_asked_for_end_an_idle_connection() -> None:
    def talk(link: socket.socket, number: int) -> None:
        read_request(link)
        link.sendall(OK)
        time.sleep(0.02)
        link.sendall(OK)
        read_request(link)

    with serving(talk) as server:
        shot, rows = fire(server.address, evenly(10, 0.3), connections=1)
    assert statuses(rows) == {200: 3}
    assert any("nobody had asked for" in note for note in shot.health.notes)


def test_a_large_request_arrives_whole_while_others_go_on() -> None:
    got: list[int] = []

    def talk(link: socket.socket, number: int) -> None:
        while request := read_request(link):
            got.append(len(request))
            link.sendall(OK)

    body = os.urandom(1 << 20) * 64
    post = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with serving(talk) as server:
        _, rows = fire(server.address, evenly(50, 0.08), message=[post, GET, GET, GET], connections=4, timeout=30.0)
    assert statuses(rows) == {200: 4}
    assert sorted(got) == [len(GET)] * 3 + [len(post)]


@pytest.mark.parametrize("rude", [False, True])
def test_an_early_answer_to_a_large_request_counts_and_its_connection_is_not_used_again(rude: bool) -> None:
    def talk(link: socket.socket, number: int) -> None:
        link.recv(1000)
        link.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        if rude:
            reset_after = threading.Event()
            reset_after.wait(0.01)
        else:
            link.shutdown(socket.SHUT_WR)
            while link.recv(1 << 20):
                pass

    post = b"POST / HTTP/1.1\r\nContent-Length: 50000000\r\n\r\n" + bytes(50_000_000)
    with serving(talk) as server:
        _, rows = fire(server.address, evenly(20, 0.2), message=post, connections=2)
    assert statuses(rows) == {413: 4}


@pytest.mark.parametrize("load", [evenly(100, 0.2), Closed(3)])
def test_without_keep_alive_each_request_has_its_own_connection_in_its_time(load: Open | Closed) -> None:
    with serving(answering(OK)) as server:
        shot, rows = fire(server.address, load, keep_alive=False, connections=8)
        accepted = server.accepted
    assert statuses(rows) == {200: len(rows)}
    assert shot.health.opened == accepted == len(rows)


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EMFILE, DESCRIPTORS), (errno.ENFILE, DESCRIPTORS), (errno.EADDRNOTAVAIL, PORTS), (errno.ENETUNREACH, OTHER)],
)
@pytest.mark.parametrize("load", [evenly(100, 0.1), Closed(2)])
def test_what_the_system_refuses_has_its_own_code(
    number: int, code: int, load: Open | Closed, monkeypatch: pytest.MonkeyPatch, nobody: Address
) -> None:
    def full(address: Address) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(links, "Connection", full)
    shot, rows = fire(nobody, load)
    assert set(statuses(rows)) == {code} and len(rows) >= 6
    assert shot.health.examples[code] == os.strerror(number)


def test_running_out_of_descriptors_in_earnest_is_survived() -> None:
    with serving(answering(OK)) as server:
        done = subprocess.run(
            [sys.executable, "-c", TIGHT, str(server.address.port)], cwd=ROOT, capture_output=True, text=True, check=True
        )
    failed, served = map(int, done.stdout.split())
    assert failed > 0 and failed + served == 100


TIGHT = """
import resource, socket, sys, tempfile
resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
from fibench.traffic import engine, record
from fibench.traffic.job import *
address, shots = Address("127.0.0.1", int(sys.argv[1]), socket.AF_INET), [b"GET / HTTP/1.1\\r\\n\\r\\n"]
job = Job(address, shots, Open([0] * 100), 0.1, keep_alive=False)
with tempfile.TemporaryDirectory() as folder:
    rows = record.read(engine.run(job, folder).files[0])
    print((rows["status"] == record.DESCRIPTORS).sum(), (rows["status"] == 200).sum())
"""


def test_an_error_in_a_client_is_raised_with_its_text(tmp_path: Path, nobody: Address) -> None:
    class Broken(list[bytes]):
        def __getitem__(self, k: Any, /) -> Any:
            raise ZeroDivisionError("the shots are broken")

    job = Job(nobody, Broken([GET]), evenly(100, 0.1), 0.1, processes=2)
    with pytest.raises(RuntimeError, match=r"(?s)load client failed.*ZeroDivisionError: the shots are broken"):
        engine.run(job, str(tmp_path))
    assert not children()


def test_a_killed_client_is_reported(tmp_path: Path) -> None:
    def kill() -> None:
        deadline = time.monotonic() + 10
        while not children() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        for pid in children():
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    with serving(answering(OK)) as server:
        killer.start()
        with pytest.raises(RuntimeError, match="ended without a report"):
            engine.run(Job(server.address, [GET], evenly(10, 5), 5.0), str(tmp_path))
        killer.join()
    assert not children()


def children() -> list[int]:
    """The processes forked by this one's threads."""
    found = []
    for name in os.listdir("/proc/self/task"):
        try:
            found += Path(f"/proc/self/task/{name}/children").read_text().split()
        except OSError:  # the thread has ended
            continue
    return [int(pid) for pid in found]


PARENT = """
import socket, sys, tempfile
from fibench.traffic import engine
from fibench.traffic.job import *
address, shots = Address("127.0.0.1", int(sys.argv[1]), socket.AF_INET), [b"GET / HTTP/1.1\\r\\n\\r\\n"]
job = Job(address, shots, Closed(2, 0.01), 30.0, processes=2)
engine.run(job, sys.argv[2])
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_clients_end_with_their_parent(number: signal.Signals, tmp_path: Path) -> None:
    with serving(answering(OK)) as server:
        command = [sys.executable, "-c", PARENT, str(server.address.port), str(tmp_path)]
        parent = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: server.accepted == 2)
            time.sleep(0.2)
            pids = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
            watched = [os.pidfd_open(int(pid)) for pid in pids]
            parent.send_signal(number)
            parent.wait(10)
            ended = [select.select([descriptor], [], [], 10)[0] for descriptor in watched]
        finally:
            parent.kill()
            parent.wait()
        for descriptor in watched:
            os.close(descriptor)
    assert len(ended) == 2 and all(ended)


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_error_of_a_connection_is_explained() -> None:
    assert connection.explain(OSError(errno.EPIPE, "")) == (RESET, "Broken pipe")
    assert connection.explain(OSError(errno.ETIMEDOUT, "")) == (TIMEOUT, "Connection timed out")
