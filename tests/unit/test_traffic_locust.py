"""Locust as an engine: raw records of a window, nothing left behind, and a line for whatever went wrong."""

from __future__ import annotations

import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fibench.traffic import causes, locust_engine, record
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Address, Closed, Expect, Job, Open, Shot
from fibench.traffic.locust_engine import LocustJob, run_locust, worker_commands
from fibench.traffic.locust_recorder import Recorder
from fibench.traffic.locust_script import script_for
from tests.unit.peer_server import PeerServer, processes_with

USER = """
from locust import FastHttpUser, HttpUser, constant, task, events

class Mine(FastHttpUser):
    wait_time = constant(0.02)
    @task
    def ask(self):
        {body}
"""


@pytest.fixture
def server() -> Iterator[PeerServer]:
    server = PeerServer()
    yield server
    server.close()


def closed(port: int, *messages: bytes, **more: Any) -> Job:
    options = {"seconds": 1.0, "timeout": 2.0, "load": Closed(3, think=0.02), **more}
    return Job(Address("127.0.0.1", port, socket.AF_INET), messages or (get("/ok"),), **options)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: there\r\nX-Mine: 1\r\n\r\n".encode()


def journey(served: int, script: str, **more: Any) -> LocustJob:
    options: dict[str, Any] = {"users": 2, "spawn_rate": 10.0, "seconds": 1.0, "timeout": 2.0, **more}
    return LocustJob(f"http://127.0.0.1:{served}", script=script, **options)


def statuses(shot: Shot) -> set[int]:
    return {int(status) for path in shot.files for status in record.read(path)["status"]}


def test_a_native_job_gives_records_as_the_contract_says(server: PeerServer, tmp_path: Path) -> None:
    shot = locust_engine.run(closed(server.port, get("/ok?a=1")), str(tmp_path))
    rows = record.read(shot.files[0])
    assert shot.closed and shot.health.sent == shot.health.offered == len(rows) > 5
    assert set(rows["status"]) == {200} and set(rows["size"]) == {5}
    assert not rows["dispatch"].any() and (rows["lag"] != rows["lag"]).all()
    assert (rows["first"] > 0).all() and (rows["first"] <= rows["service"]).all()
    assert (rows["due"] < 1_000_000).all()
    assert len(rows) < len(server.asked), "what users send before the window must not count"
    assert len(rows) <= 3 * 1.0 / 0.02 + 3, "more than three users who think 20 ms can ask"
    assert any(note.startswith("GET /ok: ") for note in shot.health.notes)
    assert abs(shot.started - time.time()) < 30
    assert [str(path) for path in tmp_path.rglob("*") if path.is_file()] == list(shot.files)
    assert not processes_with(str(tmp_path))


def test_what_is_sent_is_what_the_job_says(server: PeerServer, tmp_path: Path) -> None:
    message = b"POST /new?b=2 HTTP/1.1\r\nHost: there\r\nX-Mine: 1\r\nContent-Length: 4\r\n\r\n\x00\xffab"
    locust_engine.run(closed(server.port, message, expect=Expect(frozenset({201}))), str(tmp_path))
    head, _, body = server.asked[-1].partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert head.startswith(b"POST /new?b=2 HTTP/1.1") and body == b"\x00\xffab"
    assert b"x-mine: 1" in lines and b"host: there" in lines and b"accept-encoding: identity" in lines
    assert not [line for line in lines if line.startswith(b"cookie")], "each request is to be the same"
    assert server.connections == 3, "a connection per user, kept"


def test_statuses_and_checks_are_those_of_the_native_engine(server: PeerServer, tmp_path: Path) -> None:
    expect = Expect(frozenset({200, 404, 201}), contains=b"o", headers=(("content-length", "4"),))
    job = closed(server.port, get("/ok"), get("/missing"), get("/moved"), get("/new"), expect=expect)
    shot = locust_engine.run(job, str(tmp_path))
    assert statuses(shot) == {404, 302, record.CHECK}
    assert "302" in shot.health.examples[302] and record.CHECK in shot.health.examples


def test_a_request_that_nobody_answers_ends_as_a_timeout(server: PeerServer, tmp_path: Path) -> None:
    shot = locust_engine.run(closed(server.port, get("/slow"), timeout=0.5), str(tmp_path))
    rows = record.read(shot.files[0])
    assert set(rows["status"]) == {record.TIMEOUT}
    assert (rows["service"] > 0.45).all() and (rows["service"] < 3).all()
    assert len(rows) >= 3, "users go on after a timeout"


def test_each_way_of_failing_has_its_own_code_with_both_clients(server: PeerServer, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        refused = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        body = f"""[self.client.get(p) for p in ("/ok", "/reset", "/close", "/part", "/garbage", "/missing", "{refused}")]
        with self.client.get("/new", catch_response=True) as answer: answer.failure("not so")
"""
        script = USER.format(body=body)
        both = script + script[script.index("class Mine") :].replace("FastHttpUser", "HttpUser").replace("Mine", "Other")
        shot = run_locust(journey(server.port, both), str(tmp_path))
    codes = {200, record.RESET, record.CLOSED, record.MALFORMED, 404, record.REFUSED, record.CHECK}
    assert statuses(shot) == codes, shot.health.examples
    assert "not so" in shot.health.examples[record.CHECK]


def test_several_processes_share_the_users(server: PeerServer, tmp_path: Path) -> None:
    shot = locust_engine.run(closed(server.port, processes=2, load=Closed(4, 0.02)), str(tmp_path))
    sizes = [len(record.read(path)) for path in shot.files]
    assert len(sizes) == 2 and all(sizes) and sum(sizes) == shot.health.sent
    assert not [note for note in shot.health.notes if "vanished" in note or "never came" in note]
    assert not processes_with(str(tmp_path))


def test_the_users_own_file_is_run_under_its_own_path(server: PeerServer, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "beside.py").write_text("PATH = '/ok'\n")
    (folder / "path.txt").write_text("/new")
    file = folder / "journey.py"
    body = "self.client.get(PATH); self.client.get(open(Path(__file__).with_name('path.txt')).read()); 1 / 0"
    file.write_text(
        "from __future__ import annotations\nfrom pathlib import Path\nfrom beside import PATH\n" + USER.format(body=body)
    )
    job = replace(journey(server.port, ""), script=None, locustfile=str(file))
    shot = run_locust(job, str(tmp_path))
    assert statuses(shot) == {200, 201}
    notes = "\n".join(shot.health.notes)
    assert "GET /ok" in notes and "GET /new" in notes
    assert f"{file}:11: ZeroDivisionError" in notes


def test_a_request_in_flight_at_the_end_is_waited_for_and_then_a_timeout(server: PeerServer, tmp_path: Path) -> None:
    own = "Mine.network_timeout = 60\n"  # longer than the job's patience
    script = USER.format(body="import gevent; gevent.sleep(0.3); self.client.get('/slow')") + own
    shot = run_locust(journey(server.port, script, timeout=0.5), str(tmp_path))
    assert statuses(shot) == {record.TIMEOUT} and shot.health.sent == 2
    assert any("still unanswered" in note for note in shot.health.notes)


def test_users_that_hang_from_before_the_window_are_told_from_a_file_that_asks_nothing(
    server: PeerServer, tmp_path: Path
) -> None:
    script = USER.format(body="self.client.get('/slow')") + "Mine.network_timeout = 60\n"
    with pytest.raises(EngineError, match="2 users waited for answers all along"):
        run_locust(journey(server.port, script, timeout=0.5), str(tmp_path))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
        ("class X(:", "script.py:1: invalid syntax"),
        ("x = 1", "no User class"),
        ("import sys; sys.exit(3)", r"calls sys.exit\(3\)"),
        ("raise ValueError('so')", "script.py:1: ValueError: so"),
        (USER.format(body="import sys; sys.exit(4)"), "exit code 4"),
        (USER.format(body="pass"), "no request was made"),
        (USER.format(body="raise KeyError('id')"), "no request was made in the window: .*script.py:8: KeyError: 'id'"),
        (USER.format(body="pass") + "    def on_start(self): raise RuntimeError('no token')", "RuntimeError: no token"),
        (USER.format(body="pass") + "import locust\nclass S(locust.LoadTestShape): tick = None\n", "has a LoadTestShape"),
    ],
)  # fmt: skip
def test_a_locustfile_that_cannot_work_is_one_line(server: PeerServer, tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(EngineError, match=said) as failed:
        run_locust(journey(server.port, script, seconds=0.5), str(tmp_path))
    assert "\n" not in failed.value.message and failed.value.hint
    assert not processes_with(str(tmp_path))
    assert not [path for path in tmp_path.rglob("*") if path.suffix != ".bin" and path.is_file()]


def test_users_that_die_are_counted(server: PeerServer, tmp_path: Path) -> None:
    body = "self.client.get('/ok')"
    script = (
        USER.format(body=body) + "    N = [0]\n    def on_start(self):\n        self.N[0] += 1\n        assert self.N[0] == 1\n"
    )
    shot = run_locust(journey(server.port, script), str(tmp_path))
    assert "1 of 2 users had died by the end of the window" in shot.health.notes


def test_without_locust_it_says_so(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -S -I "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(EngineError, match=r"Locust is not installed for .*python"):
        run_locust(journey(1, USER.format(body="pass"), python=str(bare)), str(tmp_path))


def test_without_python_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot start /no/such/python"):
        run_locust(journey(1, "x", python="/no/such/python"), str(tmp_path))


def test_ctrl_c_ends_every_process_at_once(server: PeerServer, tmp_path: Path) -> None:
    before: list[float] = []

    def interrupt() -> None:
        deadline = time.monotonic() + 30
        while len(server.asked) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        before.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        locust_engine.run(closed(server.port, processes=2, seconds=60.0, load=Closed(4, 0.02)), str(tmp_path))
    assert time.monotonic() - before[0] < 10
    thread.join()
    assert not processes_with(str(tmp_path))


def test_a_job_that_makes_no_sense_is_refused_before_anything_runs(tmp_path: Path) -> None:
    job = LocustJob("http://127.0.0.1:1", 1, 1.0, 1.0)
    with pytest.raises(EngineError, match="either a locustfile or a script"):
        run_locust(job, str(tmp_path))
    with pytest.raises(EngineError, match=r"no locustfile nowhere\.py"):
        run_locust(replace(job, locustfile="nowhere.py"), str(tmp_path))
    with pytest.raises(EngineError, match="needs users"):
        run_locust(replace(job, script="x", users=0), str(tmp_path))
    with pytest.raises(EngineError, match="not arrival rates"):
        script_for(closed(1, load=Open([0])))


class Fleet:
    """Worker processes as a user starts them on other machines: with nothing but the printed command."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.started = folder, list[subprocess.Popen[bytes]]()

    def start(self, command: str, after: float = 0.0) -> None:
        time.sleep(after)
        words = shlex.split(command)
        environment = {**os.environ, "TMPDIR": str(self.folder)}
        assert words[0] == "locust"
        self.started.append(
            subprocess.Popen(
                [sys.executable, "-m", *words], cwd=self.folder, env=environment, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            )
        )  # fmt: skip

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "elsewhere").mkdir()
    fleet = Fleet(tmp_path / "elsewhere")
    yield fleet
    fleet.close()


def remote(port: int, **more: Any) -> LocustJob:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    return journey(port, USER.format(body="self.client.get('/ok')"), users=4, remote_workers=2, port=free, **more)


def test_workers_elsewhere_send_their_records_and_end(server: PeerServer, tmp_path: Path, fleet: Fleet) -> None:
    job, told = remote(server.port, seconds=2.5), list[str]()
    for command in worker_commands(job):
        fleet.start(command)
    shot = run_locust(job, str(tmp_path), told.append)
    sizes = [len(record.read(path)) for path in shot.files]
    assert len(sizes) == 2 and all(sizes) and sum(sizes) == shot.health.sent
    assert worker_commands(job)[0] in told[1] and "2 workers" in told[0]
    assert any(note.startswith("GET /ok: ") for note in shot.health.notes)
    assert not [note for note in shot.health.notes if "vanished" in note], shot.health.notes
    assert shot.health.cpu and [process.wait(15) for process in fleet.started] == [0, 0]


def test_a_worker_that_vanishes_is_missed_by_name(server: PeerServer, tmp_path: Path, fleet: Fleet) -> None:
    job = remote(server.port, seconds=6.0)
    for command in worker_commands(job):
        fleet.start(command)

    def shoot() -> None:
        wait_until(lambda: len(server.asked) > 50)
        time.sleep(2.5)
        fleet.started[1].kill()

    thread = threading.Thread(target=shoot)
    thread.start()
    shot = run_locust(job, str(tmp_path))
    thread.join()
    note = next(note for note in shot.health.notes if "vanished" in note)
    assert socket.gethostname() in note and "are missing" in note
    assert len(shot.files) == 2 and all(len(record.read(path)) for path in shot.files), "what it had sent is kept"


def test_workers_that_never_come_are_not_waited_for_for_ever(server: PeerServer, tmp_path: Path, fleet: Fleet) -> None:
    job = remote(server.port, wait_for_workers=6.0)
    fleet.start(worker_commands(job)[0])
    shot = run_locust(job, str(tmp_path))
    assert "1 of 2 workers never came" in shot.health.notes and shot.health.sent
    with pytest.raises(EngineError, match="none of the 2 workers came within 1 s"):
        run_locust(remote(server.port, wait_for_workers=1.0), str(tmp_path))


def test_a_worker_that_comes_late_is_said_to_be_late(server: PeerServer, tmp_path: Path, fleet: Fleet) -> None:
    job = replace(remote(server.port, seconds=8.0), remote_workers=1)
    fleet.start(worker_commands(job)[0])

    def late() -> None:
        wait_until(lambda: len(server.asked) > 20)
        fleet.start(worker_commands(job)[0], after=1.0)

    thread = threading.Thread(target=late)
    thread.start()
    shot = run_locust(job, str(tmp_path))
    thread.join()
    assert any("joined" in note and "users were moved to it" in note for note in shot.health.notes), shot.health.notes
    assert all((record.read(path)["due"] < 8_000_000).all() for path in shot.files)


def test_commands_for_workers_name_host_port_and_processes() -> None:
    job = LocustJob("http://x", 1, 1.0, 1.0, script="x", remote_workers=2, bind="10.0.0.5", port=5557, processes=3)
    command = "locust -f - --worker --master-host 10.0.0.5 --master-port 5557 --processes 3"
    assert worker_commands(job) == [command, command]
    with pytest.raises(EngineError, match="port"):
        worker_commands(replace(job, port=0))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def chained(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), record.TIMEOUT),
        (ConnectionRefusedError(111, "refused"), record.REFUSED),
        (chained(RuntimeError("pool"), ConnectionResetError(104, "reset")), record.RESET),
        (Exception("outer", http.client.RemoteDisconnected("gone")), record.CLOSED),
        (http.client.IncompleteRead(b""), record.CLOSED),
        (http.client.BadStatusLine("x"), record.MALFORMED),
        (socket.gaierror(-2, "unknown"), record.DNS),
        (OSError(24, "too many open files"), record.DESCRIPTORS),
        (OSError(99, "cannot assign"), record.PORTS),
        (http.client.HTTPException(), record.OTHER),
        (ValueError("not the network"), None),
    ],
)
def test_the_cause_is_found_however_deep(error: Exception, code: int | None) -> None:
    assert causes.code_of(error) == code


def test_a_chain_that_is_a_circle_has_an_end() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert causes.code_of(first) is None


def recorder() -> Recorder:
    made = Recorder({"seconds": 10.0, "timeout": 1.0, "statuses": [200]})
    made.start = 1000.0
    return made


def test_only_requests_that_start_within_the_window_count() -> None:
    made = recorder()
    for began in (999.9, 1000.0, 1009.9, 1010.0):
        made.request("GET", "/", 5.0, 1, start_time=began)
    assert made.facts["count"] == 2 and made.facts["early"] == 2


def test_records_are_taken_in_order_with_their_names() -> None:
    made = recorder()
    for k in range(5):
        made.request("GET", f"/{k % 2}", 5.0, 1, start_time=1000.0 + k)
    first, names = made.take(2)
    assert [row[0] for row in record.PACK.iter_unpack(first)] == [0, 1_000_000] and names == b"\x01\x00\x02\x00"
    rest, names = made.take()
    assert len(rest) == 3 * record.PACK.size and len(names) == 6
    assert made.take() == (b"", b"")


def test_a_name_for_each_id_does_not_fill_the_memory() -> None:
    made = recorder()
    for k in range(2000):
        made.request("GET", f"/{k}", 5.0, 1, start_time=1000.0)
    assert len(made.known) == 500 and made.facts["count"] == 2000
