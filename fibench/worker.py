"""The worker process: one JSON task a line in, one JSON answer a line out, on pipes of its own.

Standard library only, and as little of it as possible: a run starts dozens of these. Targets may print, exit, raise
or fork; their standard streams are not ours, so nothing they do can corrupt an answer.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from fibench.measure.bench import Bench, TargetError
from fibench.step import TURN


def main(commands: int, answers: int, mark: int) -> None:
    """Serve tasks from file descriptor `commands` until it is closed, answering on `answers`."""
    for descriptor in (commands, answers, mark):
        os.set_inheritable(descriptor, False)  # a program that a target starts must not hold our pipes
    tasks = os.fdopen(commands, "rb", buffering=0)
    server: Any = None
    while line := _line(tasks):
        task = json.loads(line)
        if task["do"] == "open":
            server = _server(task, mark)
        try:
            answer = {"ok": getattr(server, "do_" + task["do"])(task)}
        except TargetError as error:
            answer = {"failed": error.report}
        _reply(answers, answer)
        if task["do"] == "close":
            break
    os._exit(0)  # a target's threads, atexit hooks and finalisers are not waited for


def _server(task: dict[str, Any], mark: int) -> Any:
    if task["separate"]:
        from fibench.measure.ring import Ring

        return Ring(task["operation"], mark)
    return Shared(task["operation"], mark)


def _line(stream: Any) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        part = stream.readline()
        if not part:
            return b""
        data += part
    return data


def _reply(answers: int, answer: dict[str, Any]) -> None:
    data = memoryview(json.dumps(answer).encode() + b"\n")
    while data:
        data = data[os.write(answers, data) :]


class Shared:
    """All variants in this one process: the quietest comparison there is."""

    def __init__(self, operation: str, mark: int) -> None:
        self.bench = Bench(operation, mark)

    def do_open(self, task: dict[str, Any]) -> dict[str, Any]:
        """Open the variants in the task's order (it is shuffled: memory layout must not favour the first)."""
        facts = {}
        for number in task["order"]:
            variant = task["variants"][number]
            facts[variant["name"]] = self.bench.open(number, variant)
        return {
            "facts": facts,
            "once": any(step.once for step in self.bench.steps.values()),
            "modules": modules(),
        }

    def do_try(self, task: dict[str, Any]) -> dict[str, Any]:
        """The smoke pass of one variant."""
        return self.bench.try_once(task["number"])

    def do_calibrate(self, task: dict[str, Any]) -> float:
        """Seconds per call of one variant."""
        return self.bench.seconds_per_call(task["number"], task["target"])

    def do_measure(self, task: dict[str, Any]) -> dict[str, Any]:
        """Run the rounds as scheduled; columns of blocks come back, with a remark each where a step has any."""
        bench, loops = self.bench, task["loops"]
        for number in task["order"]:
            bench.warm_up(number, loops, task["warmup"])
        bench.settle(task["gc"])
        TURN[0] += 1
        turns = [number for order in task["rounds"] for number in order]
        blocks, remarks = [], []
        told = any(step.remark for step in bench.steps.values())
        for number in turns:
            blocks.append(bench.block(number, loops))
            if told:
                remarks.append(bench.remark(number))
        bench.leave_if_forked()
        return {"columns": columns(blocks), "remarks": remarks}

    def do_close(self, task: dict[str, Any]) -> None:
        """Free what the steps hold."""
        self.bench.close()


def columns(blocks: list[dict[str, float]]) -> dict[str, list[float]]:
    """Blocks in order → one list per metric (metrics that every block has)."""
    names = [name for name in blocks[0] if all(name in block for block in blocks)]
    return {name: [block[name] for block in blocks] for name in names}


def modules() -> dict[str, str]:
    """Versions of the third-party modules that the targets imported: what this run depends on."""
    found = {}
    for name, module in list(sys.modules.items()):
        if "." not in name and name not in sys.stdlib_module_names and not name.startswith("_"):
            version = getattr(module, "__version__", None)
            if isinstance(version, str) and name != "fibench":
                found[name] = version
    return found
