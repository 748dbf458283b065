"""What Locust's processes left behind, as a `Shot`; or, when they left nothing, why.

A worker that vanished, a user that died, code that raised: none of it is hidden in a mean, each is a line in
`Health.notes`. Nothing at all that could be measured is an `EngineError`.
"""

from __future__ import annotations

import os
import re
from itertools import zip_longest
from typing import Any

from fibench.traffic import record
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Health, Shot
from fibench.traffic.peer_process import PeerProcess

MOST_LINES = 20
ENOUGH = 59
"""Requests from which a p95 has an upper bound (95 %)."""
_ERROR = re.compile(r"^([A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit|StopTest)\b.*)$")
_LOGGED = re.compile(r"^\[.*?\] \S+/(ERROR|CRITICAL)/\S+: (.*)$")


def shot(summary: dict[str, Any], users: int, seconds: float, peer: PeerProcess) -> Shot:
    """The window, from the summaries of its processes and their files."""
    members = [member for member in summary["members"] if member["file"]]
    _refuse_nothing(members)
    done = [member["done"] for member in members if member["done"]]
    started = min((facts["start"] for facts in done if facts["start"]), default=0.0)
    count, lasted = _whole(members)
    notes = (*_missing(summary, seconds), *_people(done, users, len(done) == len(members)), *_code(done), *_names(members))
    outside = {name: sum(facts[name] for facts in done) for name in ("early", "early_right", "carried")}
    cpu = _cpu(members, peer, started, seconds)
    health = Health(count, count, cpu, examples=_examples(done), notes=tuple(notes), **outside)
    return Shot(tuple(member["file"] for member in members), seconds, lasted, started, health, closed=True)


def complaint(said: list[str], code: int | None, limit: float, python: str) -> EngineError:
    """The error for a run without a result: the line that tells most, out of `said`."""
    last = next((line[9:] for line in said if line.startswith("fibench: ")), "")
    if last:
        return EngineError(last, "no window has been measured")
    if any("No module named locust" in line for line in said):
        return EngineError(f"Locust is not installed for {python}", "pip install locust")
    errors = [found[1] for line in said if (found := _ERROR.match(line))]
    logged = [found[2] for line in said if (found := _LOGGED.match(line))]
    told = (errors or logged or said or ["it printed nothing"])[-1].strip()[:200]
    how = f"did not end within {limit:.0f} s" if code is None else f"ended ({_ending(code)}) before the window was over"
    return EngineError(f"Locust {how}: {told}", "run the file with `locust -f FILE --headless` to see all of it")


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _refuse_nothing(members: list[dict[str, Any]]) -> None:
    if any(os.path.getsize(member["file"]) for member in members):
        return
    raised = [text for member in members if member["done"] for text in member["done"]["raised"]]
    if not any(member["done"] for member in members):
        raise EngineError("every Locust worker has vanished, and left no request", "look at the workers' own output")
    if raised:
        raise EngineError(f"no request was made in the window: {raised[0]}", "the users' code raised before its first request")
    if stuck := sum(member["done"]["stuck"] for member in members if member["done"]):
        raise EngineError(
            f"no request was made in the window: {stuck} users waited for answers all along", "is the server alive?"
        )
    raise EngineError("no request was made in the window", "does a @task use self.client, or fire the request event?")


def _whole(members: list[dict[str, Any]]) -> tuple[int, float]:
    """(requests, s until the last answer)."""
    count, lasted = 0, 0.0
    for member in members:
        rows = record.read(member["file"])
        count += len(rows)
        if len(rows):
            lasted = max(lasted, float((rows["due"] * 1e-6 + rows["service"]).max()))
    return count, lasted


def _cpu(members: list[dict[str, Any]], peer: PeerProcess, started: float, seconds: float) -> tuple[float, ...]:
    """The busiest process of each second: this machine's as sampled, other machines' as they said themselves."""
    rows = [peer.cpu(started, seconds), *(member["cpu"][: max(1, int(seconds))] for member in members)]
    return tuple(max(row) for row in zip_longest(*rows, fillvalue=0.0))


def _examples(done: list[dict[str, Any]]) -> dict[int, str]:
    return {int(code): text for facts in reversed(done) for code, text in facts["examples"].items()}


def _missing(summary: dict[str, Any], seconds: float) -> list[str]:
    """Workers that never came, came late, or did not stay."""
    notes, members = [], summary["members"]
    absent = summary["expected"] - sum(member["joined"] is None for member in members)
    if absent > 0:
        notes.append(f"{absent} of {summary['expected']} workers never came")
    for member in members:
        if member["joined"] is not None:
            notes.append(f"worker {member['name']} joined {member['joined']:.1f} s into the window: users were moved to it")
        if not member["done"]:
            upto = min(member["upto"], seconds)
            notes.append(f"worker {member['name']} vanished after {upto:.1f} s: its last {seconds - upto:.1f} s are missing")
    return notes


def _people(done: list[dict[str, Any]], users: int, all_there: bool) -> list[str]:
    """Users that are not there, or not finished."""
    notes = []
    left = sum(facts["users_left"] for facts in done)
    if all_there and left < users:
        notes.append(f"{users - left} of {users} users had died by the end of the window")
    if unfinished := sum(facts["unfinished"] for facts in done):
        notes.append(f"{unfinished} requests were still unanswered when the time limit after the window was over: timeouts")
    if stuck := sum(facts["stuck"] for facts in done):
        notes.append(f"{stuck} users waited all the time for an answer to what they had sent before the window")
    if marked := sum(facts["marked_right"] for facts in done):
        notes.append(f"{marked} answers were taken as right by the locustfile in spite of their status")
    return notes


def _code(done: list[dict[str, Any]]) -> list[str]:
    """What the user's code raised."""
    raised: dict[str, int] = {}
    for facts in done:
        for text, times in facts["raised"].items():
            raised[text] = raised.get(text, 0) + times
    return [f"the users' code raised {times} times: {text}" for text, times in list(raised.items())[:5]]


def _names(members: list[dict[str, Any]]) -> list[str]:
    """A line for each name of a request, the most frequent first: `POST /x: 812 requests, p50 4 ms, p95 12 ms`."""
    import numpy

    times: dict[str, list[Any]] = {}
    for member in members:
        rows = record.read(member["file"])
        names = (member["done"] or member)["names"]
        numbers = numpy.fromfile(f"{member['file'].removesuffix('.bin')}.names", "<u2")[: len(rows)]
        for number in numpy.unique(numbers):
            times.setdefault(names[number], []).append(rows["service"][: len(numbers)][numbers == number])
    joined = sorted(((name, numpy.concatenate(parts)) for name, parts in times.items()), key=lambda pair: -len(pair[1]))
    lines = [_line(name, values) for name, values in joined[:MOST_LINES]]
    return [*lines, f"and {len(joined) - MOST_LINES} further names"] if len(joined) > MOST_LINES else lines


def _line(name: str, values: Any) -> str:
    import numpy

    high = f", p95 {numpy.quantile(values, 0.95) * 1000:.3g} ms" if len(values) >= ENOUGH else ""
    return f"{name}: {len(values)} requests, p50 {numpy.quantile(values, 0.5) * 1000:.3g} ms{high}"
