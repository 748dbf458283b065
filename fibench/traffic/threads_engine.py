"""The usual home-made client as an engine: a pool of threads, `requests` without a session, a connection per request.

It is here to be compared with: what such a client reports of a fast server is mostly its own speed. It is measured as it
is written everywhere (see `threads_client`), in a child, with its CPU beside it, so that `validity` can say so.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fibench.traffic import record
from fibench.traffic.errors import EngineError
from fibench.traffic.job import Closed, Health, Job, Shot
from fibench.traffic.peer_process import PeerProcess
from fibench.traffic.raw_request import base_url, parse, row

ROOT = str(Path(__file__).resolve().parents[2])
STARTUP = 30.0
"""Seconds that the child may take beside its window."""
_CODE = "import sys; sys.path.insert(0, {root!r}); from fibench.traffic.threads_client import main; main({folder!r})"


def run(job: Job, folder: str, /) -> Shot:
    """The `Engine` protocol, closed loops only; EngineError with the child's last words if it fails."""
    if not isinstance(job.load, Closed):
        raise EngineError("threads wait for their answers: they have no arrival rate", "use the native engine")
    task, work = _task(job, job.load), Path(tempfile.mkdtemp(prefix="threads-", dir=folder))
    try:
        (work / "task.json").write_text(json.dumps(task), "utf-8")
        command = [sys.executable, "-P", "-c", _CODE.format(root=ROOT, folder=str(work))]
        limit = STARTUP + job.load.ramp + job.seconds + 2 * job.timeout
        with PeerProcess(command, str(work), loopback=job.address.host, cpus=job.cpus) as peer:
            code = peer.wait(limit)
        if not (work / "summary.json").exists():
            raise _complaint(peer.said(), code, limit)
        summary: dict[str, Any] = json.loads((work / "summary.json").read_text("utf-8"))
        return _shot(job, str(work / "threads.bin"), summary, peer)
    finally:
        for path in work.iterdir():
            if path.suffix != ".bin":
                path.unlink()
        if not any(work.iterdir()):
            work.rmdir()


def _task(job: Job, load: Closed) -> dict[str, Any]:
    """The job as JSON."""
    base, row_ = base_url(job.address), []
    for parts in (parse(message) for message in row(job.shots)):
        row_.append((parts.method, base + parts.target, parts.headers, base64.b64encode(parts.body).decode()))
    return {
        "row": row_, "load": asdict(load), "seconds": job.seconds, "timeout": job.timeout, "seed": job.seed,
        "verify": job.address.ca_file or job.address.verify, "statuses": sorted(job.expect.statuses or range(200, 300)),
        "contains": base64.b64encode(job.expect.contains).decode(), "headers": job.expect.headers,
    }  # fmt: skip


def _shot(job: Job, path: str, summary: dict[str, Any], peer: PeerProcess) -> Shot:
    rows = record.read(path)
    if not len(rows):
        raise EngineError("no request was made in the window", "make the window longer")
    lasted = float((rows["due"] * 1e-6 + rows["service"]).max())
    examples = {int(code): text for code, text in summary["examples"].items()}
    notes: tuple[str, ...] = ("a connection per request, as requests.request() makes it",)
    if job.processes > 1:
        notes += ("one process, whatever the job says: threads of one Python share one lock",)
    outside = {name: summary[name] for name in ("early", "early_right", "carried")}
    cpu = peer.cpu(summary["started"], job.seconds)
    health = Health(len(rows), len(rows), cpu, len(rows), examples=examples, notes=notes, **outside)
    return Shot((path,), job.seconds, lasted, summary["started"], health, closed=True)


def _complaint(said: list[str], code: int | None, limit: float) -> EngineError:
    if any("No module named 'requests'" in line for line in said):
        return EngineError(f"requests is not installed for {sys.executable}", "pip install requests")
    how = f"did not end within {limit:.0f} s" if code is None else f"ended with {code}"
    return EngineError(f"the client of threads {how}: {(said or ['it printed nothing'])[-1][:200]}", "--debug shows more")
