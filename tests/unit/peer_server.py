"""A small server with bad manners, by path, for the foreign engines; every connection ends with the server."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time

LINGER = struct.pack("ii", 1, 0)


def answer(status: int, body: bytes, more: str = "") -> bytes:
    return f"HTTP/1.1 {status} Said\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


ANSWERS = {
    "/ok": answer(200, b"hello"),
    "/new": answer(201, b"ok", "X-Kind: new\r\nSet-Cookie: a=b\r\n"),
    "/missing": answer(404, b"none"),
    "/moved": answer(302, b"", "Location: /ok\r\n"),
    "/part": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
    "/garbage": b"what is this\r\n\r\n",
    "/close": b"",
}


class PeerServer:
    """`paths` and `heads` collect what has been asked for; `port` is where."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.asked: list[bytes] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._closing = threading.Event()
        self._threads[0].start()

    def close(self) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for link in list(self._open):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(link)
            thread = threading.Thread(target=self._serve, args=(link,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, link: socket.socket) -> None:
        with link, contextlib.suppress(OSError):
            while message := read(link):
                self.asked.append(message)
                if not self._say(link, message.split(b" ", 2)[1].decode().partition("?")[0]):
                    break
        self._open.discard(link)

    def _say(self, link: socket.socket, path: str) -> bool:
        """False: and then hang up."""
        if path == "/slow":
            self._closing.wait(30)
            return False
        if path == "/late":
            time.sleep(0.2)
            path = "/ok"
        if path == "/reset":
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
            return False
        link.sendall(ANSWERS[path])
        return path in ("/ok", "/new", "/missing", "/moved")


def read(link: socket.socket) -> bytes:
    """One request, head and body; empty at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = link.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    wanted = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
    while len(body) < wanted:
        body += link.recv(65536)
    return head + b"\r\n\r\n" + body


def processes_with(text: str) -> list[int]:
    """Living processes whose command line or working directory has `text` in it."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read()
            if text.encode() in words or text in os.readlink(f"/proc/{name}/cwd"):
                found.append(int(name))
    return found
