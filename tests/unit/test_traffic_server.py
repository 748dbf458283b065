"""A server is started once it is ready, told apart from one that is not, and ended with all that it started."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fibench.measure.nursery import Nursery
from fibench.traffic import port as ports
from fibench.traffic import sweep, tree
from fibench.traffic.command import words
from fibench.traffic.errors import EngineError
from fibench.traffic.ready import Ready
from fibench.traffic.server import Server, fill, free_port, how

WEB = """
import http.server, os, sys, time
class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(os.environ.get("STATUS", "200")))
        self.send_header("Content-Length", "0")
        self.end_headers()
print("starting with", sys.argv, flush=True)
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Web)
print("listening", flush=True)
server.serve_forever()
"""
DAEMONS = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGHUP, signal.SIG_IGN)
env = {"PATH": os.environ["PATH"]}
subprocess.Popen(["sleep", "3001"])                                            # an ordinary child
subprocess.Popen(["setsid", "sleep", "3002"])                                  # one that left the session
subprocess.Popen(["sh", "-c", "setsid sleep 3003 & exit"]).wait()              # an orphan in a session of its own
subprocess.Popen(["sh", "-c", "sleep 3004 & exit"], env=env).wait()            # an orphan without our mark
subprocess.Popen(["setsid", "sleep", "3005"], env=env)                         # no mark, no session, but a parent
print("ready", flush=True)
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers of Python code; afterwards nothing of them may be left."""
    servers: list[Server] = []

    def one(code: str | None = None, *, command: Any = None, ready: Ready | None = None, **more: Any) -> Server:
        if code is not None:
            (tmp_path / "code.py").write_text(textwrap.dedent(code))
            command = [sys.executable, "code.py", "{port}"]
        settings = {"env": {}, "cwd": str(tmp_path), "folder": str(tmp_path), "grace": 5.0, **more}
        server = Server(command, ready=ready or Ready(timeout=10), **settings)
        servers.append(server)
        return server

    yield one
    for server in servers:
        server.stop()
        assert sweep.members(server.pid, server.mark, server._known) == {}
        assert server.port not in ports._held


def failure(server: Server) -> str:
    """Why it did not start."""
    with pytest.raises(EngineError) as error:
        server.start()
    return f"{error.value} ({error.value.hint})"


def gone(pid: int, seconds: float = 3.0) -> bool:
    """Whether the process ends in time (a zombie has)."""
    end = time.monotonic() + seconds
    while (seen := tree.stat(pid)) and seen.state not in "ZX":
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_a_server_is_ready_when_it_answers_and_gone_after_stop(make: Callable[..., Server]) -> None:
    server = make(WEB)
    server.start()
    assert server.alive()
    server.check_alive()
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        link.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b"200" in link.recv(100)
    assert server.last_lines(1)
    assert server.stop() is False
    assert server.stop() is False
    assert not server.alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_the_log_keeps_both_outputs_and_last_lines_are_printable(make: Callable[..., Server]) -> None:
    code = (
        "import sys, time; print('one\\n\\n\\x1b[31mtwo\\x00'); sys.stdout.flush(); print('three', file=sys.stderr, flush=True)"
    )
    server = make(code + "; time.sleep(60)", ready=Ready(http="", line="three"))
    server.start()
    assert server.last_lines(2) == ["[31mtwo", "three"]
    assert server.last_lines(0) == []


def test_the_environment_is_laid_over_its_base_and_filled(make: Callable[..., Server]) -> None:
    code = "import os, time; print(os.environ['A'], os.environ['B'], os.environ['C'], flush=True); time.sleep(60)"
    env, base = {"A": "p{port}w{workers}", "B": '{"a": {"b": 1}}'}, {"A": "no", "C": "{not filled}"}
    server = make(code, ready=Ready(http="", line="}"), env=env, base=base, values={"workers": 3})
    server.start()
    assert server.last_lines(1) == [f'p{server.port}w3 {{"a": {{"b": 1}}}} {{not filled}}']


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('no config'); sys.exit(3)", "the server ended with code 3 before it was ready: no config"),
        ("import os; os.kill(os.getpid(), 11)", "the server was killed by SIGSEGV before it was ready"),
        ("raise ValueError('bad')", "ended with code 1 before it was ready: ValueError: bad"),
        ("raise OSError(98, 'Address already in use')", "a port is already in use: the server ended with code 1"),
        ("import time; print('busy', flush=True); time.sleep(60)", "not ready after 0.5 s: GET http://127.0.0.1:"),
    ],
)
def test_why_it_is_not_ready(make: Callable[..., Server], code: str, said: str) -> None:
    server = make(code, ready=Ready(timeout=0.5))
    assert said in failure(server)
    assert not server.alive()


def test_a_wrong_status_is_not_ready_and_said_with_the_last_lines(make: Callable[..., Server]) -> None:
    said = failure(make(WEB, env={"STATUS": "503"}, ready=Ready(http="/health", timeout=1)))
    assert "/health answered 503; last log lines: " in said
    assert '"GET /health HTTP/1.1" 503' in said


def test_a_status_that_was_asked_for_will_do(make: Callable[..., Server]) -> None:
    make(WEB, env={"STATUS": "503"}, ready=Ready(statuses=frozenset({503}))).start()


def test_a_silent_server_is_given_up_in_time(make: Callable[..., Server]) -> None:
    code = """
        import socket, sys, time
        held = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        time.sleep(60)
    """
    started = time.monotonic()
    assert "was not answered within" in failure(make(code, ready=Ready(timeout=0.5)))
    assert time.monotonic() - started < 3
    make(code, ready=Ready(http="", tcp=True)).start()


def test_a_server_that_speaks_something_else_is_told(make: Callable[..., Server]) -> None:
    code = """
        import socket, sys
        with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as held:
            while True:
                link, _ = held.accept()
                link.sendall(b"SSH-2.0-nothing\\r\\n")
                link.close()
    """
    said = failure(make(code, ready=Ready(timeout=0.5)))
    assert "was not answered in HTTP" in said or "reset" in said


def test_a_line_that_comes_in_pieces_is_found(make: Callable[..., Server]) -> None:
    code = "import sys, time\nfor c in 'x\\nnow ready\\n': print(c, end='', flush=True); time.sleep(0.01)\ntime.sleep(60)"
    make(code, ready=Ready(http="", line="now ready", timeout=5)).start()
    assert 'no line of its log has "never"' in failure(make(code, ready=Ready(http="", line="never", timeout=0.5)))


def test_workers_that_are_missing_make_it_not_ready(make: Callable[..., Server]) -> None:
    code = "import subprocess, time; [subprocess.Popen(['sleep', '60']) for _ in range(2)]; time.sleep(60)"
    assert "2 of 3 processes are there" in failure(make(code, ready=Ready(http="", processes=3, timeout=0.7)))
    make(code, ready=Ready(http="", processes=2, timeout=5)).start()


def test_workers_that_still_start_are_waited_for(make: Callable[..., Server], tmp_path: Path) -> None:
    code = f"""
        import os, time
        if not os.fork():
            end = time.process_time() + 0.4
            while time.process_time() < end: pass
            open({str(tmp_path / "done")!r}, "w").close()
        time.sleep(60)
    """
    make(code, ready=Ready(http="", processes=1, timeout=10)).start()
    assert (tmp_path / "done").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"command": ["no-such-server", "{port}"]}, "command no-such-server not found"),
        ({"command": "/etc/passwd --port {port}"}, "no permission to run /etc/passwd"),
        ({"command": ["sleep", "1"], "cwd": "/no/such/folder"}, "folder /no/such/folder does not exist"),
    ],
)
def test_what_cannot_be_started_is_told(make: Callable[..., Server], more: dict[str, Any], said: str) -> None:
    assert said in failure(make(**more))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"command": "serve {prot}"}, "unknown {prot} in {prot}"),
        ({"command": ["serve"], "env": {"A": "{workers}"}}, "unknown {workers}"),
        ({"command": "serve | tee x"}, "bare |"),
        ({"command": "serve 'x"}, "No closing"),
        ({"command": ""}, "is empty"),
        ({"command": ["x"], "stop_signal": "NONSENSE"}, "unknown signal"),
        ({"command": ["x"], "values": {"port": 70000}}, "70000 is no port"),
    ],
)
def test_what_makes_no_sense_is_told_before_the_start(make: Callable[..., Server], more: dict[str, Any], said: str) -> None:
    before = dict(ports._held)
    with pytest.raises(EngineError, match=re.escape(said)):
        make(**more)
    assert ports._held == before


def test_a_port_in_use_is_told_before_the_start(make: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        with pytest.raises(EngineError, match=f"port {number} is already in use"):
            make(WEB, values={"port": number})


def test_a_port_that_the_server_finds_taken_is_told(make: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        said = failure(make(command=[sys.executable, "-c", WEB, str(number)]))
    assert "already in use: the server ended with code 1" in said


def test_free_ports_differ_until_they_are_released() -> None:
    found = [free_port() for _ in range(50)]
    try:
        assert len(set(found)) == 50
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", found[0]))
    finally:
        for one in found:
            ports.release(one)
    with socket.socket() as other:
        other.bind(("127.0.0.1", found[0]))


def test_every_descendant_ends_with_it_whatever_it_did_to_get_away(make: Callable[..., Server]) -> None:
    server = make(DAEMONS + "time.sleep(3000)", ready=Ready(http="", line="ready"))
    server.start()
    members = sweep.members(server.pid, server.mark, server._known)
    assert len(members) == 6
    assert server.stop() is True
    assert all(gone(pid) for pid in members)


def test_descendants_end_even_when_the_server_had_crashed(make: Callable[..., Server]) -> None:
    server = make(DAEMONS + "time.sleep(3000)", ready=Ready(http="", line="ready"))
    server.start()
    os.kill(server.pid, signal.SIGABRT)
    assert gone(server.pid)
    with pytest.raises(EngineError, match="the server was killed by SIGABRT while it was under load: ready"):
        server.check_alive()
    left = sweep.members(server.pid, server.mark, server._known)
    assert len(left) == 5
    assert server.stop() is True
    assert all(gone(pid) for pid in left)


def test_a_server_that_ignores_the_signal_is_killed_after_its_grace(make: Callable[..., Server]) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    server = make(code, ready=Ready(http="", line="ready"), grace=0.2)
    server.start()
    assert server.stop() is True
    assert not server.alive()


def test_the_stop_signal_is_the_one_that_was_asked_for(make: Callable[..., Server], tmp_path: Path) -> None:
    code = f"""
        import signal, time
        def end(*_): open({str(tmp_path / "quit")!r}, "w").close(); raise SystemExit(0)
        signal.signal(signal.SIGQUIT, end); print("ready", flush=True); time.sleep(60)
    """
    server = make(code, ready=Ready(http="", line="ready"), stop_signal="SIGQUIT")
    server.start()
    assert server.stop() is False
    assert (tmp_path / "quit").exists()


def test_signals_that_fibench_ignores_still_stop_the_server(make: Callable[..., Server]) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        server = make(
            "print('ready', flush=True); import time; time.sleep(60)", ready=Ready(http="", line="ready"), stop_signal="INT"
        )
        server.start()
        assert server.stop() is False
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_error_within_the_block_ends_the_server_and_another_start_is_refused(make: Callable[..., Server]) -> None:
    server = make(WEB)
    with pytest.raises(KeyError, match="PATIENCE"), server:
        server.env["PATIENCE"]
    assert not server.alive()
    assert "started before" in failure(server)


def test_a_server_that_was_never_started_has_no_members() -> None:
    assert sweep.members(0, "no-such-mark", {}) == {}
    assert sweep.members(1, "no-such-mark", {}) == {}


def test_a_number_that_another_process_has_by_now_is_not_the_server(make: Callable[..., Server]) -> None:
    server = make(WEB)
    server.start()
    born = server._known[server.pid]
    assert sweep.members(server.pid, "another", {server.pid: born}) == {server.pid: born}
    assert sweep.members(server.pid, "another", {server.pid: born - 1}) == {}


def test_who_belongs_to_nobody_is_left_alone(make: Callable[..., Server]) -> None:
    other = subprocess.Popen(["sleep", "60"])
    server = make(WEB)
    server.start()
    server.stop()
    assert other.poll() is None
    other.kill()
    other.wait()


STARTER = """
import sys, time
from fibench.measure.nursery import Nursery
from fibench.traffic.server import Ready, Server
command = [sys.executable, sys.argv[1], "0"]
ready = Ready(http="", line="ready")
def run(base):
    server = Server(command, env={}, cwd=sys.argv[2], ready=ready, folder=sys.argv[2], base=base)
    server.start()
    print(server.pid, server.mark, flush=True)
    time.sleep(300)
"""


def killed(starter: str, tmp_path: Path) -> tuple[int, dict[int, int]]:
    """(the server's pid, its members) after its starter was killed with SIGKILL."""
    command = [sys.executable, "-c", STARTER + starter, str(tmp_path / "server.py"), str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid, mark = process.stdout.readline().split()
    born = tree.stat(int(pid))
    assert born is not None
    members = sweep.members(int(pid), mark, {int(pid): born.born})
    process.kill()
    process.communicate()
    return int(pid), members


def test_the_server_dies_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text("import time; print('ready', flush=True); time.sleep(300)")
    pid, members = killed("run(None)", tmp_path)
    assert list(members) == [pid]
    assert gone(pid)


def test_the_whole_tree_dies_with_a_starter_that_has_a_nursery(project: Any, tmp_path: Path) -> None:
    lines = DAEMONS.replace("env = {", "env = {'FIBENCH_SESSION': os.environ['FIBENCH_SESSION'], ")
    (tmp_path / "server.py").write_text(lines + "time.sleep(300)")
    _, members = killed("with Nursery() as nursery: run(nursery.environment({}))", tmp_path)
    assert len(members) == 6
    assert all(gone(pid) for pid in members)


def test_a_server_in_a_nursery_carries_its_mark(project: Any, make: Callable[..., Server]) -> None:
    with Nursery() as nursery:
        server = make(WEB, base=nursery.environment({}))
        server.start()
        assert sweep.carries(server.pid, f"FIBENCH_SESSION={nursery.session}".encode())
        server.stop()


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("--port={port}", "--port=80"),
        ("{port}:{port}", "80:80"),
        ('{"a": 1}', '{"a": 1}'),
        ('{"a": {"port": {port}}}', '{"a": {"port": 80}}'),
        ("{{port}}", "{port}"),
        ("{{{port}}}", "{80}"),
        ("${HOME} {} { } {0} {a b}", "${HOME} {} { } {0} {a b}"),
        ("{{", "{{"),
        ("", ""),
    ],
)
def test_only_known_names_are_filled(text: str, filled: str) -> None:
    assert fill(text, {"port": 80}) == filled


def test_unknown_names_are_named_with_the_known_ones() -> None:
    with pytest.raises(EngineError, match=r"unknown \{prot\} in --port \{prot\}") as error:
        fill("--port {prot}", {"port": 80, "folder": "/x"})
    assert "{folder}, {port}" in error.value.hint


def test_a_command_is_split_before_it_is_filled() -> None:
    assert words("serve --dir {folder} 'a b'", {"folder": "/with blank"}) == ["serve", "--dir", "/with blank", "a b"]
    assert words(["sh", "-c", "a | b"], {}) == ["sh", "-c", "a | b"]


def test_ends_in_words() -> None:
    assert (how(0), how(3), how(-11), how(-99)) == (
        "ended with code 0",
        "ended with code 3",
        "was killed by SIGSEGV",
        "was killed by signal 99",
    )
