"""The hostile servers do what their names say, and leave nothing behind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests import hostile

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def ask(port: int, times: int = 1, *, most: int = 1 << 22, patience: float = 0.5) -> tuple[bytes, str]:
    """All that comes back on one connection, and how it ended: closed, reset, timeout, refused, enough."""
    data = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=patience) as link:
            for _ in range(times):
                link.sendall(ASK)
            while len(data) < most:
                new = link.recv(1 << 16)
                data += new
                if not new:
                    return data, "closed"
            return data, "enough"
    except ConnectionResetError:
        return data, "reset"
    except ConnectionRefusedError:
        return data, "refused"
    except TimeoutError:
        return data, "timeout"
    except BrokenPipeError:
        return data, "reset"


@pytest.mark.parametrize("name", hostile.EVERY)
def test_each_starts_and_ends_while_a_client_is_connected(name: str) -> None:
    make: Callable[[], AbstractContextManager[int]] = hostile.EVERY[name]
    with make() as port:
        ask(port, most=1000, patience=0.05)
        with socket.socket() as idle:
            idle.settimeout(0.05)
            idle.connect_ex(("127.0.0.1", port))
    assert not [thread for thread in threading.enumerate() if thread.name == "hostile"]


@pytest.mark.parametrize(
    ("server", "ends", "least"),
    [
        (hostile.refusing, "refused", 0),
        (hostile.full, "timeout", 0),
        (hostile.silent, "timeout", 0),
        (hostile.closes_unanswered, "closed", 0),
        (hostile.resetting, "reset", 0),
        (lambda: hostile.resetting(20), "reset", 20),
        (lambda: hostile.resetting(500), "reset", 500),
        (hostile.until_close, "closed", 40),
        (hostile.promises_too_much, "closed", 40),
        (lambda: hostile.promises_too_much(close=False), "timeout", 40),
        (hostile.half_closing, "closed", 0),
        (hostile.endless_body, "enough", 1 << 22),
        (lambda: hostile.endless_body(framed=True), "enough", 1 << 22),
        (hostile.giant_headers, "timeout", 1 << 20),
        (lambda: hostile.giant_headers(end=False), "enough", 1 << 22),
    ],
)
def test_the_connection_ends_as_the_name_says(server: Callable[[], AbstractContextManager[int]], ends: str, least: int) -> None:
    with server() as port:
        data, ended = ask(port)
    assert ended == ends
    assert len(data) >= least


def test_proper_servers_answer_every_request_and_count_them() -> None:
    with hostile.well(b"hello") as port:
        data, _ = ask(port, 3, patience=0.2)
        assert data.count(b"\r\n\r\nhello") == 3
        assert (hostile.at(port).accepted, hostile.at(port).requests) == (1, 3)
        assert hostile.at(port).seen[0] == ASK


def test_every_third_connection_is_closed_unanswered() -> None:
    with hostile.closes_every(3) as port:
        assert [bool(ask(port, patience=0.2)[0]) for _ in range(6)] == [True, True, False, True, True, False]


def test_a_dying_server_serves_so_many_and_then_resets_and_refuses() -> None:
    with hostile.dying(after=2) as port:
        data, ended = ask(port, 3)
        assert (data.count(b"200 OK"), ended) in [(2, "reset"), (1, "reset"), (0, "reset")]  # a reset may overtake
        assert ask(port)[1] == "refused"


def test_a_slow_server_sends_byte_by_byte() -> None:
    with hostile.slow(0.001) as port, socket.create_connection(("127.0.0.1", port), timeout=2) as link:
        link.sendall(ASK)
        data, reads = b"", 0
        while len(data) < len(hostile.OK):
            data += link.recv(100)
            reads += 1
    assert data == hostile.OK
    assert reads > 10


def test_chunked_requests_are_read_whole() -> None:
    with hostile.well() as port, socket.create_connection(("127.0.0.1", port), timeout=2) as link:
        link.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        link.sendall(b"0\r\n\r\n" + ASK)
        while hostile.at(port).requests < 2:
            assert link.recv(100)
        assert hostile.at(port).seen[0].endswith(b"ab\r\n0\r\n\r\n")
        assert hostile.at(port).seen[1] == ASK
