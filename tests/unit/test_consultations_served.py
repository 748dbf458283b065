"""The consultation service behind real servers on loopback: what was acknowledged is stored, whatever happens."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fibench.systems.consultations.audit import count, count_rows
from fibench.systems.consultations.intake import BATCH_BYTES, BATCH_ROWS
from fibench.systems.consultations.reading import rows_of

ROOT = Path(__file__).resolve().parents[2]
APP = "fibench.systems.consultations.app:app"
MIB = 1 << 20
LINE = json.dumps({"event_type": "MESSAGE_RECEIVED", "payload": {"message": "señal " * 100}, "user_id": "u"}).encode() + b"\n"


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int
    store: Path

    def ask(self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str) -> tuple[int, Any]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            link.request(method, path, body, {"content-type": "application/json", **headers})
            answer = link.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            link.close()

    def memory(self, field: str) -> int:
        """Bytes of VmRSS or VmHWM."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command(version: str, workers: int, port: int) -> list[str]:
    loop = "asyncio" if version == "v1" else "uvloop"
    if workers == 1:
        words = ["uvicorn", "--port", str(port), "--loop", loop, "--log-level", "critical", "--no-access-log", APP]
    else:
        words = ["gunicorn", "-k", "uvicorn_worker.UvicornWorker", "-w", str(workers), "--no-control-socket"]
        words += ["-b", f"127.0.0.1:{port}", "--log-level", "critical", "--graceful-timeout", "3", APP]
    return [sys.executable, "-m", *words]


@contextmanager
def served(store: Path, version: str, workers: int = 1, **settings: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "CONSULTATIONS_STORE": str(store), "CONSULTATIONS_VERSION": version, **settings}
    process = subprocess.Popen(command(version, workers, port), env=environment, cwd=ROOT)
    server = Server(process, port, store)
    try:
        await_health(server, workers)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            for pid in [*server.workers(), process.pid]:
                os.kill(pid, signal.SIGKILL)
            process.wait()


def await_health(server: Server, workers: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        assert server.process.poll() is None, "the server did not start"
        try:
            if server.ask("GET", "/health") == (200, {"status": "ok"}) and (workers == 1 or len(server.workers()) == workers):
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise TimeoutError("the server does not answer")


def post_many(server: Server, requests: int = 600, threads: int = 12) -> tuple[Counter[int], set[str]]:
    """Statuses, and the ids that were acknowledged; a connection that breaks counts as status 0 and ends its thread."""
    statuses: Counter[int] = Counter()
    ids: set[str] = set()

    def post() -> None:
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        for _ in range(requests // threads):
            try:
                link.request("POST", "/consultations", b'{"user_id": "benchmark_user"}', {"content-type": "application/json"})
                answer = link.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):
                statuses[0] += 1
                break
            statuses[answer.status] += 1
            if answer.status == 201:
                ids.add(json.loads(body)["id"])
        link.close()

    clients = [threading.Thread(target=post) for _ in range(threads)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return statuses, ids


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_one_worker_stores_every_acknowledged_row_once(version: str, tmp_path: Path) -> None:
    with served(tmp_path, version) as server:
        statuses, ids = post_many(server)
        assert statuses == {201: 600}
        assert len(ids) == 600
        found = count(str(tmp_path))  # while the server holds its file
    assert found["rows"] == count_rows(str(tmp_path)) == 600
    assert found["by_type"] == {"CONSULTATION_CREATED": 600}
    assert len(found["by_file"]) == 1


def post_until(server: Server, met: Callable[[Counter[int]], bool]) -> tuple[Counter[int], set[str]]:
    """Rounds of requests on fresh connections: the system gives all of a round to one worker at times."""
    statuses, ids = post_many(server)
    for _ in range(20):
        if met(statuses):
            break
        more, further = post_many(server)
        statuses, ids = statuses + more, ids | further
    return statuses, ids


def test_four_workers_of_v2_share_the_work_and_store_every_acknowledged_row_once(tmp_path: Path) -> None:
    with served(tmp_path, "v2", 4) as server:
        statuses, ids = post_until(server, lambda statuses: len(list(tmp_path.glob("events*.h5"))) > 1)
        assert set(statuses) == {201}
        found = count(str(tmp_path))
    assert found["rows"] == count_rows(str(tmp_path)) == statuses[201] == len(ids)
    assert 1 < len(found["by_file"]) <= 4


def test_four_workers_of_v1_refuse_what_they_cannot_store_and_lose_nothing(tmp_path: Path) -> None:
    with served(tmp_path, "v1", 4) as server:
        statuses, ids = post_until(server, lambda statuses: statuses[503] > 0)
    assert set(statuses) == {201, 503}
    assert count_rows(str(tmp_path)) == statuses[201] == len(ids)


def test_a_killed_worker_leaves_every_acknowledged_row_readable(tmp_path: Path) -> None:
    with served(tmp_path, "v2", 2) as server:
        killer = threading.Timer(0.15, lambda: os.kill(server.workers()[0], signal.SIGKILL))
        killer.start()
        _, ids = post_many(server, requests=2400)
        killer.join()
        time.sleep(0.2)
        _, more = post_many(server, requests=60, threads=2)
        kept = {json.loads(row)["consultation_id"] for path in tmp_path.glob("events*.h5") for row in rows_of(path)}
    assert ids | more <= kept
    assert count_rows(str(tmp_path)) >= len(ids | more)  # a row may be stored whose answer the kill cut off


def lines(size: int) -> Iterator[bytes]:
    """`size` bytes of events, in pieces that end anywhere but at a line's end; the last line has no newline."""
    whole = LINE * 200
    left = size // len(LINE)
    while left > 0:
        part = whole[: min(left, 200) * len(LINE)]
        left -= 200
        part = part if left > 0 else part[:-1]
        yield part[:1234]
        yield part[1234:]


def test_a_stream_of_64_mib_needs_little_memory_and_the_whole_upload_much(tmp_path: Path) -> None:
    events = 64 * MIB // len(LINE)
    grown = {}
    for way in ("stream", "upload"):
        with served(tmp_path / way, "v2") as server:
            server.ask("POST", f"/consultations/x/events/{way}", LINE)
            before = server.memory("VmRSS")
            headers = {"content-length": str(events * len(LINE) - 1)}
            answer = server.ask("POST", f"/consultations/x/events/{way}", lines(64 * MIB), **headers)
            assert answer == (201, {"events": events, "bytes": events * len(LINE) - 1})
            grown[way] = (server.memory("VmHWM") - before) / MIB
        assert count_rows(str(tmp_path / way)) == events + 1
    assert grown["stream"] < 24
    assert grown["upload"] > 64


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_wrong_request_is_told_what_is_wrong(version: str, tmp_path: Path) -> None:
    good = LINE * 300
    with served(tmp_path, version) as server:
        for path, body in (
            ("/consultations", b"{"), ("/consultations", b"{}"), ("/consultations", b'{"user_id": 3}'),
            ("/consultations/x/events", b""), ("/consultations/x/events", b'{"event_type": "a", "user_id": "u"}'),
            ("/consultations/" + "x" * 201 + "/events", LINE), ("/consultations/" + "x" * 201 + "/events/stream", LINE),
        ):  # fmt: skip
            assert server.ask("POST", path, body)[0] == 422, path
        assert server.ask("GET", "/consultations/x/events?limit=0")[0] == 422
        assert count_rows(str(tmp_path)) == 0
        for way in ("stream", "upload"):
            status, said = server.ask("POST", f"/consultations/x/events/{way}", good + b"\n{oops}\n" + LINE)
            assert (status, said["line"], said["stored"]) == (422, 302, 300), said
            status, said = server.ask("POST", f"/consultations/x/events/{way}", LINE + b"m" * (MIB + 1) + b"\n" + LINE)
            assert (status, said["line"], said["stored"]) == (413, 2, 1), said
            assert server.ask("POST", f"/consultations/x/events/{way}", b"") == (201, {"events": 0, "bytes": 0})
        assert count_rows(str(tmp_path)) == 2 * (300 + 1)


@pytest.mark.parametrize(("version", "workers"), [("v1", 1), ("v2", 2)])
def test_the_events_of_a_consultation_are_read_back_in_order(version: str, workers: int, tmp_path: Path) -> None:
    with served(tmp_path, version, workers) as server:
        id = server.ask("POST", "/consultations", b'{"user_id": "ana"}')[1]["id"]
        for number in range(8):
            body = json.dumps({"event_type": "MESSAGE_RECEIVED", "payload": {"n": number, "text": "€"}, "user_id": "ana"})
            assert server.ask("POST", f"/consultations/{id}/events", body.encode())[0] == 201
        server.ask("POST", "/consultations/other/events", LINE)
        status, events = server.ask("GET", f"/consultations/{id}/events?limit=6")
    assert status == 200
    assert [event["event_type"] for event in events] == ["CONSULTATION_CREATED"] + ["MESSAGE_RECEIVED"] * 5
    assert [event["payload"].get("n") for event in events] == [None, 0, 1, 2, 3, 4]


def test_a_client_that_leaves_in_the_middle_harms_nobody(tmp_path: Path) -> None:
    batch = -(-BATCH_BYTES // (len(LINE) - 1))
    whole = 600 // batch * batch
    assert 0 < whole < 600 and batch < BATCH_ROWS
    with served(tmp_path, "v2") as server:
        with socket.create_connection(("127.0.0.1", server.port)) as link:
            link.sendall(b"POST /consultations/x/events/stream HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999\r\n\r\n")
            link.sendall(LINE * 600 + LINE[:40])
            end = time.monotonic() + 5
            while time.monotonic() < end and count_rows(str(tmp_path)) < whole:
                time.sleep(0.02)
        assert server.ask("POST", "/consultations/x/events", LINE)[0] == 201
    assert count_rows(str(tmp_path)) == whole + 1  # what was written before, and nothing of the batch that was not full


def test_a_service_without_a_store_says_so_and_does_not_start() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSULTATIONS_")}
    done = subprocess.run(
        [sys.executable, "-c", f"import {APP[:-4]}"], env=environment, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("CONSULTATIONS_STORE is not set: give the folder that takes the event files")


@pytest.mark.parametrize(
    ("version", "switch", "value"),
    [("v1", "JSON", "orjson"), ("v1", "LAYOUT", "concatenated"), ("v1", "COMMIT", "group"), ("v2", "COMPRESSION", "gzip-1")],
)
def test_each_switch_alone_gives_a_service_that_keeps_its_word(version: str, switch: str, value: str, tmp_path: Path) -> None:
    with served(tmp_path, version, **{f"CONSULTATIONS_{switch}": value}) as server:
        statuses, ids = post_many(server, requests=120)
        status, said = server.ask("POST", "/consultations/x/events/stream", LINE * 300)
        assert (status, said["events"]) == (201, 300)
        assert len(server.ask("GET", "/consultations/x/events?limit=1000")[1]) == 300
    assert statuses == {201: 120}
    assert len(ids) == 120
    assert count(str(tmp_path))["by_type"] == {"CONSULTATION_CREATED": 120, "MESSAGE_RECEIVED": 300}


@pytest.mark.parametrize("way", ["stream", "upload"])
def test_one_upload_is_a_command_that_leaves_nothing_behind(way: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fibench.systems.consultations.upload", way, "1"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(" events stored\n") and int(done.stdout.split()[0]) > 1000
    assert list(tmp_path.iterdir()) == []
