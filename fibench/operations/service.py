"""Load on a service: the child's half of the kinds `http` and `workers`.

A block is one window of load, or one probe of a capacity search. A server that fibench starts stays up from `open` to
`close`, through all the windows in between; its rows are counted after every one of them.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import Any

from fibench.operations.load_client import Client
from fibench.operations.load_search import Probes
from fibench.operations.load_server import Watched
from fibench.step import Step
from fibench.traffic.ready import Ready
from fibench.traffic.server import Server
from fibench.traffic.tree import cores

COMMANDS = {
    "gunicorn": [
        "{python}", "-m", "gunicorn", "-k", "uvicorn_worker.UvicornWorker", "-w", "{workers}", "-b", "127.0.0.1:{port}",
        "--no-control-socket", "--log-level", "warning", "{app}",
    ],
    "uvicorn": [
        "{python}", "-m", "uvicorn", "--workers", "{workers}", "--loop", "{loop}", "--host", "127.0.0.1", "--port", "{port}",
        "--no-access-log", "--log-level", "warning", "{app}",
    ],
}  # fmt: skip
"""How a server is started. gunicorn's UvicornWorker takes uvloop wherever it is installed, whatever `loop` says."""


def open_http(params: dict[str, Any]) -> Step:
    """Windows at an address that somebody else serves."""
    client = Client(params, params["url"], tempfile.mkdtemp(prefix="load-"))
    return _step(params, client, lambda: shutil.rmtree(client.folder, ignore_errors=True), {"address": params["url"]})


def open_workers(params: dict[str, Any]) -> Step:
    """Windows at a server of our own, started here."""
    folder = tempfile.mkdtemp(prefix="server-")
    server = _server(params, folder)
    server.start()
    try:
        url = f"http://127.0.0.1:{server.port}{params['path']}"
        watched = Watched(server, folder, params, cores())
        watched.begin()
        client = Client(params, url, folder, watched)
        facts = {"address": url, "command": " ".join(server.command), "workers": params["workers"], "cores": cores()}
    except BaseException:
        server.stop()
        raise

    def close() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    return _step(params, client, close, facts)


def _step(params: dict[str, Any], client: Client, close: Any, facts: dict[str, Any]) -> Step:
    """One window a block; with a goal, one probe of a search a block."""
    window: Any = Probes(params, client) if params["arrivals"] == "search" else client
    client.warm_up()
    return Step(
        window.run,
        once=True,
        after=window.after,
        remark=window.remark,
        lasts=window.lasts,
        outcome=client.try_once,
        facts=lambda: facts,
        close=close,
    )


def _server(params: dict[str, Any], folder: str) -> Server:
    command = params["command"] if params["server"] == "command" else COMMANDS[params["server"]]
    names = {"python": sys.executable, "workers": params["workers"], "app": params["app"], "loop": params["loop"]}
    tcp = params["ready"] == "tcp"
    several = params["server"] == "gunicorn" or params["workers"] > 1
    ready = Ready(
        http="" if tcp else params["ready"],
        statuses=frozenset(range(200, 400)) if params["ready"] not in ("/", "tcp") else frozenset(),
        tcp=tcp,
        processes=params["workers"] if several and params["server"] != "command" else 0,
        timeout=params["ready_timeout"],
    )
    return Server(
        command if isinstance(command, str) else [str(word) for word in command],
        env=params["env"],
        cwd=params["cwd"] or os.getcwd(),
        ready=ready,
        folder=folder,
        values=names,
    )
