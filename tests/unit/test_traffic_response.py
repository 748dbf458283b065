"""Answers are read right however they are cut, and what is broken is called so."""

from __future__ import annotations

import gc
import weakref

import pytest

from fibench.traffic.job import Expect
from fibench.traffic.record import CHECK, MALFORMED, TOO_LARGE
from fibench.traffic.response import LARGEST_HEAD, Answer, BadAnswerError, Heads

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: t\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + LENGTH
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
UNCHANGED = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"


def heads(expect: Expect | None = None, largest: int = 1 << 20, *, bodiless: bool = False) -> Heads:
    return Heads(expect or Expect(), largest, bodiless=bodiless)


def feed(pieces: list[bytes], known: Heads | None = None) -> tuple[Answer, list[bool]]:
    answer = Answer(known or heads())
    return answer, [answer.feed(piece) for piece in pieces]


@pytest.mark.parametrize(
    ("data", "status", "size", "bodiless"),
    [
        (LENGTH, 200, 5, False),
        (CHUNKED, 200, 5, False),
        (CONTINUED, 200, 5, False),
        (EMPTY, 204, 0, False),
        (UNCHANGED, 304, 0, False),
        (LENGTH[:-5], 200, 0, True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", 200, 0, True),
        (OK + b"Content-Length: 0\r\n\r\n", 200, 0, False),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 101, 0, False),
        (b"\r\n" + LENGTH, 200, 5, False),
    ],
    ids=["length", "chunked", "1xx", "204", "304", "HEAD", "HEAD chunked", "nothing", "101", "a line before"],
)
def test_an_answer_is_whole_at_its_last_byte_wherever_it_is_cut(data: bytes, status: int, size: int, bodiless: bool) -> None:
    for cut in range(1, len(data)):
        answer, whole = feed([data[:cut], data[cut:]], heads(bodiless=bodiless))
        assert whole == [False, True], cut
        assert (answer.code, answer.size) == (status, size)
    answer, whole = feed([data[at : at + 1] for at in range(len(data))], heads(bodiless=bodiless))
    assert whole == [False] * (len(data) - 1) + [True]
    assert (answer.code, answer.size) == (status, size)


def test_the_final_answer_begins_after_the_1xx() -> None:
    answer = Answer(heads())
    answer.feed(CONTINUED[: -len(LENGTH)])
    assert not answer.begun
    answer.feed(b"H")
    assert answer.begun


def test_a_known_head_is_taken_whole_and_nothing_else_is() -> None:
    known = heads()
    assert known.whole(LENGTH) is None
    feed([LENGTH], known)
    shape = known.whole(LENGTH[:-5] + b"HELLO")
    assert shape is not None and (shape.code, shape.length, shape.keep) == (200, 5, True)
    assert known.whole(LENGTH[:-1]) is None
    assert known.whole(LENGTH + b"!") is None
    assert known.whole(LENGTH[:10]) is None
    feed([CHUNKED], known)
    assert known.whole(CHUNKED) is None


def test_known_heads_are_bounded() -> None:
    known = heads()
    for number in range(3000):
        feed([OK + b"X-Id: %d\r\nContent-Length: 0\r\n\r\n" % number], known)
    assert len(known._known) <= 512


@pytest.mark.parametrize(
    ("head", "keep"),
    [
        (OK + b"Content-Length: 0\r\n\r\n", True),
        (OK + b"Content-Length: 0\r\nConnection: Close\r\n\r\n", False),
        (OK + b"Content-Length: 0\r\nConnection: x, close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", True),
        (OK + b"\r\n", False),
    ],
)
def test_a_connection_is_kept_only_where_the_head_allows_it(head: bytes, keep: bool) -> None:
    assert heads().shape(head).keep is keep


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"garbage",
        OK.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 099 What\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 xxx OK\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        LENGTH + b"!",
        EMPTY + b"body",
        CHUNKED + b"!",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
    ],
)
def test_what_is_broken_is_malformed(data: bytes) -> None:
    with pytest.raises(BadAnswerError) as caught:
        feed([data])
    assert caught.value.code == MALFORMED
    assert str(caught.value)


def test_without_a_length_the_end_of_the_connection_is_the_end() -> None:
    answer, whole = feed([OK + b"\r\nhe", b"llo"])
    assert whole == [False, False]
    assert answer.close() and answer.size == 5


@pytest.mark.parametrize("data", [b"", OK, LENGTH[:-1], CHUNKED[:-1]])
def test_elsewhere_the_end_of_the_connection_cuts_the_answer(data: bytes) -> None:
    answer, _ = feed([data] if data else [])
    assert not answer.close()


@pytest.mark.parametrize(
    "data",
    [
        OK + b"X: " + b"x" * LARGEST_HEAD,
        OK + b"Content-Length: 101\r\n\r\n",
        OK + b"\r\n" + b"x" * 101,
        OK + b"Transfer-Encoding: chunked\r\n\r\n65\r\n" + b"x" * 101,
    ],
    ids=["head", "length", "until close", "chunked"],
)
def test_what_is_too_large_is_given_up(data: bytes) -> None:
    with pytest.raises(BadAnswerError) as caught:
        feed([data], heads(largest=100))
    assert caught.value.code == TOO_LARGE


def test_an_unexpected_status_is_recorded_as_itself() -> None:
    answer, _ = feed([b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"], heads(Expect(contains=b"x")))
    assert (answer.code, answer.fault) == (503, "HTTP/1.1 503 Busy")
    assert feed([b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"], heads(Expect(frozenset({404}))))[0].fault == ""
    assert feed([LENGTH], heads(Expect(frozenset({201}))))[0].fault == "HTTP/1.1 200 OK"


@pytest.mark.parametrize("body", [LENGTH, CHUNKED])
def test_a_text_is_found_across_pieces_and_missed_where_it_is_not(body: bytes) -> None:
    for size in range(1, len(body) + 1):
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        assert feed(pieces, heads(Expect(contains=b"ello")))[0].code == 200
        assert feed(pieces, heads(Expect(contains=b"hallo")))[0].code == CHECK


def test_a_text_is_looked_for_in_every_answer_even_with_a_known_head() -> None:
    known = heads(Expect(contains=b"hello"))
    feed([LENGTH], known)
    assert known.whole(LENGTH) is None


def test_a_header_is_checked_every_time() -> None:
    known = heads(Expect(headers=(("x-v", "2"),)))
    data = OK + b"X-V: 1\r\nContent-Length: 0\r\n\r\n"
    assert feed([data], known)[0].code == CHECK
    assert known.whole(data) is None
    assert feed([data.replace(b"1\r\nC", b"v2\r\nC")], known)[0].code == 200
    assert "missing" in feed([OK + b"Content-Length: 0\r\n\r\n"], known)[0].fault


def test_an_answer_is_freed_without_the_collector() -> None:
    gc.disable()
    try:
        answer = Answer(heads())
        for piece in (CHUNKED[:10], CHUNKED[10:60], CHUNKED[60:]):
            answer.feed(piece)
        gone, parser = weakref.ref(answer), weakref.ref(answer._chunks)
        del answer
        assert gone() is None
        assert parser() is None
    finally:
        gc.enable()
