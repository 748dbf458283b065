"""The native engine counts exactly, keeps the schedule's times whatever the server does, and reports what it did."""

from __future__ import annotations

import os
import socket
import time
from array import array
from pathlib import Path
from typing import Any

import numpy
import pytest

from fibench.traffic import connection
from fibench.traffic.job import Address, Closed, Expect, Open
from fibench.traffic.open_loop import CHUNK, bucket, due_times, quantile
from fibench.traffic.record import CHECK, CLOSED, MALFORMED, SHED, TIMEOUT, TOO_LARGE
from tests.unit.traffic_engine_servers import GET, OK, answering, evenly, fire, read_request, serving, statuses


@pytest.mark.parametrize("processes", [1, 3])
def test_every_due_request_is_one_record_with_its_due_time(processes: int) -> None:
    load = evenly(500, 0.4)
    with serving(answering(OK)) as server:
        shot, rows = fire(server.address, load, processes=processes, connections=6)
    assert sorted(rows["due"]) == [due // 1000 for due in load.dues]
    assert statuses(rows) == {200: 200}
    assert set(rows["size"]) == {5}
    assert (shot.health.offered, shot.health.sent, shot.health.stamped) == (200, 200, 200)
    assert shot.health.opened == server.accepted == 6
    assert len(shot.files) == processes and not shot.closed
    assert (rows["dispatch"] >= 0).all() and (rows["first"] <= rows["service"]).all() and (rows["lag"] >= 0).all()
    assert shot.health.late > 0 and len(shot.health.cpu) == 1
    assert shot.lasted >= 0.39 and abs(shot.started - time.time()) < 60


@pytest.mark.parametrize("kind", ["array", "numpy", "list", "range"])
def test_due_times_may_be_any_sequence_and_are_dealt_out_in_turn(kind: str) -> None:
    count = 2 * 3 * CHUNK + 7
    plain = range(0, 5 * count, 5)
    dues = {"array": array("Q", plain), "numpy": numpy.array(plain), "list": list(plain), "range": plain}[kind]
    shares = [list(due_times(Open(dues), number, 3)) for number in range(3)]
    assert [k % 3 for share in shares for k, _ in share] == [0] * len(shares[0]) + [1] * len(shares[1]) + [2] * len(shares[2])
    assert sorted(pair for share in shares for pair in share) == list(enumerate(plain))
    assert all(type(due) is int for share in shares for _, due in share)


def test_lateness_is_summed_up_in_steps() -> None:
    assert quantile({}, 0.99) == 0.0
    assert quantile({bucket(50_000): 99, bucket(10**9): 1}, 0.99) == pytest.approx(50e-6, abs=1.1e-6)
    assert quantile({bucket(50_000): 98, bucket(10**9): 2}, 0.99) == pytest.approx(1.0, abs=1.1e-3)


def test_request_k_is_shot_k_and_short_lists_start_again() -> None:
    seen: list[bytes] = []

    def talk(link: socket.socket, number: int) -> None:
        while request := read_request(link):
            seen.append(request.split()[1])
            link.sendall(OK)

    shots = [b"GET /%d HTTP/1.1\r\n\r\n" % k for k in range(7)]
    with serving(talk) as server:
        fire(server.address, evenly(200, 0.1), message=shots, processes=2, connections=2)
    assert sorted(seen) == sorted(b"/%d" % (k % 7) for k in range(20))


def test_load_goes_round_the_connections() -> None:
    counts: dict[int, int] = {}

    def talk(link: socket.socket, number: int) -> None:
        while read_request(link):
            counts[number] = counts.get(number, 0) + 1
            link.sendall(OK)

    with serving(talk) as server:
        fire(server.address, evenly(200, 0.4), connections=8)
    assert sum(counts.values()) == 80 and len(counts) == 8
    assert min(counts.values()) >= 5  # 10 each, but for answers that overtake; last in, first out starves most


def test_a_stall_is_charged_to_every_request_that_was_due_in_it() -> None:
    """The truth is the server's own: when it sent each answer, and when its stall of a second began and ended."""
    stall: list[float] = []
    answered: dict[int, float] = {}

    def talk(link: socket.socket, number: int) -> None:
        while request := read_request(link):
            k = int(request.split()[1][1:])
            if k == 100:
                stall.extend([time.monotonic(), time.monotonic() + 1.0])
            time.sleep(max(0.0, stall[1] - time.monotonic()) if stall else 0.0)
            answered[k] = time.monotonic()
            link.sendall(OK)

    load = evenly(200, 3.0)
    with serving(talk) as server:
        offset = time.time() - time.monotonic()
        shot, rows = fire(server.address, load, message=[b"GET /%d HTTP/1.1\r\n\r\n" % k for k in range(600)], connections=4)
    start = shot.started - offset
    rows = rows[numpy.argsort(rows["due"])]
    response = rows["dispatch"].astype(float) + rows["service"]
    due = numpy.array(load.dues) * 1e-9 + start
    assert statuses(rows) == {200: 600}
    stalled = (due > stall[0]) & (due < stall[1])
    assert stalled.sum() > 100
    assert (response - (stall[1] - due))[stalled].min() > -0.002  # nobody's wait is left out
    truth = numpy.array([answered[k] for k in range(600)]) - due
    for share in (50, 80, 95, 99):
        assert numpy.percentile(response, share) == pytest.approx(numpy.percentile(truth, share), rel=0.02, abs=0.005)


def test_more_than_the_most_in_flight_is_shed_and_recorded() -> None:
    with serving(lambda link, number: time.sleep(0.6)) as server:
        shot, rows = fire(server.address, evenly(200, 0.25), connections=2, most_in_flight=10, timeout=0.4)
    assert statuses(rows) == {SHED: 40, TIMEOUT: 10}
    assert shot.health.offered == 50 and 2 <= shot.health.sent <= 10
    assert "more than 10" in shot.health.examples[SHED]


def test_time_outs_count_from_sending_and_in_the_backlog_from_the_due_time() -> None:
    with serving(lambda link, number: time.sleep(1.0)) as server:
        shot, rows = fire(server.address, evenly(100, 0.1), connections=1, timeout=0.25)
    assert statuses(rows) == {TIMEOUT: 10}
    sent = rows[rows["service"] > 0]
    waited = rows[rows["service"] == 0]
    assert len(sent) >= 1 and sent["service"].min() >= 0.25 and sent["service"].max() < 0.5
    assert len(waited) and waited["dispatch"].min() >= 0.25
    assert numpy.isnan(rows["first"]).all() and numpy.isnan(rows["lag"]).all()
    assert shot.health.sent == len(sent)


def test_what_is_in_flight_at_the_end_is_waited_for() -> None:
    def talk(link: socket.socket, number: int) -> None:
        while read_request(link):
            time.sleep(0.3)
            link.sendall(OK)

    with serving(talk) as server:
        shot, rows = fire(server.address, evenly(50, 0.1), connections=8)
        closed, slow = fire(server.address, Closed(3), seconds=0.1)
    assert statuses(rows) == {200: 5}
    assert shot.seconds < 0.2 < shot.lasted
    assert statuses(slow) == {200: 3} and closed.lasted > 0.29


def test_users_ask_again_as_soon_as_they_have_their_answer() -> None:
    with serving(answering(OK)) as server:
        shot, rows = fire(server.address, Closed(4), processes=2)
    assert shot.closed and shot.health.opened == server.accepted == 4
    assert statuses(rows) == {200: len(rows)} and len(rows) > 40
    assert shot.health.offered == shot.health.sent == shot.health.stamped == len(rows)
    assert rows["due"].max() < 300_000
    assert shot.health.late == 0.0
    taken = rows["dispatch"].astype(float) + rows["service"] + rows["lag"]  # from ready to ready: a user's are disjoint
    ends = rows["due"] * 1e-6 + taken
    assert 4 * 0.3 * 0.9 < taken.sum() <= 4 * ends.max() * 1.001


@pytest.mark.parametrize("random_think", [False, True])
def test_users_think_between_answers(random_think: bool) -> None:
    with serving(answering(OK)) as server:
        _, rows = fire(server.address, Closed(5, 0.02, random_think), seconds=1.0)
    assert 5 * 50 * 0.5 < len(rows) <= 5 * 50 * (1.5 if random_think else 1.0) + 5
    assert statuses(rows) == {200: len(rows)}


def test_the_ramp_is_before_the_window_and_spreads_the_users() -> None:
    """Each user asks once in the ramp, and that is no record; how many follow depends on how fast the machine is."""
    seen: list[tuple[float, int]] = []

    def talk(link: socket.socket, number: int) -> None:
        while read_request(link):
            seen.append((time.monotonic(), number))
            link.sendall(OK)

    with serving(talk) as server:
        _, rows = fire(server.address, Closed(4, 0.2, ramp=0.2), seconds=0.39)
    assert statuses(rows) == {200: len(rows)} and len(rows) > 0
    assert len(seen) == len(rows) + 4
    firsts = sorted(min(at for at, number in seen if number == user) for user in range(4))
    assert firsts[3] - firsts[0] > 0.05, rows


def test_a_head_request_has_no_body_and_may_alternate_with_others() -> None:
    def talk(link: socket.socket, number: int) -> None:
        while request := read_request(link):
            link.sendall(OK[:-5] if request.startswith(b"HEAD") else OK)

    shots = [GET, GET.replace(b"GET", b"HEAD")]
    with serving(talk) as server:
        _, rows = fire(server.address, evenly(200, 0.1), message=shots)
        _, closed = fire(server.address, Closed(1), message=shots)
    assert sorted(rows["size"]) == [0] * 10 + [5] * 10
    assert statuses(rows) == {200: 20} and statuses(closed) == {200: len(closed)}
    assert abs(int((closed["size"] == 0).sum()) - int((closed["size"] == 5).sum())) <= 1


@pytest.mark.parametrize("load", [evenly(200, 0.1), Closed(2)])
@pytest.mark.parametrize(
    ("pieces", "code", "size"),
    [
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n"), 200, 5),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", OK), 200, 5),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), 204, 0),
        ((b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",), 404, 2),
        ((OK[:20], OK[20:]), 200, 5),
        ((OK + b"!",), MALFORMED, 5),
        ((b"SSH-2.0-OpenSSH_9\r\n",), MALFORMED, 0),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",), TOO_LARGE, 0),
    ],
    ids=["chunked", "1xx", "204", "404", "split", "excess", "garbage", "too large"],
)
def test_every_kind_of_answer_is_recorded(load: Open | Closed, pieces: tuple[bytes, ...], code: int, size: int) -> None:
    with serving(answering(*pieces)) as server:
        shot, rows = fire(server.address, load, largest=1000, timeout=3.0)
    assert statuses(rows) == {code: len(rows)} and len(rows) >= 5
    if code < 1000:
        assert set(rows["size"]) == {size}
        assert shot.health.stamped == len(rows)
    if code != 200 and code != 204:
        assert shot.health.examples[code]


def test_an_answer_may_end_with_its_connection() -> None:
    with serving(answering(b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo", end=True)) as server:
        shot, rows = fire(server.address, evenly(100, 0.2), connections=3)
        _, closed = fire(server.address, Closed(2))
    assert statuses(rows) == {200: 20} and set(rows["size"]) == {5}
    assert statuses(closed) == {200: len(closed)}
    assert shot.health.stamped == 0 and numpy.isnan(rows["lag"]).all()  # nobody stamps an end


def test_a_cut_answer_is_no_answer() -> None:
    with serving(answering(OK[:-1], end=True)) as server:
        shot, rows = fire(server.address, evenly(100, 0.1), connections=3)
    assert statuses(rows) == {CLOSED: 10}
    assert (rows["size"] == 4).all() and (rows["first"] >= 0).all()
    assert "before the answer was complete" in shot.health.examples[CLOSED]


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        (Expect(contains=b"ello"), 200),
        (Expect(contains=b"bye"), CHECK),
        (Expect(headers=(("content-length", "5"),)), 200),
        (Expect(headers=(("x-version", "2"),)), CHECK),
        (Expect(frozenset({404})), 200),
    ],
)
@pytest.mark.parametrize("load", [evenly(200, 0.05), Closed(2)])
def test_answers_are_checked(load: Open | Closed, expect: Expect, code: int) -> None:
    with serving(answering(OK)) as server:
        shot, rows = fire(server.address, load, expect=expect)
    assert statuses(rows) == {code: len(rows)} and len(rows) >= 10
    assert bool(shot.health.examples) == (code == CHECK or bool(expect.statuses))


def test_an_answer_of_many_reads_counts_all_its_bytes() -> None:
    body = os.urandom(3 << 20)
    with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)) as server:
        _, rows = fire(server.address, evenly(20, 0.2), connections=2)
    assert statuses(rows) == {200: 4} and set(rows["size"]) == {len(body)}


def test_a_unix_socket_is_spoken_to_but_has_no_stamps(tmp_path: Path) -> None:
    with serving(answering(OK), path=str(tmp_path / "s")) as server:
        shot, rows = fire(server.address, evenly(100, 0.1))
        _, closed = fire(server.address, Closed(3))
    assert statuses(rows) == {200: 10} and statuses(closed) == {200: len(closed)}
    assert shot.health.stamped == 0 and numpy.isnan(rows["lag"]).all()


@pytest.mark.parametrize("load", [evenly(200, 0.2), Closed(2), Closed(2, 0.001)], ids=["open", "lean", "thinking"])
def test_late_reads_do_not_lengthen_the_latency(load: Open | Closed, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up = connection.Connection.__init__

    def late(self: connection.Connection, address: Address) -> None:
        set_up(self, address)
        receive = self.receive

        def lazily(size: int, space: int) -> Any:
            time.sleep(0.01)
            return receive(size, space)

        self.receive = lazily  # type: ignore[assignment]

    monkeypatch.setattr(connection.Connection, "__init__", late)
    with serving(answering(OK)) as server:
        shot, rows = fire(server.address, load)
    assert shot.health.stamped == len(rows) >= 20
    assert numpy.median(rows["lag"]) >= 0.0099
    assert numpy.median(rows["service"]) < 0.005


def test_a_schedule_far_beyond_the_client_is_sent_in_full() -> None:
    with serving(answering(OK)) as server:
        shot, rows = fire(server.address, Open(array("Q", [0]) * 3000), connections=4, seconds=0.1)
    assert statuses(rows) == {200: 3000}
    assert set(rows["due"]) == {0} and rows["dispatch"].max() > rows["dispatch"].min() >= 0
    assert shot.health.offered == 3000


def test_a_process_may_have_nothing_to_do_and_all_are_pinned() -> None:
    cpu = min(os.sched_getaffinity(0))
    with serving(answering(OK)) as server:
        shot, rows = fire(server.address, Closed(1), processes=3, cpus=(cpu,))
        _, few = fire(server.address, Open([0, 10_000_000]), processes=3)
    assert len(shot.files) == 3 and statuses(rows) == {200: len(rows)}
    assert shot.lasted >= 0.29 and len(shot.health.cpu) == 1
    assert statuses(few) == {200: 2}


def test_cpu_is_told_for_each_second() -> None:
    with serving(answering(OK)) as server:
        shot, _ = fire(server.address, Closed(4), seconds=1.6)
    assert len(shot.health.cpu) == 2
    assert all(0.0 < share < 1.5 for share in shot.health.cpu)
