"""One process per variant, taking turns on one CPU: for variants that no single process can hold.

The coordinator forks its members from one fresh zygote (same address layout, same hash seed) or starts another
interpreter where a variant asks for one. All members know the schedule; a token goes from member to member through
pipes, so that no third process wakes up between two blocks. They are pinned to the *same* CPU, which alternates
from generation to generation: both then meet the same neighbours (unless a target uses several cores).
Standard library only (child side).
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from fibench.measure import ending, marker
from fibench.measure.bench import Bench, TargetError

LEAD_IN = 0.1
"""Share of a block run untimed after each turn change: the other member has emptied the caches."""


GONE = 1.0
"""Seconds to wait for a member that closed its pipe to end as well."""


class MemberGoneError(TargetError):
    """A member process ended without an answer; the parent words it."""

    def __init__(self, how: str) -> None:
        Exception.__init__(self, how)
        self.report = {"ended": how}


class NotStartedError(Exception):
    """The interpreter of a variant cannot be started."""


class Ring:
    """The coordinator's side: hands every task to the members and merges their answers."""

    def __init__(self, operation: str, mark: int) -> None:
        self.operation, self.mark = operation, mark
        self.members: dict[int, tuple[Any, Any]] = {}
        self.tokens: dict[int, tuple[int, int]] = {}
        self.pids: dict[int, int] = {}

    def do_open(self, task: dict[str, Any]) -> dict[str, Any]:
        """Start the members, then open one variant in each."""
        count = len(task["variants"])
        self.tokens = {number: os.pipe() for number in range(count)}
        for number in task["order"]:
            self._start(number, task["variants"][number], task)
        facts: dict[str, Any] = {}
        versions: dict[str, str] = {}
        once = False
        for number in task["order"]:
            answer = self._ask(number, {"do": "open", "variant": task["variants"][number]})
            facts[task["variants"][number]["name"]] = answer["facts"]
            once, versions = once or answer["once"], {**versions, **answer["modules"]}
        return {"facts": facts, "once": once, "modules": versions}

    def do_try(self, task: dict[str, Any]) -> dict[str, Any]:
        """The smoke pass of one variant."""
        found: dict[str, Any] = self._ask(task["number"], {"do": "try"})
        return found

    def do_calibrate(self, task: dict[str, Any]) -> float:
        """Seconds per call of one variant."""
        return float(self._ask(task["number"], {"do": "calibrate", "target": task["target"]}))

    def do_measure(self, task: dict[str, Any]) -> dict[str, Any]:
        """Let the members run the schedule among themselves and merge their blocks by position."""
        turns = [number for order in task["rounds"] for number in order]
        common = {key: task[key] for key in ("loops", "warmup", "gc", "cpu")}
        for number in self.members:
            self._ask(number, {"do": "ready", **common})
        for number in self.members:
            self._send(number, {"do": "turns", "turns": turns, "loops": task["loops"]})
        os.write(self.tokens[turns[0]][1], b".")
        merged: list[Any] = [None] * len(turns)
        for number in self._as_they_answer():
            for position, block in self._receive(number):
                merged[position] = block
        from fibench.worker import columns

        return {"columns": columns(merged), "remarks": []}

    def do_close(self, task: dict[str, Any]) -> None:
        """Let every member free what it holds and end."""
        for number in self.members:
            self._ask(number, {"do": "close"})

    def _start(self, number: int, variant: dict[str, Any], task: dict[str, Any]) -> None:
        (there, here_out), (here_in, back) = os.pipe(), os.pipe()
        setup = {"number": number, "operation": self.operation, "mark": self.mark,
                 "in": there, "out": back, "tokens": self.tokens}  # fmt: skip
        if variant["spawn"]:
            self.pids[number] = self._spawn(setup, variant, task["root"])
        elif (pid := os.fork()) != 0:
            self.pids[number] = pid
        else:
            for descriptor in (here_in, here_out):
                os.close(descriptor)
            os.environ.update(variant["env"])
            serve(setup)
        os.close(there)
        os.close(back)
        self.members[number] = (os.fdopen(here_in, "rb"), here_out)

    def _spawn(self, setup: dict[str, Any], variant: dict[str, Any], root: str) -> int:
        wanted = [setup["in"], setup["out"], self.mark, *(end for pipe in self.tokens.values() for end in pipe)]
        code = f"import sys; sys.path[:] = [{root!r}, *filter(None, sys.path)]; import fibench; del sys.path[0]; " + (
            "from fibench.measure import ring; import json; ring.serve(json.loads(sys.argv[1]))"
        )
        command = [variant["python"] or sys.executable, "-c", code, json.dumps(setup)]
        # each start gets an environment of another size, so that the variants' own variables do not move only one stack
        padding = {"FIBENCH_PAD": "x" * (int.from_bytes(os.urandom(2), "little") % 4096)}
        try:
            return subprocess.Popen(command, pass_fds=wanted, env={**os.environ, **padding, **variant["env"]}).pid
        except OSError as error:
            marker.set_running(self.mark, marker.entry(setup["number"]))
            problem = NotStartedError(f"cannot start {command[0]}: {error.strerror}")
            raise TargetError(variant["name"], problem, "starting its process") from error

    def _send(self, number: int, task: dict[str, Any]) -> None:
        data = memoryview(json.dumps(task).encode() + b"\n")
        try:
            while data:
                data = data[os.write(self.members[number][1], data) :]
        except BrokenPipeError as error:
            self._gone(number, error)

    def _receive(self, number: int) -> Any:
        line = self.members[number][0].readline()
        if not line:
            self._gone(number, None)
        answer = json.loads(line)
        if "failed" in answer:
            raise _relayed(answer["failed"])
        return answer["ok"]

    def _as_they_answer(self) -> Iterator[int]:
        """Members in the order of their answers: one that died or failed must not leave the others waiting for it."""
        waiting = {members[0]: number for number, members in self.members.items()}
        while waiting:
            ready, _, _ = select.select(list(waiting), [], [])
            for stream in ready:
                yield waiting.pop(stream)

    def _ask(self, number: int, task: dict[str, Any]) -> Any:
        self._send(number, task)
        return self._receive(number)

    def _gone(self, number: int, cause: BaseException | None) -> None:
        marker.set_running(self.mark, marker.entry(number))
        raise MemberGoneError(_how(self.pids[number])) from cause


def serve(setup: dict[str, Any]) -> None:
    """The member's side: answer tasks until the pipe closes; never returns."""
    tokens = {int(number): pipe for number, pipe in setup["tokens"].items()}
    for descriptor in (setup["in"], setup["out"], setup["mark"], *(end for pipe in tokens.values() for end in pipe)):
        os.set_inheritable(descriptor, False)
    member = _Member(setup, tokens)
    tasks = os.fdopen(setup["in"], "rb")
    for line in tasks:
        task = json.loads(line)
        try:
            answer = {"ok": getattr(member, "do_" + task["do"])(task)}
        except TargetError as error:
            answer = {"failed": error.report}
        data = memoryview(json.dumps(answer).encode() + b"\n")
        while data:
            data = data[os.write(setup["out"], data) :]
        if task["do"] == "close":
            break
    os._exit(0)


class _Member:
    """One variant's process."""

    def __init__(self, setup: dict[str, Any], tokens: dict[int, tuple[int, int]]) -> None:
        self.number: int = setup["number"]
        self.tokens = tokens
        self.bench = Bench(setup["operation"], setup["mark"])

    def do_open(self, task: dict[str, Any]) -> dict[str, Any]:
        from fibench.worker import modules

        facts = self.bench.open(self.number, task["variant"])
        return {"facts": facts, "once": self.bench.steps[self.number].once, "modules": modules()}

    def do_try(self, task: dict[str, Any]) -> dict[str, Any]:
        return self.bench.try_once(self.number)

    def do_calibrate(self, task: dict[str, Any]) -> float:
        return self.bench.seconds_per_call(self.number, task["target"])

    def do_ready(self, task: dict[str, Any]) -> None:
        _pin(task["cpu"])
        self.bench.warm_up(self.number, task["loops"], task["warmup"])
        self.bench.settle(task["gc"])

    def do_turns(self, task: dict[str, Any]) -> list[Any]:
        """Run the blocks that are ours; wait for the token when another member had the turn before."""
        turns, loops, mine = task["turns"], task["loops"], self.number
        lead_in = 0 if self.bench.steps[mine].once else max(1, int(loops * LEAD_IN))
        found = []
        for position, number in enumerate(turns):
            if number != mine:
                continue
            if position == 0 or turns[position - 1] != mine:
                os.read(self.tokens[mine][0], 1)
                if lead_in:
                    self.bench.block(mine, lead_in)
            found.append((position, self.bench.block(mine, loops)))
            if position + 1 < len(turns) and turns[position + 1] != mine:
                os.write(self.tokens[turns[position + 1]][1], b".")
        return found

    def do_close(self, task: dict[str, Any]) -> None:
        self.bench.close()


def _relayed(report: dict[str, Any]) -> TargetError:
    error = TargetError(report["variant"], RuntimeError(report["message"]), report["doing"])
    error.report = report
    return error


def _pin(cpu: int | None) -> None:
    if cpu is not None and hasattr(os, "sched_setaffinity"):
        try:
            os.sched_setaffinity(0, {cpu})
        except OSError:
            pass  # a container may forbid it; the pair is then merely less alike


def _how(pid: int) -> str:
    """How the process ended, in the launcher's words."""
    end = time.monotonic() + GONE
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return ending.how(os.waitstatus_to_exitcode(status))
        time.sleep(0.005)
    return "closed the pipe on which it answers fibench"
