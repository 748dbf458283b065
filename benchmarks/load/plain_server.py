"""Stands in for nginx where there is none: keep-alive, a body of 13 bytes, uvloop if it is there. `plain_server PORT`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import cast

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nhello, world\n"
END = b"\r\n\r\n"


class Link(asyncio.Protocol):
    """A connection; requests have no bodies, so an empty line ends each."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport, self.rest = cast("asyncio.Transport", transport), b""  # uvloop's is none by birth

    def data_received(self, data: bytes) -> None:
        """Answer as many requests as are whole."""
        data = self.rest + data
        count = data.count(END)
        self.rest = data[data.rfind(END) + 4 :] if count else data
        self.transport.write(ANSWER * count)


async def serve(port: int) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Link, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(serve(int(sys.argv[1])))
