"""What a tree of processes uses is counted once, recycled workers included; what cannot be read is None."""

from __future__ import annotations

import dataclasses
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from fibench.traffic import tree
from fibench.traffic.tree import Process, between, parse_stat, snapshot, total

PREAMBLE = """
import os, sys, time
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
def say(word): print(word, flush=True)
def wait(): os.read(0, 1)
"""


class Child:
    """A process that does a step for every line it is sent."""

    def __init__(self, code: str) -> None:
        command = [sys.executable, "-c", PREAMBLE + code]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid

    def send(self) -> None:
        """Let whoever waits go on."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """What it says next."""
        assert self.process.stdout
        assert select.select([self.process.stdout], [], [], 20)[0], "it says nothing"
        return self.process.stdout.readline().strip()

    def step(self) -> str:
        """Let it go on; returns what it says next."""
        self.send()
        return self.hear()


@pytest.fixture
def child() -> Iterator[Callable[[str], Child]]:
    """Starts children and ends them, and theirs."""
    found: list[Child] = []

    def start(code: str) -> Child:
        found.append(Child(code))
        return found[-1]

    yield start
    for one in found:
        for pid in [*tree.descendants(one.pid), one.pid]:
            os.kill(pid, 9)
        one.process.communicate()


def process(pid: int = 1, cpu: float = 1.0, reaped: float = 0.0, **more: object) -> Process:
    """One, made up."""
    values = {"voluntary": 10, "involuntary": 1, "pss": 100, "uss": 50, "rss": 200, "files": 3, "threads": 1, **more}
    return Process(pid, 7, cpu, reaped, **values)  # type: ignore[arg-type]


def test_cpu_time_is_that_of_all_processes(child: Callable[[str], Child]) -> None:
    one = child("wait()\nif os.fork(): burn(0.2); say('x'); wait(); wait()\nelse: burn(0.3); time.sleep(60)")
    before = snapshot(one.pid)
    one.step()
    end = time.monotonic() + 10
    while (used := between(before, snapshot(one.pid)).cpu) < 0.5 and time.monotonic() < end:
        time.sleep(0.02)
    assert 0.5 <= used < 0.7
    assert snapshot(one.pid).processes == 2


def test_a_recycled_worker_counts_what_it_used_in_between_only(child: Callable[[str], Child]) -> None:
    code = """
pid = os.fork()
if pid == 0:
    burn(0.3); say('burnt'); wait(); burn(0.2); os._exit(0)
wait(); os.waitpid(pid, 0); say('reaped'); wait()
"""
    one = child(code)
    assert one.hear() == "burnt"
    before = snapshot(one.pid)
    assert before.cpu >= 0.3
    one.send()  # one each, for the worker and for who waits for it
    one.send()
    assert one.hear() == "reaped"
    used = between(before, snapshot(one.pid))
    assert 0.17 <= used.cpu < 0.3
    assert (used.vanished, used.processes) == (1, -1)


def test_a_tree_has_its_memory_files_threads_and_switches(child: Callable[[str], Child]) -> None:
    code = """
import threading
block = bytearray(b'x') * (32 << 20)
files = [open('/dev/null') for _ in range(20)]
[threading.Thread(target=time.sleep, args=(60,), daemon=True).start() for _ in range(3)]
say('up'); wait()
"""
    one = child(code)
    assert one.hear() == "up"
    usage = snapshot(one.pid)
    assert usage.uss and usage.pss and usage.rss
    assert 32 << 20 < usage.uss <= usage.pss <= usage.rss < 200 << 20
    assert usage.files is not None and 23 <= usage.files < 40
    assert usage.threads == 4
    assert usage.voluntary
    lean = snapshot(one.pid, memory=False)
    assert (lean.pss, lean.uss, lean.rss) == (None, None, None)
    assert lean.files == usage.files


def test_shared_pages_are_not_counted_twice_in_pss(child: Callable[[str], Child]) -> None:
    one = child(
        "block = bytearray(b'x') * (32 << 20)\nfor _ in range(2):\n  if not os.fork(): time.sleep(60)\nsay('up'); wait()"
    )
    assert one.hear() == "up"
    time.sleep(0.1)
    usage = snapshot(one.pid)
    assert usage.processes == 3
    assert usage.pss and usage.rss
    assert usage.rss > 96 << 20
    assert usage.pss < 80 << 20


def test_context_switches_of_sleeps_are_voluntary(child: Callable[[str], Child]) -> None:
    one = child("say('up'); wait()\nfor _ in range(200): time.sleep(0.0001)\nsay('done'); wait()")
    one.hear()
    before = snapshot(one.pid)
    one.step()
    used = between(before, snapshot(one.pid))
    assert used.voluntary is not None and used.voluntary >= 200


def test_a_process_that_is_gone_uses_nothing(child: Callable[[str], Child]) -> None:
    done = subprocess.Popen(["true"])
    done.wait()
    usage = snapshot(done.pid)
    assert (usage.processes, usage.cpu, usage.pss) == (0, 0, 0)


def test_a_zombie_has_cpu_time_only() -> None:
    dead = subprocess.Popen([sys.executable, "-c", "sum(range(10**6))"])
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    usage = snapshot(dead.pid)
    assert usage.processes == 0
    assert usage.cpu > 0
    assert (usage.pss, usage.files) == (0, 0)
    dead.wait()


def test_one_unreadable_process_makes_a_sum_unknown() -> None:
    usage = total(0.0, [process(1), process(2, pss=None, uss=None)])
    assert (usage.pss, usage.uss, usage.rss, usage.files) == (None, None, 400, 6)
    assert between(usage, usage).pss is None


def test_files_that_may_not_be_read_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    real_text, real_list = tree._text, os.listdir

    def text(path: str) -> str:
        if "smaps" in path:
            raise PermissionError(13, "no")
        return real_text(path)

    def listing(path: str) -> list[str]:
        if path.endswith("/fd"):
            raise PermissionError(13, "no")
        return real_list(path)

    monkeypatch.setattr(tree, "_text", text)
    monkeypatch.setattr(os, "listdir", listing)
    usage = snapshot(os.getpid())
    assert (usage.pss, usage.uss, usage.files) == (None, None, None)
    assert usage.rss and usage.cpu > 0 and usage.voluntary is not None


def test_without_the_kernels_lists_of_children_they_are_found_by_a_scan(
    child: Callable[[str], Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = child("if not os.fork():\n  os.fork(); time.sleep(60)\nsay('up'); wait()")
    one.hear()
    time.sleep(0.1)
    expected = set(tree.descendants(one.pid))
    monkeypatch.setattr(os.path, "exists", lambda path: False)
    assert set(tree.descendants(one.pid)) == expected
    assert len(expected) == 2


def test_differences_of_workers_that_come_go_and_stay() -> None:
    before = total(0.0, [process(1, cpu=1.0), process(2, cpu=5.0), process(3, cpu=2.0)])
    after = total(2.0, [process(1, cpu=1.5, reaped=5.3, voluntary=15), process(3, cpu=2.1), process(4, cpu=0.4, voluntary=7)])
    used = between(before, after)
    assert used.seconds == 2.0
    assert used.cpu == pytest.approx(0.5 + 0.3 + 0.1 + 0.4)
    assert (used.voluntary, used.vanished, used.processes) == (5 + 0 + 7, 1, 0)


def test_a_worker_that_nobody_waited_for_never_makes_the_difference_negative() -> None:
    before = total(0.0, [process(1, cpu=1.0), process(2, cpu=5.0)])
    assert between(before, total(1.0, [process(1, cpu=1.25)])).cpu == pytest.approx(0.25)
    assert between(before, total(1.0, [])).cpu == 0


def test_a_number_that_was_given_to_another_process_is_another_process() -> None:
    before = total(0.0, [process(1, cpu=9.0)])
    after = total(1.0, [dataclasses.replace(process(1, cpu=0.5), born=8)])
    assert between(before, after).cpu == pytest.approx(0.5)


def test_a_name_with_brackets_and_blanks_does_not_confuse() -> None:
    seen = parse_stat("12 (a) b (c) S 3 4 5 0 -1 0 0 0 0 0 100 50 20 10 20 0 6 0 777 0 0")
    assert (seen.parent, seen.session, seen.state, seen.threads, seen.born) == (3, 5, "S", 6, 777)
    assert seen.cpu == pytest.approx(150 * tree.TICK)
    assert seen.reaped == pytest.approx(30 * tree.TICK)


def test_descendants_at_any_depth_and_no_others() -> None:
    assert sorted(tree.below(1, {2: 1, 3: 2, 4: 3, 9: 8, 1: 0})) == [2, 3, 4]
