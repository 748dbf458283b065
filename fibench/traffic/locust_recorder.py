"""Inside Locust: every request of the window, raw, instead of Locust's table (which rounds to two digits, 1 ms at best).

This file runs in Locust's processes, never in fibench's: `locust_script` puts its text into the locustfile that Locust is
given, so that it gets to machines that have no fibench. `record` and `causes` travel the same way.

The window opens when Locust says that all users are there (`spawning_complete`), `settle` seconds later if asked; a request
counts if it starts within the window. A closed loop: a user's request is due when the user sends it, dispatch is 0.
"""

from __future__ import annotations

import array
import importlib
import json
import os
import sys
import time
import traceback
from typing import Any

from fibench.traffic import causes, record

Data = dict[str, Any]
MOST_NAMES = 500
"""Different names beyond which they are counted together: a journey with ids in its names would fill the memory."""
OTHERS = "(further names)"
SENDERS = ("locust.clients", "locust.contrib.fasthttp")
NAN = float("nan")


def run_file(text: str, path: str, space: Data) -> None:
    """Execute the user's locustfile in `space`, as if it had been loaded from `path`; a mistake in it ends this process."""
    if os.path.exists(path):  # not so on another machine
        space["__file__"] = path
        sys.path.insert(0, os.path.dirname(path))
    try:
        exec(compile(text, path, "exec", dont_inherit=True), space)  # noqa: S102  # what Locust does with a locustfile
    except SyntaxError as error:
        stop(f"{path}:{error.lineno}: {error.msg}")
    except SystemExit as error:
        stop(f"{path} calls sys.exit({error.code!r}) while it is imported")
    except Exception as error:
        stop(f"{place(error, path)}: {type(error).__name__}: {error}")
    user = importlib.import_module("locust").User
    if not any(
        isinstance(found, type) and issubclass(found, user) and not getattr(found, "abstract", True) for found in space.values()
    ):
        stop(f"{path}: no User class in it")


def place(error: BaseException, path: str) -> str:
    """`path:line`, the deepest line of the user's file in the traceback."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f"{path}:{lines[-1]}" if lines else path


def stop(message: str) -> None:
    """End this process; the parent finds the line by its beginning."""
    print(f"fibench: {' '.join(message.split())}", file=sys.stderr, flush=True)
    sys.exit(1)


class Recorder:
    """The requests of this process, packed, until somebody takes them."""

    def __init__(self, settings: Data) -> None:
        self.seconds: float = settings["seconds"]
        self.timeout: float = settings["timeout"]
        self._good = frozenset(settings["statuses"])
        self.start: float | None = None
        """time.time() when the window opened: what Locust stamps the start of a request with."""
        self.records, self.names = bytearray(), array.array("H")
        self.known: dict[str, int] = {OTHERS: 0}
        self.facts: Data = {
            "count": 0,
            "early": 0,
            "early_right": 0,
            "carried": 0,
            "marked_right": 0,
            "unfinished": 0,
            "stuck": 0,
            "users_left": 0,
        }
        self.examples: dict[int, str] = {}
        self.raised: dict[str, int] = {}

    def request(
        self, request_type: str, name: str, response_time: float | None, response_length: int | None,
        response: Any = None, exception: Any = None, start_time: float | None = None, **_: Any,
    ) -> None:  # fmt: skip
        """Locust's request event; `response_time` in ms (perf_counter), `start_time` of time.time()."""
        service = (response_time or 0.0) / 1000
        began = time.time() - service if start_time is None else start_time
        due = -1.0 if self.start is None else began - self.start
        if not 0 <= due < self.seconds:
            right = not exception and getattr(response, "status_code", 0) in self._good
            self.facts["early"] += 1
            self.facts["early_right"] += right
            self.facts["carried"] += right and self.start is not None and due < 0 <= due + service <= self.seconds
            return
        name = f"{request_type} {name}"
        status = self._status(response, exception, name)
        self._add(due, service, self._first(response, service), status, response_length or 0, name)

    def error(self, exception: BaseException, tb: Any = None, **_: Any) -> None:
        """Locust's user_error event: the user's code raised."""
        frames = traceback.extract_tb(tb)
        where = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
        text = f"{where}{type(exception).__name__}: {exception}"[:200]
        if text in self.raised or len(self.raised) < 20:
            self.raised[text] = self.raised.get(text, 0) + 1

    def unanswered(self, greenlets: Any) -> None:
        """Requests still under way when the patience is over: a time limit reached, not a gap in the records."""
        now, start = time.time(), self.start or 0.0
        for greenlet in list(greenlets):
            frame = greenlet.gr_frame
            while frame and not (frame.f_globals.get("__name__") in SENDERS and frame.f_code.co_name == "request"):
                frame = frame.f_back
            found = frame.f_locals if frame else {}
            began = found.get("start_time", start + self.seconds)
            self.facts["stuck"] += began < start
            if 0 <= began - start < self.seconds:
                name = f"{found.get('method')} {found.get('name') or found.get('url')}"
                self.examples.setdefault(record.TIMEOUT, f"{name}: no answer when the window had been over for a while"[:200])
                self._add(began - start, now - began, NAN, record.TIMEOUT, 0, name)
                self.facts["unfinished"] += 1

    def take(self, most: int = 1 << 60) -> tuple[bytes, bytes]:
        """The oldest records (at most `most`) and the index of each one's name (u2); they are not kept."""
        size = min(most, len(self.names))
        taken = bytes(self.records[: size * record.PACK.size]), self.names[:size].tobytes()
        del self.records[: size * record.PACK.size], self.names[:size]
        return taken

    def summary(self) -> Data:
        """What is not in the records, JSON-ready."""
        return {**self.facts, "start": self.start, "examples": self.examples, "raised": self.raised, "names": list(self.known)}

    def _add(self, due: float, service: float, first: float, status: int, size: int, name: str) -> None:
        if name not in self.known and len(self.known) < MOST_NAMES:
            self.known[name] = len(self.known)
        self.names.append(self.known.get(name, 0))
        self.records += record.PACK.pack(int(due * 1e6), 0.0, first, service, NAN, status, min(size, 0xFFFFFFFF))
        self.facts["count"] += 1

    def _status(self, response: Any, exception: Any, name: str) -> int:
        status = int(getattr(response, "status_code", 0) or 0)
        if exception is None:
            self.facts["marked_right"] += status not in self._good and status != 0
            return status or 200  # a client of the user's own, without a status: it says that all is well
        code = causes.code_of(exception) if isinstance(exception, BaseException) else None
        if code is None:
            code = record.CHECK if status in self._good else status or record.OTHER
        self.examples.setdefault(code, f"{name}: {exception}"[:200])
        return code

    @staticmethod
    def _first(response: Any, service: float) -> float:
        """Until the head of the answer, where the client knows: both of Locust's do, unless there was a redirect."""
        elapsed = getattr(response, "elapsed", None)
        if elapsed is None or getattr(response, "history", None):
            return NAN
        took = float(elapsed.total_seconds())
        return min(took, service) if took > 0 else NAN


def conduct(recorder: Recorder, runner: Any, each_second: Any, gone: float = 0.0) -> None:
    """The window, from now (or as if opened `gone` s ago) to its end, then let what is under way be answered."""
    gevent: Any = importlib.import_module("gevent")
    recorder.start = time.time() - gone
    end = time.monotonic() + recorder.seconds - gone
    while (left := end - time.monotonic()) > 0:
        gevent.sleep(min(1.0, left))
        each_second()
    recorder.facts["users_left"] = runner.user_count
    stopping = gevent.spawn(runner.stop)
    stopping.join(recorder.timeout)
    if not stopping.ready():
        recorder.unanswered(runner.user_greenlets)
        stopping.join(5.0)
    each_second()


class Files:
    """Where a process on this machine leaves its records: `NAME.bin`, and `NAME.names` beside it."""

    def __init__(self, folder: str, name: str) -> None:
        self.path = os.path.join(folder, f"{name}.bin")
        self._names = os.path.join(folder, f"{name}.names")
        self.write((b"", b""))

    def write(self, taken: tuple[bytes, bytes]) -> None:
        """Append; the names after the records, so that a death in between leaves no name without one."""
        for path, data in zip((self.path, self._names), taken, strict=True):
            with open(path, "ab") as file:
                file.write(data)


def leave(folder: str, summary: Data) -> None:
    """`summary.json`, whole or not at all."""
    path = os.path.join(folder, "summary.json")
    with open(f"{path}.part", "w", encoding="utf-8") as file:
        json.dump(summary, file)
    os.replace(f"{path}.part", path)
