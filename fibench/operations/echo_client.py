"""The client of the echo workloads: one thread, raw sockets, one epoll; the server lives in another process.

A block is one sweep: `messages` messages over `connections` connections, one in flight on each. The server sits on
the last CPU, the client keeps off it during a block; on a machine with one CPU they share it and a note says so.
`client_busy` tells whether the client was what was measured; `server_cpu` does not depend on the client at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from fibench.step import Step

SERVER = Path(__file__).with_name("echo_server.py")
PATIENCE = 15.0
"""Seconds without an answer after which the server counts as hung."""


def open_echo(params: dict[str, Any]) -> Step:
    """Start the server, connect, and hand over the sweep."""
    mine, its = split_cpus()
    server = Server(params["loop"], params["workload"], -1 if its is None else its)
    try:
        sweep = Sweep(server.port, params["connections"], params["messages"], int(params["size"]))
    except BaseException:
        server.close()
        raise
    probe = Probe(server, sweep, mine)

    def close() -> None:
        sweep.close()
        server.close()

    facts = {
        "loop": server.loop, "server_cpu_number": its, "client_cpus": sorted(mine), "shared_cpu": its is None,
        "server_pid": server.process.pid, "port": server.port,
    }  # fmt: skip
    return Step(
        sweep.run, once=True, before=probe.before, after=probe.after, outcome=sweep.echoed, facts=lambda: facts, close=close
    )


def split_cpus() -> tuple[set[int], int | None]:
    """(CPUs for this process, CPU for the server); no CPU for the server when there is only one."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), None
    allowed = os.sched_getaffinity(0)
    if len(allowed) > 1:
        last = max(allowed)
        return allowed - {last}, last
    for cpu in range(os.cpu_count() or 1):  # pinned to one CPU by the core: look for another one
        if cpu not in allowed:
            try:
                os.sched_setaffinity(0, {cpu})
            except OSError:
                continue
            os.sched_setaffinity(0, allowed)
            return allowed, cpu
    return allowed, None


class Server:
    """The server process: its port, its loop's class, its CPU time, its end."""

    def __init__(self, loop: str, style: str, cpu: int) -> None:
        command = [sys.executable, "-P", str(SERVER), loop, style, str(cpu), str(os.getpid())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        words = self._line().split()
        if len(words) != 2:
            self.close()
            raise RuntimeError(f"the {loop} echo server did not start")
        self.port, self.loop = int(words[0]), words[1]

    def cpu(self) -> float:
        """CPU seconds of the loop's thread so far."""
        assert self.process.stdin
        self.process.stdin.write("cpu\n")
        self.process.stdin.flush()
        answer = self._line()
        if not answer:
            raise ConnectionError("the echo server has ended")
        return int(answer) * 1e-9

    def close(self) -> None:
        """End of file ends it; a kill if it does not listen."""
        assert self.process.stdin
        assert self.process.stdout
        with contextlib.suppress(BrokenPipeError):  # it may have ended already
            self.process.stdin.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _line(self) -> str:
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        return self.process.stdout.readline() if ready else ""


class Sweep:
    """Open connections, and the loop that keeps one message in flight on each."""

    def __init__(self, port: int, connections: int, messages: int, size: int) -> None:
        self.messages, self.size = messages, size
        self.message = bytes(range(256)) * (size // 256 + 1)
        self.message = self.message[:size]
        self.buffer = bytearray(size)
        self.poll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self.wall = self.busy = 0
        for _ in range(min(connections, messages)):
            link = socket.socket()
            # the whole message fits: a blocking send never waits for a server that waits for us
            link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * size + 65536)
            link.connect(("127.0.0.1", port))
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets[link.fileno()] = link
            self.poll.register(link.fileno(), select.EPOLLIN)

    def run(self) -> int:
        """One sweep; returns the number of messages that came back whole."""
        busy, start = time.process_time_ns(), time.perf_counter_ns()
        links = {number: (link.recv_into, link.send) for number, link in self.sockets.items()}
        missing = dict.fromkeys(links, self.size)
        message, buffer, size, messages, poll = self.message, self.buffer, self.size, self.messages, self.poll.poll
        for _, send in links.values():
            send(message)
        sent, done = len(links), 0
        while done < messages:
            ready = poll(PATIENCE)
            if not ready:
                raise TimeoutError(f"no echo within {PATIENCE:g} s")
            for number, _event in ready:
                receive, send = links[number]
                got = receive(buffer, missing[number])
                if got != missing[number]:
                    if not got:
                        raise ConnectionError("the echo server closed a connection")
                    missing[number] -= got
                    continue
                missing[number] = size
                done += 1
                if sent < messages:
                    send(message)
                    sent += 1
        self.wall, self.busy = time.perf_counter_ns() - start, time.process_time_ns() - busy
        return done

    def echoed(self) -> dict[str, Any]:
        """What comes back of different messages on every connection: must be the same from every server."""
        whole, digest = 0, hashlib.sha256()
        for turn, link in enumerate(self.sockets.values()):
            sent = hashlib.shake_128(str(turn).encode()).digest(self.size)
            link.sendall(sent)
            back = link.recv(self.size, socket.MSG_WAITALL)
            whole += back == sent
            digest.update(back)
        return {"whole": whole, "of": len(self.sockets), "sha256": digest.hexdigest(), "messages": self.run()}

    def close(self) -> None:
        """Close every connection."""
        for link in self.sockets.values():
            link.close()
        self.poll.close()


class Probe:
    """Untimed, around each block: keep off the server's CPU, read the server's clock."""

    def __init__(self, server: Server, sweep: Sweep, mine: set[int]) -> None:
        self.server, self.sweep, self.mine = server, sweep, mine
        self.allowed: set[int] = set()
        self.started = 0.0

    def before(self) -> None:
        """Leave the server's CPU for the time of the block."""
        if self.mine:
            self.allowed = os.sched_getaffinity(0)
            os.sched_setaffinity(0, self.mine)
        self.started = self.server.cpu()

    def after(self, loops: int) -> dict[str, float]:
        """Per message: throughput and the server's CPU; the client's busy share of the block."""
        used = self.server.cpu() - self.started
        if self.allowed:
            os.sched_setaffinity(0, self.allowed)
        wall = self.sweep.wall * 1e-9
        return {
            "throughput": self.sweep.messages / wall,
            "server_cpu": used / (self.sweep.messages * loops),
            "client_busy": self.sweep.busy * 1e-9 / wall,
        }
