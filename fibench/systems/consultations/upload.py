"""One upload of events to a service of its own: a command whose peak memory is that of the server (its largest child).

    python -m fibench.systems.consultations.upload stream|upload MIB

starts uvicorn on a free port of 127.0.0.1 with a temporary store, sends the events in pieces that this process makes as
it goes, counts the stored rows, and ends the server. Exit code 1, with a line that says why, if a row is missing.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from fibench.systems.consultations.audit import count_rows

WAYS = ("stream", "upload")
PIECE = 1 << 16
"""Bytes that are sent at once, more or less: whole lines of about 1 kB."""

PATIENCE = 20.0
"""Seconds that the server may take to start, and to end."""


class UploadError(RuntimeError):
    """The service did not start, did not take the upload, or lost rows of it."""


def pieces(size: int) -> Iterator[tuple[int, bytes]]:
    """At least `size` bytes of distinct events, as (events, newline-delimited JSON)."""
    made = 0
    numbers = itertools.count()
    while made < size:
        batch = [_line(next(numbers)) for _ in range(min(PIECE, size - made) // 1000 + 1)]
        piece = b"".join(batch)
        made += len(piece)
        yield len(batch), piece


def _line(number: int) -> bytes:
    payload = {"message": f"{number:08d} dolor torácico opresivo " * 25, "role": "user", "turn": number}
    event = {"event_type": "MESSAGE_RECEIVED", "payload": payload, "user_id": f"user-{number % 97}"}
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def send(port: int, way: str, size: int) -> int:
    """Upload `size` bytes of events in chunks; returns how many events there were. Raises UploadError."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    sent = 0
    try:
        link.putrequest("POST", f"/consultations/upload/events/{way}")
        link.putheader("transfer-encoding", "chunked")
        link.endheaders()
        for events, piece in pieces(size):
            sent += events
            link.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        link.send(b"0\r\n\r\n")
        answer = link.getresponse()
        said = json.loads(answer.read())
    except OSError as error:
        raise UploadError(f"the service did not take the upload: {error}") from error
    finally:
        link.close()
    if answer.status != 201 or said["events"] != sent:
        raise UploadError(f"{sent} events were sent; the service answered {answer.status}: {said}")
    return sent


def run(way: str, size: int) -> int:
    """Serve, upload, count. Returns the events stored; raises UploadError, and leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="consultations-") as store, socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--fd", str(listener.fileno())]
        command += ["--log-level", "warning", "--no-access-log", "fibench.systems.consultations.app:app"]
        port = listener.getsockname()[1]
        server = subprocess.Popen(
            command, env={**os.environ, "CONSULTATIONS_STORE": store}, stdout=sys.stderr, pass_fds=[listener.fileno()]
        )
        try:
            _await(server, port)
            sent = send(port, way, size)
        finally:
            _end(server)
        stored = count_rows(store)
    if stored != sent:
        raise UploadError(f"{sent} events were acknowledged, {stored} are stored")
    return stored


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:  # the socket listens already, so the connection waits until the server accepts it
            link.request("GET", "/health")
            if link.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            link.close()
    raise UploadError("the service did not start")


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main(arguments: list[str]) -> None:
    """Upload once and say what was stored."""
    if len(arguments) != 2 or arguments[0] not in WAYS or not arguments[1].isdecimal():
        sys.exit("usage: python -m fibench.systems.consultations.upload stream|upload MIB")
    try:
        print(f"{run(arguments[0], int(arguments[1]) << 20)} events stored")
    except UploadError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main(sys.argv[1:])
