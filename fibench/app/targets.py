"""Are the targets of kind `python` there? Asked of fresh interpreters, never of this one: importing runs code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fibench.app.planning import Planned
from fibench.measure.launcher import ROOT
from fibench.measure.nursery import Nursery
from fibench.measure.wire import task_of

TIMEOUT = 10.0
"""Seconds for the imports of one variant."""
LONGEST = 300
"""Characters of a message."""
_CODE = """
import json, os, sys
answers = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(1, 2)
task = json.loads(sys.argv[1])
sys.path[:] = [task["root"], *filter(None, sys.path)]
from fibench.operations.python import resolve
del sys.path[0]
sys.path[:0] = task["path"]
wrong = []
for address in task["addresses"]:
    try:
        resolve(address)
    except BaseException as error:
        known = type(error).__name__ in ("NoSuchTargetError", "NotACallableError")
        wrong.append(str(error) if known else f"{address}: {type(error).__name__} while it was imported: {error}")
os.write(answers, json.dumps(wrong).encode())
os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class Missing:
    """A target that cannot be imported; `certain` is False where only the time ran out."""

    where: str
    reason: str
    certain: bool = True


def checkable(planned: Sequence[Planned]) -> bool:
    """True when there is a target that this check understands."""
    return any("target" in variant.params for one in _python(planned) for variant in one.case.variants)


def check(planned: Sequence[Planned]) -> list[Missing]:
    """Every target and setup once in each manner in which it is imported; a revision's code is not checked out here."""
    found: list[Missing] = []
    asked: set[str] = set()
    with Nursery() as nursery:
        for where, task, env in _tasks(planned):
            key = json.dumps([task, env], sort_keys=True)
            if key not in asked:
                asked.add(key)
                found += [Missing(where, reason, certain) for reason, certain in _ask(task, nursery.environment(env))]
    return found


def _python(planned: Sequence[Planned]) -> Iterator[Planned]:
    return (one for one in planned if one.workload.operation == "fibench.operations.python:open")


def _tasks(planned: Sequence[Planned]) -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    for one in _python(planned):
        for variant in one.case.variants:
            if variant.revision is None:
                told = task_of(one.case, variant, {})
                addresses = [variant.params[key] for key in ("target", "setup") if variant.params.get(key)]
                task = {"root": ROOT, "path": told["path"], "addresses": addresses, "python": told["python"]}
                yield f"{one.case.scenario}: {variant.name}", task, dict(variant.env)


def _ask(task: dict[str, Any], environment: dict[str, str]) -> list[tuple[str, bool]]:
    command = [task["python"] or sys.executable, "-c", _CODE, json.dumps(task)]
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return [(f"cannot start {command[0]}: {error.strerror}", True)]
    try:
        answer, _ = child.communicate(timeout=TIMEOUT)
        return [(" ".join(reason.split())[:LONGEST], True) for reason in json.loads(answer)]
    except subprocess.TimeoutExpired:
        return [(f"its imports took longer than {TIMEOUT:.0f} s, so it was not checked", False)]
    except ValueError:
        return [(f"its process ended while it imported {', '.join(task['addresses'])}", True)]
    finally:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
        assert child.stdout is not None
        child.stdout.close()
