"""Targets that misbehave: the message says who, what, where and what to do, and the other variants keep their results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

TARGETS = """\
import ctypes, os, signal, subprocess, sys, threading, time

def good():
    return sum(range(300))

def also_good():
    return sum(range(300))

def raises():
    raise ValueError("the first line\\nand the second, \\x1b[31mred")

CALLS = 0
def raises_later():
    global CALLS
    CALLS += 1
    if CALLS > 400:
        raise RuntimeError("after 400 calls")
    return sum(range(300))

def bad_words():
    raise Wordless
class Wordless(Exception):
    def __str__(self):
        raise KeyError("no words")

def in_library():
    import json
    return json.loads("{")

def exits():
    sys.exit(3)

def leaves():
    os._exit(0)

def interrupts():
    raise KeyboardInterrupt

def kills():
    os.kill(os.getpid(), signal.SIGKILL)

def crashes():
    ctypes.string_at(0)

def forks():
    os.fork()

def closes_everything():
    os.closerange(3, 256)

def sleeps():
    time.sleep(3600)

def computes():
    return pow(7, 10**9)

async def waits():
    import asyncio
    await asyncio.sleep(3600)

def unawaited():
    return waits()

def too_small():
    return 1

number = 3

def setup_fails():
    raise OSError("no fixture")
"""


def line_of(words: str) -> int:
    """The line of TARGETS that holds `words`."""
    return next(number for number, line in enumerate(TARGETS.splitlines(), 1) if words in line)


def at(words: str) -> str:
    return f"targets.py:{line_of(words)}"


TROUBLE: list[tuple[str, dict[str, Any], list[str]]] = [
    ("raises", {}, ["ValueError in its first call: the first line and the second", at("raise ValueError")]),
    ("raises_later", {}, ["RuntimeError in ", "after 400 calls", at("after 400")]),
    ("bad_words", {}, ["Wordless in its first call: (its __str__ raises KeyError)", at("raise Wordless")]),
    ("in_library", {}, ["JSONDecodeError in its first call: Expecting property name", at("json.loads")]),
    ("exits", {}, ["SystemExit in its first call: called sys.exit(3)", at("sys.exit(3)")]),
    ("leaves", {}, ["its process exited with code 0", at("def leaves")]),
    ("interrupts", {}, ["KeyboardInterrupt in its first call", at("raise KeyboardInterrupt")]),
    ("kills", {}, ["its process was killed by SIGKILL", at("def kills")]),
    ("crashes", {}, ["its process was killed by SIGSEGV", at("string_at(0)")]),
    ("forks", {}, ["forked and returned in both processes", "os._exit()", at("def forks")]),
    ("closes_everything", {}, [at("def closes")]),
    ("sleeps", {"timeout": "0.4 s"}, ["no answer within 0.4 s", "measure: {timeout:", at("time.sleep(3600)")]),
    ("computes", {"timeout": "0.4 s"}, ["no answer within 0.4 s", at("pow(7")]),
    ("waits", {"timeout": "0.4 s"}, ["no answer within 0.4 s", at("async def waits")]),
    ("unawaited", {}, ["returns a coroutine that nobody awaits", "async def"]),
    ("too_small", {}, ["outputs differ: v1 and bad gave 44850 against 1", "check: none", at("def too_small")]),
    ("number", {}, ["targets:number is a int, not a callable"]),
    ("goood", {}, ["targets:goood", "targets.py has no 'goood'; did you mean 'good'?"]),
]


APART = ("raises_later", "exits", "leaves", "kills", "crashes", "forks", "closes_everything", "sleeps", "goood")
"""Those for which it matters that every variant has a process of its own."""
MANNERS = [(*one, True) for one in TROUBLE] + [(*one, False) for one in TROUBLE if one[0] in APART]


@pytest.mark.parametrize(
    ("name", "measure", "words", "together"), MANNERS, ids=[f"{one[0]}, {'together' if one[3] else 'apart'}" for one in MANNERS]
)
def test_a_variant_that_fails_is_named_with_what_and_where_and_leaves_the_others_alone(
    project: Any, name: str, measure: dict[str, Any], words: list[str], together: bool
) -> None:
    project.write("targets.py", TARGETS)
    variants = {"v1": {"target": "targets:good"}, "bad": {"target": f"targets:{name}"}, "v3": {"target": "targets:also_good"}}
    isolate = {} if together else {"isolate": "process"}
    scenario = project.scenario("trouble", variants, measure={**measure, **isolate})

    found = project.run("run", scenario, "--json")

    assert found.code == 4
    complaint = next(line for line in found.err.splitlines() if line.startswith("error:"))
    assert complaint.startswith("error: trouble: bad: ")
    assert all(word in found.err for word in words), found.err
    assert found.err.count("error:") == 1
    assert len([line for line in found.err.splitlines() if line.startswith(("error", "hint", " "))]) <= 2
    assert "Traceback" not in found.err + found.out
    case = found.doc["cases"][0]
    assert case["state"] == "partial"
    assert case["reason"].startswith("bad: ")
    assert "\n" not in case["reason"] and "\x1b" not in case["reason"]
    verdicts = {row["candidate"]: row["verdict"] for row in case["comparisons"]}
    assert verdicts["bad"] == "INVALID"
    assert verdicts["v3"] != "INVALID"
    assert case["variants"]["v1"]["metrics"]["wall"]["n"] == case["variants"]["v3"]["metrics"]["wall"]["n"] > 0


def test_a_failure_is_told_once_while_it_runs_and_once_in_the_result(project: Any) -> None:
    project.write("targets.py", TARGETS)
    variants = {"v1": {"target": "targets:good"}, "bad": {"target": "targets:raises"}, "v3": {"target": "targets:also_good"}}
    found = project.run("run", project.scenario("x", variants))
    assert found.err.count("the first line") == 1
    assert "[1/1] x: bad failed; v3 " in found.err
    assert found.out.count("the first line") == 1


def test_debug_shows_the_targets_own_traceback_on_stderr(project: Any) -> None:
    project.write("targets.py", TARGETS)
    scenario = project.scenario("x", {"v1": {"target": "targets:good"}, "v2": {"target": "targets:raises"}})
    found = project.run("run", scenario, "--json", "--debug")
    assert found.code == 4
    assert "Traceback (most recent call last)" in found.err
    assert f'targets.py", line {line_of("raise ValueError")}, in raises' in found.err
    assert found.doc["cases"][0]["state"] == "invalid"


def test_debug_shows_the_stack_of_a_crash(project: Any) -> None:
    project.write("targets.py", TARGETS)
    found = project.run("--debug", "run", project.scenario("x", {"v1": {"target": "targets:crashes"}}))
    assert "Segmentation fault" in found.err
    assert " in crashes" in found.err


def test_a_baseline_that_fails_leaves_no_comparison_but_the_values_of_the_others(project: Any) -> None:
    project.write("targets.py", TARGETS)
    variants = {name: {"target": f"targets:{target}"} for name, target in
                {"v1": "raises_later", "v2": "good", "v3": "also_good"}.items()}  # fmt: skip
    found = project.run("run", project.scenario("x", variants), "--json")
    case = found.doc["cases"][0]
    assert (found.code, case["state"]) == (4, "invalid")
    assert {row["verdict"] for row in case["comparisons"]} == {"INVALID"}
    assert case["variants"]["v2"]["metrics"]["wall"]["n"] > 0


@pytest.mark.parametrize(
    ("module", "target", "words"),
    [
        ("good.py", "goood:f", "goood:f: there is no module 'goood'; did you mean 'good'?"),
        ("pack/inner.py", "pack.iner:f", "there is no module 'pack.iner'; did you mean 'inner'?"),
        ("good.py", "good:f.g", "good.py has no 'g'"),
    ],
)
def test_what_is_not_there_is_named_with_its_nearest_neighbour(project: Any, module: str, target: str, words: str) -> None:
    project.write(module, "def f(): return 1\n")
    found = project.run("run", project.scenario("x", {"v1": {"target": target}}))
    assert (found.code, words in found.err) == (4, True), found.err


def test_a_syntax_error_names_its_line(project: Any) -> None:
    path: Path = project.write("wrong.py", "x = 1\ndef f(:\n    pass\n")
    found = project.run("run", project.scenario("x", {"v1": {"target": "wrong:f"}}))
    assert found.code == 4
    assert "SyntaxError in setting up: invalid syntax" in found.err
    assert f"at {path}:2" in found.err


def test_a_module_that_imports_a_missing_one_is_named_at_its_import(project: Any) -> None:
    path = project.write("needs.py", "import math\nimport no_such_package\ndef f(): return 1\n")
    found = project.run("run", project.scenario("x", {"v1": {"target": "needs:f"}}))
    assert f"No module named 'no_such_package' at {path}:2" in found.err


def test_a_setup_that_raises_is_named_with_its_place(project: Any) -> None:
    project.write("targets.py", TARGETS)
    found = project.run("run", project.scenario("x", {"v1": {"target": "targets:good", "setup": "targets:setup_fails"}}))
    assert found.code == 4
    assert "OSError in setting up: no fixture at" in found.err
    assert at("no fixture") in found.err


HARMLESS = {
    "prints megabytes": "print('x' * 1_000_000); sys.stderr.write('y' * 1_000_000)",
    "closes 0, 1 and 2": "[os.close(fd) for fd in (0, 1, 2) if CALLS == 1]",
    "forks properly": "pid = os.fork()\n    if pid == 0: os._exit(0)\n    os.waitpid(pid, 0)",
    "starts a daemon of its own session": "start_daemon() if CALLS == 1 else None",
    "starts threads": "threading.Thread(target=time.sleep, args=(60,), daemon=True).start() if CALLS < 5 else None",
    "starts a thread that never ends": "threading.Thread(target=time.sleep, args=(60,)).start() if CALLS == 1 else None",
    "changes the folder": "os.chdir('/')",
    "changes the environment": "os.environ.clear()",
    "leaks descriptors": "KEPT.append(os.open('/dev/null', 0)) if len(KEPT) < 100 else None",
    "takes over the signals": "[signal.signal(n, signal.SIG_IGN) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)]",
    "returns something huge": "return list(range(1_000_000)) if CALLS < 3 else None",
}


@pytest.mark.parametrize("body", HARMLESS.values(), ids=HARMLESS.keys())
def test_a_target_may_do_much_and_is_measured_all_the_same(project: Any, body: str) -> None:
    project.write(
        "wild.py",
        f"""\
import os, signal, subprocess, sys, threading, time
CALLS, KEPT = 0, []
def start_daemon():
    subprocess.Popen(["sleep", "300"], start_new_session=True)
def wild():
    global CALLS
    CALLS += 1
    {body}
    return 1
def tame():
    return sum(range(20_000))  # as slow as the wild ones: blocks are as long as the fast side needs
""",
    )
    variants = {"v1": {"target": "wild:tame"}, "v2": {"target": "wild:wild"}}
    found = project.run("run", project.scenario("x", variants, measure={"check": "none"}), "--json")
    assert (found.code, found.doc["cases"][0]["state"]) == (0, "valid"), found.err
    assert "x" * 100 not in found.out + found.err
    assert project.left_behind() == []


def test_what_a_target_prints_goes_to_stderr_with_debug_and_nowhere_without(project: Any) -> None:
    project.write("loud.py", "def f():\n    print('hello from the target', flush=True)\n")
    scenario = project.scenario("x", {"v1": {"target": "loud:f"}})
    assert "hello" not in project.run("run", scenario, "--json").err
    found = project.run("run", scenario, "--json", "--debug")
    assert "hello from the target" in found.err
    assert found.doc["state"] == "complete"


def test_the_last_line_of_a_dying_target_is_in_the_message(project: Any) -> None:
    project.write(
        "dies.py", "import os, sys\ndef f():\n    print('disk on fire', file=sys.stderr, flush=True)\n    os._exit(7)\n"
    )
    found = project.run("run", project.scenario("x", {"v1": {"target": "dies:f"}}))
    assert "its process exited with code 7 (disk on fire)" in found.err


def test_a_worker_killed_while_a_child_holds_its_pipe_is_noticed_at_once(project: Any) -> None:
    project.write(
        "holds.py",
        """\
        import os, signal, time
        def f():
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    import time

    start = time.monotonic()
    found = project.run("run", project.scenario("x", {"v1": {"target": "holds:f"}}))
    assert "its process was killed by SIGKILL" in found.err
    assert time.monotonic() - start < 5


def test_outputs_that_vary_from_call_to_call_are_noted_not_judged(project: Any) -> None:
    project.write("vary.py", "import random\ndef f(): return random.random()\ndef g(): return random.random()\n")
    found = project.run("run", project.scenario("x", {"v1": {"target": "vary:f"}, "v2": {"target": "vary:g"}}), "--json")
    assert (found.code, found.doc["cases"][0]["state"]) == (0, "valid")
    note = next(note for note in found.doc["notes"] if note["code"] == "outputs-not-compared")
    assert "differs from call to call" in note["text"]


def test_outputs_that_differ_by_type_of_sequence_or_last_digit_are_equal(project: Any) -> None:
    project.write("same.py", "def f(): return [1, 0.1 + 0.2]\ndef g(): return (1, 0.3)\n")
    found = project.run("run", project.scenario("x", {"v1": {"target": "same:f"}, "v2": {"target": "same:g"}}), "--json")
    assert found.doc["cases"][0]["state"] == "valid"


def test_a_message_is_never_longer_than_a_few_hundred_characters(project: Any) -> None:
    project.write("long.py", "def f(): raise ValueError('spam ' * 100_000)\n")
    found = project.run("run", project.scenario("x", {"v1": {"target": "long:f"}}))
    assert len(re.sub(r"\s+", " ", found.err)) < 1500
