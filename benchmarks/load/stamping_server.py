"""A server whose body is the moment at which it sends it: CLOCK_MONOTONIC ns, 20 digits. `stamping_server PORT`."""

from __future__ import annotations

import select
import socket
import sys
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\n"
END = b"\r\n\r\n"


def serve(port: int) -> None:
    """Until the process is ended; one answer to each read, for its clients do not pipeline."""
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    poll, links = select.epoll(), dict[int, socket.socket]()
    poll.register(listener.fileno(), select.EPOLLIN)
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                link, _ = listener.accept()
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                links[link.fileno()] = link
                poll.register(link.fileno(), select.EPOLLIN)
            elif not answer(links[number]):
                links.pop(number).close()


def answer(link: socket.socket) -> bool:
    """Answer what is there; False at the connection's end."""
    try:
        data = link.recv(1 << 16)
        if data.endswith(END):
            link.send(HEAD + b"%020d" % time.monotonic_ns())
    except OSError:
        return False
    return bool(data)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
