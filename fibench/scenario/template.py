"""What `fibench init` writes: a scenario that runs as it is, and a small module for it to run."""

from __future__ import annotations

import re

from fibench.errors import UsageError
from fibench.registry import did_you_mean
from fibench.scenario.places import plain

_PYTHON = """\
# A fibench scenario. Try it:   fibench run {name}
scenario: {name}
about: joining strings against adding them up
kind: python                          # any callable, sync or async

# The module lies beside this file: its folder is on sys.path. For other folders: path: [../src]
setup: {module}:make_words              # untimed, once per worker; the target is called with what it returns

matrix: {{count: [100, 1000]}}          # every value is one case; here it becomes make_words(count=…)

variants:                             # the first one is the baseline
  v1: {{target: {module}:add_up}}
  v2: {{target: {module}:join}}
  # Variants may also differ in their process:  env: {{NAME: value}}   python: python3.13   revision: main

measure:
  metrics: [wall, cpu]
  budget: 10 s                        # per case; it stops earlier when the verdict is sure
  margin: 2 %                         # smaller differences do not matter

claims:                               # what you believe; fibench says CONFIRMED, REFUTED or UNPROVEN
  - id: {name}.join_is_faster
    text: joining 1000 words is at least 1.2 times faster than adding them up
    where: {{count: 1000}}
    speedup: {{at_least: 1.2}}

gate: [wall]                          # metrics that may fail a build: fibench gate {name} --against main
"""

_MODULE = '''\
"""Two ways to do the same thing; fibench checks that they give equal results before it times them."""


def make_words(count: int) -> list[str]:
    return [f"word-{number}" for number in range(count)]


def add_up(words: list[str]) -> str:
    text = ""
    for word in words:
        text += word
    return text


def join(words: list[str]) -> str:
    return "".join(words)
'''

_COMMAND = """\
# A fibench scenario. Try it:   fibench run {name}
scenario: {name}
about: sorting numbers as text against sorting them as numbers
kind: command                         # any command line: wall, CPU and peak memory of each execution

variants:                             # the first one is the baseline; no shell is involved
  v1: {{command: [python3, -c, 'print(sorted(map(str, range(200000)))[0])']}}
  v2: {{command: [python3, -c, 'print(sorted(range(200000))[0])']}}
  # Variants may also differ in their process:  env: {{NAME: value}}   revision: main

# matrix: {{count: [1000, 100000]}}     # then write {{count}} in the commands

measure:
  metrics: [wall, cpu]
  budget: 20 s                        # per case; it stops earlier when the verdict is sure
  margin: 2 %                         # smaller differences do not matter

gate: [wall]                          # metrics that may fail a build: fibench gate {name} --against main
"""

_WORKERS = """\
# A fibench scenario. Try it:   fibench run {name}
scenario: {name}
about: one worker of a web application against two
kind: workers                         # fibench starts the servers; kind: http takes the url: of one that runs already

params:
  app: {module}:app                   # beside this file; any ASGI application, or server command: command: "… {{port}}"
  server: uvicorn                     # or gunicorn
  path: /hello                        # method:, headers:, body: say what is asked for
  arrivals: closed                    # users who wait for their answers;  arrivals: poisson, rate: 200/s  does not wait
  users: 8
  slo: 50 ms                          # goodput counts the answers within it

variants:
  w1: {{workers: 1}}
  w2: {{workers: 2}}

measure:
  metrics: [throughput, response_p95]
  budget: 40 s
  margin: 5 %

claims:
  - id: {name}.fast_enough
    text: 95 of 100 answers come within 50 ms
    metric: response
    value: {{variant: w2, quantile: 0.95, at_most: 50 ms}}

gate: [throughput]                    # metrics that may fail a build: fibench gate {name} --against main
"""

_APP = '''\
"""A small ASGI application without a framework; yours may be FastAPI, Starlette, Django …"""


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b"hello, " + str(sum(range(2000))).encode()
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]}})
    await send({{"type": "http.response.body", "body": body}})
'''

KINDS = ("python", "command", "workers")


def files(kind: str = "python", name: str = "example") -> dict[str, str]:
    """File name → text, to be written into one folder."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", name):
        raise UsageError(f"'{plain(name)}' is no name: use letters, digits, '.', '_', '+' and '-'")
    module = "target_" + re.sub(r"\W", "_", name)
    if kind == "python":
        return {f"{name}.yaml": _PYTHON.format(name=name, module=module), f"{module}.py": _MODULE}
    if kind == "command":
        return {f"{name}.yaml": _COMMAND.format(name=name)}
    if kind == "workers":
        return {f"{name}.yaml": _WORKERS.format(name=name, module=module), f"{module}.py": _APP.format()}
    raise UsageError(f"there is no template for kind '{kind}'", hint=did_you_mean(kind, KINDS))
