"""The locustfile that Locust is really given: the user's text, or one made from a `Job`, and the recorder's in one file.

One file, because that is all that `locust -f - --worker` gets from its master. The user's text runs under its own path, so
that its imports, its `__file__` and the lines of its tracebacks stay right.
"""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any

from fibench.traffic.errors import EngineError
from fibench.traffic.job import Closed, Job
from fibench.traffic.raw_request import base_url, parse, row

HERE = Path(__file__).parent
MODULES = ("record", "causes", "locust_recorder", "locust_fleet")
"""What runs inside Locust, in the order of its imports."""

_BUNDLE = Template('''"""Written by fibench: a locustfile and what records its requests."""
import json as _json
import sys as _sys
import types as _types

for _name, _text in $modules:
    _module = _sys.modules[_name] = _types.ModuleType(_name)
    exec(compile(_text, _name, "exec", dont_inherit=True), _module.__dict__)
_sys.modules["fibench.traffic.locust_recorder"].run_file($text, $path, globals())
_sys.modules["fibench.traffic.locust_fleet"].install(_json.loads($settings))
''')

_SCRIPT = Template('''"""A closed loop of fibench as Locust users."""
import itertools
import random

import gevent
from locust import FastHttpUser, task

ROW = $row
STATUSES = frozenset($statuses)
CONTAINS = $contains
HEADERS = $headers
THINK, RANDOM_THINK, SPREAD, TIMEOUT = $think, $random_think, $spread, $timeout
TURN = itertools.count()


def wrong(answer):
    if answer.status_code not in STATUSES:
        return f"status {answer.status_code}"
    if CONTAINS and CONTAINS not in (answer.content or b""):
        return f"the body lacks {CONTAINS!r}"
    for name, part in HEADERS:
        if part not in (answer.headers.get(name) or ""):
            return f"header {name} lacks {part!r}"
    return None


class Closed(FastHttpUser):
    network_timeout = connection_timeout = TIMEOUT
    insecure = $insecure
    ssl_context_factory = $context

    def on_start(self):
        self.client.client.cookiejar = None
        self.client.client.valid_response_codes = frozenset(range(100, 600))
        gevent.sleep(random.random() * SPREAD)

    def wait_time(self):
        return random.expovariate(1 / THINK) if RANDOM_THINK and THINK else THINK

    @task
    def ask(self):
        method, target, headers, body = ROW[next(TURN) % len(ROW)]
        with gevent.Timeout(TIMEOUT), self.client.request(
            method, target, data=body or None, headers=headers, name=target.partition("?")[0],
            allow_redirects=False, catch_response=True,
        ) as answer:
            reason = wrong(answer) if answer.status_code else None
            if reason:
                answer.failure(reason)
''')


def script_for(job: Job, *, spread: float = 0.0) -> str:
    """A FastHttpUser locustfile that sends what the native closed loop sends; users start within `spread` s of each other.

    Different from it: names of headers and their order are Locust's, and a User-Agent is added. No cookies are kept and no
    redirects followed. EngineError for what Locust cannot send.
    """
    if not isinstance(job.load, Closed):
        raise EngineError("Locust has users, not arrival rates", "use the native engine for an open loop")
    entries = []
    for message in row(job.shots):
        parts = parse(message, keep_alive=job.keep_alive)
        given = {name.lower() for name in parts.headers}
        plain = {} if "accept-encoding" in given else {"Accept-Encoding": "identity"}  # Locust would ask for gzip
        entries.append((parts.method, parts.target, {**parts.headers, **plain}, parts.body))
    return _SCRIPT.substitute(
        row=repr(entries), statuses=sorted(statuses(job)), contains=repr(job.expect.contains), headers=repr(job.expect.headers),
        think=job.load.think, random_think=job.load.random_think, spread=spread, timeout=job.timeout,
        insecure=not _verified(job), context=_context(job),
    )  # fmt: skip


def statuses(job: Job) -> frozenset[int]:
    """The statuses that a job's answers may have."""
    return job.expect.statuses or frozenset(range(200, 300))


def bundle(text: str, path: str, settings: dict[str, Any]) -> str:
    """The text of the file for Locust; `settings` are plain data for the recorder."""
    modules = [(f"fibench.traffic.{name}", (HERE / f"{name}.py").read_text("utf-8")) for name in MODULES]
    return _BUNDLE.substitute(modules=repr(modules), text=repr(text), path=repr(path), settings=repr(json.dumps(settings)))


def target_of(job: Job) -> str:
    """The base URL of a job's server."""
    return base_url(job.address)


def _verified(job: Job) -> bool:
    return job.address.tls and job.address.verify


def _context(job: Job) -> str:
    """Python text: what makes the users' TLS contexts."""
    if not _verified(job):
        return "None"
    return f'staticmethod(lambda: __import__("ssl").create_default_context(cafile={job.address.ca_file!r}))'
