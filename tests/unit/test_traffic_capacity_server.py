"""The server of known capacity: one after the other, in order, each exactly as long as its rate says, labelled."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from fibench.traffic.capacity_server import ANSWER, Server

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def serve(rate: float) -> Iterator[Server]:
    """A server in a thread; a pipe ends it."""
    server = Server(rate)
    ear, mouth = os.pipe()
    thread = threading.Thread(target=server.run, args=(ear,))
    thread.start()
    try:
        yield server
    finally:
        os.close(mouth)
        thread.join(5)
        server.close()
        os.close(ear)


@pytest.fixture
def server() -> Iterator[Server]:
    yield from serve(200)


def connect(server: Server) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", server.port))
    link.settimeout(5)
    return link


def receive(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (part := link.recv(size - len(data))):
        data += part
    return data


def test_a_burst_is_answered_one_after_the_other(server: Server) -> None:
    with connect(server) as one, connect(server) as two:
        start = time.monotonic()
        one.sendall(ASK * 20)
        two.sendall(ASK * 20)
        assert receive(one, 20 * len(ANSWER)) == ANSWER * 20
        assert receive(two, 20 * len(ANSWER)) == ANSWER * 20
        assert time.monotonic() - start >= 40 / 200


def test_a_request_alone_takes_one_service_time(server: Server) -> None:
    with connect(server) as link:
        taken = []
        for _ in range(9):
            start = time.monotonic()
            link.sendall(ASK)
            receive(link, len(ANSWER))
            taken.append(time.monotonic() - start)
    assert min(taken) >= 0.005
    assert sorted(taken)[4] < 0.010  # not two of them: nobody else was there


def test_it_says_that_it_is_not_real(server: Server) -> None:
    with connect(server) as link:
        link.sendall(ASK)
        assert b"\r\nServer: fibench-simulated\r\n" in receive(link, len(ANSWER))


def test_a_body_belongs_to_its_request_however_it_is_cut(server: Server) -> None:
    with connect(server) as link:
        whole = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /" + ASK
        for at in range(0, len(whole), 7):
            link.sendall(whole[at : at + 7])
            time.sleep(0.001)
        assert receive(link, 2 * len(ANSWER)) == ANSWER * 2


def test_a_client_that_wants_no_keep_alive_is_disconnected_after_its_answer(server: Server) -> None:
    with connect(server) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"Connection: close" in link.recv(4096)
        assert link.recv(1) == b""


def test_nonsense_is_refused_and_the_server_goes_on(server: Server) -> None:
    with connect(server) as link:
        link.sendall(b"\x00\x01nonsense\r\n\r\n")
        assert link.recv(4096).startswith(b"HTTP/1.1 400")
        assert link.recv(1) == b""
    with connect(server) as link:
        link.sendall(ASK)
        assert receive(link, len(ANSWER)) == ANSWER


def test_who_leaves_before_its_answer_has_still_used_the_server(server: Server) -> None:
    start = time.monotonic()
    with connect(server) as link:
        link.sendall(ASK * 20)
        time.sleep(0.02)
    with connect(server) as link:
        link.sendall(ASK)
        receive(link, len(ANSWER))
    assert time.monotonic() - start >= 21 / 200


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "fibench.traffic.capacity_server", *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("way", ["signal", "parent"])
def test_the_command_prints_its_port_serves_and_ends(way: str) -> None:
    with start("--rate", "500", *(["--with-parent"] if way == "parent" else [])) as process:
        assert process.stdout and process.stdin
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), 5) as link:
            link.settimeout(5)
            link.sendall(ASK)
            assert receive(link, len(ANSWER)) == ANSWER
        if way == "signal":
            process.send_signal(signal.SIGTERM)
        else:
            process.stdin.close()
        assert process.wait(5) == 0


def test_a_rate_that_makes_no_sense_is_refused() -> None:
    with start("--rate", "0") as process:
        assert process.wait(5) == 2
        assert process.stderr and "--rate must be within" in process.stderr.read()
