"""TLS: stamped like the rest, verified unless told not to, and what is wrong with a certificate is said."""

from __future__ import annotations

import dataclasses
import datetime
import os
import socket
import ssl
from pathlib import Path
from typing import Any

import numpy
import pytest
import trustme

from fibench.traffic.job import Address, Closed, Open
from fibench.traffic.record import CLOSED, TLS
from tests.unit.traffic_engine_servers import OK, answering, evenly, fire, read_request, serving, statuses

AUTHORITY = trustme.CA()


def server_side(name: str = "localhost", **more: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(name, **more).configure_cert(context)
    return context


@pytest.fixture
def trusted(tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)


def secure(address: Address, **more: Any) -> Address:
    return dataclasses.replace(address, tls=True, server_name="localhost", **more)


@pytest.mark.parametrize("load", [evenly(200, 0.2), Closed(3)])
def test_a_valid_certificate_is_accepted_and_reads_are_stamped(load: Open | Closed, trusted: str) -> None:
    with serving(answering(OK), tls=server_side()) as server:
        shot, rows = fire(secure(server.address, ca_file=trusted), load, connections=4)
    assert statuses(rows) == {200: len(rows)} and len(rows) >= 20
    assert shot.health.stamped == len(rows)
    assert (rows["lag"] >= 0).all() and set(rows["size"]) == {5}


def test_large_requests_and_answers_pass(trusted: str) -> None:
    body = os.urandom(5 << 20)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    post = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with serving(answering(answer), tls=server_side()) as server:
        _, rows = fire(secure(server.address, ca_file=trusted), evenly(20, 0.2), message=post, connections=2, timeout=30.0)
    assert statuses(rows) == {200: 4} and set(rows["size"]) == {len(body)}


def test_without_keep_alive_the_handshake_is_in_the_time(trusted: str) -> None:
    with serving(answering(OK), tls=server_side()) as server:
        shot, rows = fire(secure(server.address, ca_file=trusted), evenly(50, 0.2), keep_alive=False)
        _, kept = fire(secure(server.address, ca_file=trusted), evenly(50, 0.2))
    assert statuses(rows) == {200: 10} and shot.health.opened == 10
    assert numpy.median(rows["service"]) > numpy.median(kept["service"])


PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("make", "trust", "words"),
    [
        (lambda: server_side(not_before=PAST, not_after=PAST + datetime.timedelta(1)), True, "expired"),
        (server_side, False, "unable to get local issuer|self.signed"),
        (lambda: server_side("elsewhere.example"), True, "mismatch"),
    ],
    ids=["expired", "unknown authority", "another name"],
)
def test_a_bad_certificate_is_refused_unless_it_is_not_verified(make: Any, trust: bool, words: str, trusted: str) -> None:
    with serving(answering(OK), tls=make()) as server:
        address = secure(server.address, ca_file=trusted if trust else None)
        shot, rows = fire(address, evenly(50, 0.1))
        _, blind = fire(dataclasses.replace(address, verify=False), evenly(50, 0.1))
    assert statuses(rows) == {TLS: 5}
    assert numpy.char.count(shot.health.examples[TLS], "certificate") or pytest.fail(shot.health.examples[TLS])
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(shot.health.examples[TLS])
    assert statuses(blind) == {200: 5}


def test_a_server_without_tls_fails_as_tls() -> None:
    def talk(link: socket.socket, number: int) -> None:
        link.recv(1000)
        link.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with serving(talk) as server:
        _, rows = fire(secure(server.address), evenly(50, 0.1))
    assert statuses(rows) == {TLS: 5}


@pytest.mark.parametrize("polite", [True, False])
def test_an_answer_that_the_end_delimits_needs_the_end_of_tls(polite: bool, trusted: str) -> None:
    def talk(link: Any, number: int) -> None:
        read_request(link)
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
        if polite:
            link.unwrap()

    with serving(talk, tls=server_side()) as server:
        _, rows = fire(secure(server.address, ca_file=trusted), evenly(50, 0.1), connections=8)
    assert statuses(rows) == ({200: 5} if polite else {CLOSED: 5})
