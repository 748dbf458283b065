"""How many requests one client core sends, and what a request costs it: fibench, wrk, Locust, requests+threads, in turn.

Rounds are interleaved in random order, so that a neighbour on the machine disturbs all alike, and each ratio is taken
within its round. wrk and fibench are charged all the CPU of their process, start and end included (getrusage); Locust and
the threads only that of the window, because importing takes them longer than a short window does.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.load import wrk
from benchmarks.load.finding import Finding, Goal, Settings
from benchmarks.load.progress import Progress
from benchmarks.load.servers import GET, Target, web
from benchmarks.load.table import Table
from benchmarks.load.windows import Window, fire, scratch, spread
from fibench.traffic import locust_engine, threads_engine
from fibench.traffic.job import Closed, Engine, Job

USERS = 64
AS_WRK, AS_LOCUST = 0.9, 10.0
EVERY = {"fibench": 1, "wrk": 1, "locust": 2, "threads": 3}
"""In which rounds: the slow ones need no such precision."""
OVERHEAD = {"fibench": 0.3, "wrk": 0.2, "locust": 4.0, "threads": 2.0}
"""s around a window."""
NAMES = {"fibench": "fibench", "wrk": "wrk -t1 -c64", "locust": "Locust FastHttpUser", "threads": "requests + threads"}


@dataclass(frozen=True, slots=True)
class Turn:
    """One window of one client."""

    round: int
    client: str
    rate: float
    """Right answers per s."""
    cpu: float
    """µs of CPU per request."""
    errors: float
    """Share that failed."""


def run(settings: Settings, progress: Progress) -> Finding:
    """The part."""
    rounds, seconds = settings.times(9, 2), settings.either(3.0, 1.0)
    clients = [name for name in EVERY if name != "wrk" or wrk.command()]
    order = orders(clients, rounds, random.Random(settings.seed))
    progress.plan(sum(seconds + OVERHEAD[client] for _, client in order))
    turns = []
    with scratch() as folder, web(settings, folder) as target:
        for number, client in order:
            progress.doing(f"round {number + 1}/{rounds}, {client}", seconds + OVERHEAD[client])
            turns.append(_turn(number, client, target, seconds, settings))
        return conclude(turns, target.name, rounds, seconds)


def orders(clients: list[str], rounds: int, chance: random.Random) -> list[tuple[int, str]]:
    """(round, client) one after the other: each round in an order of its own."""
    planned = []
    for number in range(rounds):
        turn = [client for client in clients if number % EVERY[client] == 0]
        chance.shuffle(turn)
        planned += [(number, client) for client in turn]
    return planned


def _turn(number: int, client: str, target: Target, seconds: float, settings: Settings) -> Turn:
    if client == "wrk":
        said = wrk.run(target.url, seconds, settings.client_cpu, USERS)
        return Turn(number, client, said.rate, said.cpu / said.requests * 1e6, said.errors / said.requests)
    engines: dict[str, Engine] = {"locust": locust_engine.run, "threads": threads_engine.run}
    job = Job(target.address, [GET], Closed(USERS), seconds, cpus=(settings.client_cpu,), seed=settings.seed)
    window = fire(job, engines[client]) if client in engines else fire(job)
    charged = _charged if client in engines else _whole
    return Turn(number, client, window.numbers["throughput"], charged(window), window.numbers["errors"])


def _whole(window: Window) -> float:
    """µs per request of all that the process ever used."""
    return window.cpu / len(window.records) * 1e6


def _charged(window: Window) -> float:
    """µs per request of what it used within the window."""
    return window.share * window.shot.seconds / len(window.records) * 1e6


def conclude(turns: list[Turn], server: str, rounds: int, seconds: float) -> Finding:
    """Medians, ratios within rounds, goals."""
    by = {client: [turn for turn in turns if turn.client == client] for client in EVERY}
    rows = []
    for client, mine in by.items():
        if not mine:
            continue
        rates, ratio = [turn.rate for turn in mine], ratios(by["fibench"], mine)
        against = "" if client == "fibench" else f"{median(ratio):.2f} ({spread(ratio)})"
        cpu = median(turn.cpu for turn in mine)
        errors = max(turn.errors for turn in mine)
        rows.append((NAMES[client], str(len(mine)), f"{median(rates):.0f}", f"{cpu:.1f}", f"{errors:.2%}", against))
    notes = [
        f"{server}, a body of 13 bytes, keep-alive; {USERS} connections; {rounds} rounds of {seconds:g} s in random order."
    ]
    notes += [] if by["wrk"] else [wrk.MISSING]
    columns = ("client", "windows", "req/s, median", "CPU µs/req", "errors", "fibench / it (range over rounds)")
    table = Table("Throughput of one client core, closed loop", columns, rows, notes)
    goals = [_goal("wrk", AS_WRK, by, wrk.MISSING), _goal("locust", AS_LOCUST, by, "no Locust"), _cpu_goal(by)]
    data = [{"round": t.round, "client": t.client, "rate": t.rate, "cpu_us": t.cpu, "errors": t.errors} for t in turns]
    return Finding([table], [goal for goal in goals if goal], {"server": server, "seconds": seconds, "turns": data})


def ratios(ours: list[Turn], theirs: list[Turn]) -> list[float]:
    """Our rate over theirs, round by round."""
    mine = {turn.round: turn.rate for turn in ours}
    return [mine[turn.round] / turn.rate for turn in theirs if turn.round in mine]


def _goal(peer: str, least: float, by: dict[str, list[Turn]], missing: str) -> Goal:
    what, wanted = f"req/s per core, fibench / {NAMES[peer]}", f"≥ {least:g}"
    if not by[peer]:
        return Goal(what, wanted, missing, None, "throughput")
    ratio = ratios(by["fibench"], by[peer])
    clean = max(turn.errors for turn in by["fibench"] + by[peer]) == 0
    found = f"{median(ratio):.2f} ({spread(ratio)})" + ("" if clean else ", with errors")
    return Goal(what, wanted, found, median(ratio) >= least and clean, "throughput")


def _cpu_goal(by: dict[str, list[Turn]]) -> Goal | None:
    """Beside the rates, for information: what a neighbour cannot take away."""
    if not by["wrk"]:
        return None
    per: Callable[[str], float] = lambda client: median(turn.cpu for turn in by[client])  # noqa: E731
    ours, theirs = per("fibench"), per("wrk")
    return Goal(
        "CPU per request, fibench / wrk", "none", f"{ours / theirs:.2f} ({ours:.1f} / {theirs:.1f} µs)", None, "throughput"
    )
