"""Inside Locust: one process alone, or a master and its workers, on this machine or on others.

    worker → master   hello, then every second a tick: how far it has got, its CPU; at its end `done` with its summary
    master → workers  open: the window begins (to one that joins late: it began so many seconds ago)

Workers that `--processes` forked write their records into the folder. Workers on other machines have no such folder: their
ticks carry the records, compressed, at most BLOCK a message; a worker that vanishes costs what it had not sent, about 1 s.
They go as messages of their own and not in Locust's reports: those come every 3 s, and the last one is not waited for.
"""

from __future__ import annotations

import importlib
import os
import socket
import sys
import time
import zlib
from typing import Any

from fibench.traffic.locust_recorder import Data, Files, Recorder, conduct, leave, stop

BLOCK = 20_000
"""Records a message: 480 kB before compression."""
GRACE = 15.0
"""Seconds beyond the time limit that the master waits for the last worker's records."""
CHANNEL = "fibench"


def install(settings: Data) -> None:
    """To be called by the locustfile: the rest follows from Locust's events."""
    locust: Any = importlib.import_module("locust")
    _limit(locust, settings["timeout"])

    def begin(environment: Any, runner: Any, **_: Any) -> None:
        if environment.shape_class is not None:
            stop("the locustfile has a LoadTestShape: fibench sets users and time itself, remove it")
        environment.stop_timeout = settings["timeout"] + 1.0
        kind = type(runner).__name__
        if kind != "WorkerRunner" or not settings["ship"]:
            _spawn(_watch, os.getppid())
        {"MasterRunner": Master, "WorkerRunner": Worker}.get(kind, Alone)(settings, environment, runner)

    locust.events.init.add_listener(begin)


def _limit(locust: Any, timeout: float) -> None:
    """The time limit for whatever request the user's file gives none."""
    locust.FastHttpUser.network_timeout = locust.FastHttpUser.connection_timeout = timeout
    adapter = importlib.import_module("locust.clients").LocustHttpAdapter
    send = adapter.send

    def limited(self: Any, request: Any, **options: Any) -> Any:
        if options.get("timeout") is None:
            options["timeout"] = timeout
        return send(self, request, **options)

    adapter.send = limited


def _spawn(function: Any, *arguments: Any) -> None:
    importlib.import_module("gevent").spawn(function, *arguments)


def _watch(parent: int) -> None:
    """Nobody is left to end this process, and nobody to read what it records."""
    while os.getppid() == parent:
        time.sleep(1.0)  # Locust has made it gevent's
    os._exit(3)


def _listen(environment: Any, recorder: Recorder) -> None:
    environment.events.request.add_listener(recorder.request)
    environment.events.user_error.add_listener(recorder.error)


class Alone:
    """One process that is everything."""

    def __init__(self, settings: Data, environment: Any, runner: Any) -> None:
        self.settings, self.runner = settings, runner
        self.recorder, self.files = Recorder(settings), Files(settings["folder"], f"locust-{os.getpid()}")
        self.begun = False
        _listen(environment, self.recorder)
        environment.events.spawning_complete.add_listener(self.spawned)

    def spawned(self, **_: Any) -> None:
        """All users are there."""
        if not self.begun:
            self.begun = True
            _spawn(self.run)

    def run(self) -> None:
        """The window, then the end of Locust."""
        time.sleep(self.settings["settle"])
        conduct(self.recorder, self.runner, self.save)
        member = {"name": "locust", "file": self.files.path, "upto": self.recorder.seconds, "joined": None, "cpu": []}
        leave(self.settings["folder"], {"expected": 1, "members": [{**member, "done": self.recorder.summary()}]})
        self.runner.quit()

    def save(self) -> None:
        """What has been recorded, to the disk."""
        self.files.write(self.recorder.take())


class Worker:
    """A process that runs users for a master."""

    def __init__(self, settings: Data, environment: Any, runner: Any) -> None:
        self.runner, self.recorder = runner, Recorder(settings)
        self.files = None if settings["ship"] else Files(settings["folder"], f"locust-{os.getpid()}")
        self.told, self.opened, self.looked = 0, False, (time.monotonic(), time.process_time())
        _listen(environment, self.recorder)
        runner.register_message(CHANNEL, self.hear)
        host = {"host": socket.gethostname(), "pid": os.getpid(), "file": self.files.path if self.files else None}
        runner.send_message(CHANNEL, {"kind": "hello", **host})

    def hear(self, environment: Any, msg: Any) -> None:
        """`open`, from the master; once."""
        if not self.opened:
            self.opened = True
            _spawn(self.run, msg.data["gone"])

    def run(self, gone: float) -> None:
        """The window; then everything that has not been sent yet."""
        conduct(self.recorder, self.runner, self.tick, gone)
        while self.recorder.names:
            self.tick()
        self.runner.send_message(CHANNEL, {"kind": "done", "summary": self.recorder.summary()})

    def tick(self) -> None:
        """Once a second: a sign of life, with the records of it."""
        now, used = time.monotonic(), time.process_time()
        cpu, self.looked = (used - self.looked[1]) / max(now - self.looked[0], 0.01), (now, used)
        message: Data = {"kind": "tick", "cpu": cpu, "upto": time.time() - (self.recorder.start or 0.0)}
        names = list(self.recorder.known)
        message["names"], self.told = names[self.told :], len(names)
        if self.files:
            self.files.write(self.recorder.take())
        else:
            message["blocks"] = [zlib.compress(data, 1) for data in self.recorder.take(BLOCK)]
        self.runner.send_message(CHANNEL, message)


class Master:
    """Opens the window on every worker, takes what they send, knows who is missing."""

    def __init__(self, settings: Data, environment: Any, runner: Any) -> None:
        self.settings, self.runner, self.options = settings, runner, environment.parsed_options
        self.expected: int = self.options.expect_workers
        self.members: dict[str, Data] = {}
        self.opened: float | None = None
        self.begun = False
        runner.register_message(CHANNEL, self.hear)
        environment.events.spawning_complete.add_listener(self.spawned)
        _spawn(self.await_workers)

    def await_workers(self) -> None:
        """When time is up, begin with those that are there."""
        deadline = time.monotonic() + self.settings["wait"]
        while time.monotonic() < deadline:
            if len(self.runner.clients.ready) >= self.expected or self.begun:
                return
            time.sleep(0.1)
        if ready := len(self.runner.clients.ready):
            self.options.expect_workers = ready  # Locust looks at it once a second
        else:  # Locust itself gives up a second later
            count = f"none of the {self.expected} workers" if self.expected > 1 else "the worker"
            came = "came" if self.expected > 1 else "did not come"
            print(f"fibench: {count} {came} within {self.settings['wait']:g} s", file=sys.stderr, flush=True)

    def spawned(self, **_: Any) -> None:
        """All users are there, on all workers."""
        if not self.begun:
            self.begun = True
            _spawn(self.run)

    def hear(self, environment: Any, msg: Any) -> None:
        """A worker's hello, tick or done."""
        getattr(self, f"_{msg.data['kind']}")(msg.node_id, msg.data)

    def run(self) -> None:
        """The window and its end, as the workers report it."""
        time.sleep(self.settings["settle"])
        if strangers := [client.id for client in self.runner.clients.all if client.id not in self.members]:
            self._refuse(strangers[0])
            return
        self.opened = time.time()
        self.runner.send_message(CHANNEL, {"gone": 0.0})
        end = time.monotonic() + self.settings["seconds"] + self.settings["timeout"] + GRACE
        while time.monotonic() < end and any(not member["done"] and self._there(name) for name, member in self.members.items()):
            time.sleep(0.1)
        members = [{key: value for key, value in member.items() if key != "files"} for member in self.members.values()]
        leave(self.settings["folder"], {"expected": self.expected, "members": members})
        self.runner.quit()

    def _refuse(self, name: str) -> None:
        """A worker whose requests nobody records."""
        said = f"worker {name} runs a locustfile of its own, its requests are not recorded: start it with -f -"
        print(f"fibench: {said}", file=sys.stderr, flush=True)
        self.runner.quit()

    def _there(self, name: str) -> bool:
        client = self.runner.clients.get(name)
        return client is not None and client.state != "missing"

    def _hello(self, name: str, data: Data) -> None:
        number = len(self.members) + 1
        gone = None if self.opened is None else time.time() - self.opened
        files = None if data["file"] else Files(self.settings["folder"], f"worker-{number}")
        self.members[name] = {
            "name": f"{data['host']} #{number}", "file": data["file"] or (files.path if files else ""), "files": files,
            "joined": gone, "upto": gone or 0.0, "cpu": [], "names": [], "done": None,
        }  # fmt: skip
        if gone is not None:
            self.runner.send_message(CHANNEL, {"gone": gone}, client_id=name)

    def _tick(self, name: str, data: Data) -> None:
        member = self.members[name]
        member["upto"] = data["upto"]
        member["cpu"].append(data["cpu"])
        member["names"] += data["names"]
        if "blocks" in data:
            records, numbers = (zlib.decompress(block) for block in data["blocks"])
            member["files"].write((records, numbers))

    def _done(self, name: str, data: Data) -> None:
        self.members[name]["done"] = data["summary"]
