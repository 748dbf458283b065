"""The child of `threads_engine`: `requests.request` in a thread pool, as everybody writes it, and a stop-watch.

Where the well-known form hands n calls to the pool, here each of the pool's threads calls until the window is over: a
window has a length, not a number. Nothing else is made better. Each call is recorded when it ends: due = sent = the moment
its thread begins it, so that all that `requests` does before the first byte is in the request's time, as it is for its user.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from fibench.traffic import causes, record

NAN = float("nan")


class Client:
    """A window of calls; `done` grows by a packed record per call (appending is atomic)."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.row = [(method, url, headers, base64.b64decode(body)) for method, url, headers, body in task["row"]]
        self.statuses = frozenset(task["statuses"])
        self.contains = base64.b64decode(task["contains"])
        self.turn = itertools.count()
        self.done: list[bytes] = []
        self.examples: dict[int, str] = {}
        self.outside = {"early": 0, "early_right": 0, "carried": 0}
        """Calls that began outside the window: see `job.Health`."""
        self.under_way: dict[int, int] = {}
        """Thread number → perf_counter_ns when its call began."""
        self.start = self.end = 0

    def user(self, number: int, delay: float) -> None:
        """One thread: call, think, call again, until the window is over."""
        load = self.task["load"]
        dice, think = random.Random(self.task["seed"] + number), load["think"]
        time.sleep(delay)
        while (began := time.perf_counter_ns()) < self.end:
            self.under_way[number] = began
            status, size = self.call()
            took = time.perf_counter_ns() - began
            if self.under_way.pop(number, None):  # else it was given up, and recorded, meanwhile
                self.note(began, took, status, size)
            if think:
                time.sleep(dice.expovariate(1 / think) if load["random_think"] else think)

    def call(self) -> tuple[int, int]:
        """(status or failure, bytes of the body) of one request, on a connection of its own."""
        method, url, headers, body = self.row[next(self.turn) % len(self.row)]
        task = self.task
        try:
            response = requests.request(
                method, url, data=body or None, headers=headers, timeout=task["timeout"], verify=task["verify"],
                allow_redirects=False,
            )  # fmt: skip
        except Exception as error:
            code = causes.code_of(error) or record.OTHER
            self.examples.setdefault(code, f"{type(error).__name__}: {error}"[:200])
            return code, 0
        if response.status_code not in self.statuses:
            self.examples.setdefault(response.status_code, response.text[:200])
            return response.status_code, len(response.content)
        return self.checked(response), len(response.content)

    def checked(self, response: requests.Response) -> int:
        """Its status, or CHECK."""
        if self.contains not in response.content:
            self.examples.setdefault(record.CHECK, f"the body lacks {self.contains!r}"[:200])
            return record.CHECK
        for name, part in self.task["headers"]:
            if part not in response.headers.get(name, ""):
                self.examples.setdefault(record.CHECK, f"header {name} lacks {part!r}"[:200])
                return record.CHECK
        return response.status_code

    def note(self, began: int, took: int, status: int, size: int) -> None:
        """Record a call of the window. `requests` limits each read, not the whole: a call beyond the limit is a timeout."""
        right = status in self.statuses
        if not self.start <= began < self.end:
            self.outside["early"] += 1
            self.outside["early_right"] += right
            self.outside["carried"] += right and began < self.start <= began + took <= self.end
        else:
            if took > self.task["timeout"] * 1e9 and status not in record.FAILURES:
                status = record.TIMEOUT
            due = (began - self.start) // 1000
            self.done.append(record.PACK.pack(due, 0.0, NAN, took * 1e-9, NAN, status, min(size, 0xFFFFFFFF)))

    def run(self) -> float:
        """The window, `load["ramp"]` s after the first thread's start; returns time.time() of its beginning."""
        users, ramp = self.task["load"]["users"], self.task["load"]["ramp"]
        pool = ThreadPoolExecutor(max_workers=users)
        self.start = time.perf_counter_ns() + int((ramp + 0.05) * 1e9)
        self.end = self.start + int(self.task["seconds"] * 1e9)
        started = time.time() + (self.start - time.perf_counter_ns()) * 1e-9
        wait = 0.05 if not ramp else 0.0
        futures = [pool.submit(self.user, number, wait + ramp * number / users) for number in range(users)]
        last = self.end + int((self.task["timeout"] + 1.0) * 1e9)
        while not all(future.done() for future in futures) and time.perf_counter_ns() < last:
            time.sleep(0.05)
            if os.getppid() != PARENT:
                os._exit(3)
        self.give_up()
        for future in futures:
            if future.done():
                future.result()  # a bug of this file must not pass as a short window
        return started

    def give_up(self) -> None:
        """Calls that are still under way: timeouts."""
        now = time.perf_counter_ns()
        while self.under_way:
            _, began = self.under_way.popitem()
            self.note(began, now - began, record.TIMEOUT, 0)


PARENT = os.getppid()


def main(folder: str) -> None:
    """Do the task in `folder`, leave `threads.bin` and `summary.json`, and end, whatever the threads still do."""
    client = Client(json.loads(Path(folder, "task.json").read_text("utf-8")))
    started = client.run()
    Path(folder, "threads.bin").write_bytes(b"".join(client.done))
    Path(folder, "summary.part").write_text(
        json.dumps({"started": started, "examples": client.examples, **client.outside}), "utf-8"
    )
    Path(folder, "summary.part").rename(Path(folder, "summary.json"))
    os._exit(0)  # the pool would wait for a call that nobody answers
