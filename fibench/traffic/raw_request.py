"""A whole HTTP/1.1 message taken apart again, for clients that want method, headers and body one by one."""

from __future__ import annotations

from dataclasses import dataclass

from fibench.traffic.errors import EngineError
from fibench.traffic.job import Address, Shots

MOST = 1000
"""Different requests that a foreign engine is given; longer and endless rows start again after that many."""


@dataclass(frozen=True, slots=True)
class Parts:
    """One request; header names as written, without those that a client library writes itself."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def row(shots: Shots) -> list[bytes]:
    """The requests to go round and round in: all of them, at most MOST; one if all are the same."""
    size = min(len(shots) or MOST, MOST)
    messages = [bytes(shots[k]) for k in range(size)]
    return messages[:1] if len(set(messages)) == 1 else messages


def parse(message: bytes, *, keep_alive: bool = True) -> Parts:
    """EngineError where no client library would send it as it stands."""
    head, separator, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if not separator or len(words) != 3:
        raise EngineError(f"not an HTTP/1.1 request: {first[:80]!r}", "a request is a whole message, head and body")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "transfer-encoding":
            raise EngineError("a chunked request body cannot be sent by this engine", "give the body a Content-Length")
        if name.lower() not in ("content-length", "connection"):
            known = headers.get(name)
            headers[name] = f"{known}, {value.strip()}" if known else value.strip()
    if not keep_alive:
        headers["Connection"] = "close"
    return Parts(words[0], words[1], headers, body)


def base_url(address: Address) -> str:
    """`http://127.0.0.1:8000`; EngineError for an address that has no URL."""
    if address.host.startswith("/") or address.port <= 0:
        raise EngineError(f"no URL leads to {address.host}: this engine speaks TCP only", "use the native engine")
    host = address.server_name if address.tls and address.server_name else address.host
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if address.tls else 'http'}://{host}:{address.port}"
