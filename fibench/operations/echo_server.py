"""A TCP echo server on the loop under test: a script of its own, started by `echo_client`, importing nothing of fibench.

    python -P echo_server.py {asyncio|uvloop} {tcp-echo|tcp-streams} CPU PARENT

It says "port loop-class" on standard output, then answers every line on standard input with the CPU nanoseconds of
the loop's thread. It ends when standard input does, and when its parent dies.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
CHUNK = 65536


class Echo(asyncio.Protocol):
    """Sends back what it receives."""

    transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's is no subclass of asyncio's

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


async def echo_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The same with streams, as most application code has it."""
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(style: str) -> None:
    """Listen on an ephemeral port of the loopback device until the process is ended."""
    loop = asyncio.get_running_loop()
    if style == "tcp-streams":
        server = await asyncio.start_server(echo_stream, "127.0.0.1", 0)
    else:
        server = await loop.create_server(Echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(port, f"{type(loop).__module__}.{type(loop).__qualname__}", flush=True)
    await server.serve_forever()


def answer_cpu(clock: int) -> None:
    """CPU time on request; end of file is the order to leave."""
    for _ in sys.stdin:
        print(time.clock_gettime_ns(clock), flush=True)
    os._exit(0)


def die_with_parent(parent: int) -> None:
    """Linux: the kernel kills this process when the thread that started it ends, however it ends."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the call above
        os._exit(0)


def main() -> None:
    """Serve on the CPU and the loop that were asked for."""
    loop, style, cpu, parent = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair
    if cpu >= 0:
        os.sched_setaffinity(0, {cpu})
    factory = asyncio.new_event_loop
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    clock = time.pthread_getcpuclockid(threading.get_ident())
    threading.Thread(target=answer_cpu, args=(clock,), daemon=True).start()
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(style))


if __name__ == "__main__":
    main()
