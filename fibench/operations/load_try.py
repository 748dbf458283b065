"""One request before any load: is the address there, and is the answer the right one?"""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import Any

from fibench.traffic.errors import EngineError
from fibench.traffic.job import Address

SHOWN = 120
"""Characters of a wrong answer that are shown."""
MOST = 1 << 20
"""Bytes of an answer that are looked at."""


def one(address: Address, message: bytes, params: dict[str, Any], statuses: frozenset[int]) -> dict[str, Any]:
    """The answer's status, and its body if variants are to be compared by it; EngineError for a wrong answer."""
    head = message.split(b"\r\n", 1)[0].decode("latin-1")
    what = " ".join(head.split()[:2]) + f" at {address.host}:{address.port}"
    try:
        status, headers, body = _asked(address, message, params["timeout"])
    except TimeoutError:
        raise EngineError(f"{what}: no answer within {params['timeout']:g} s") from None
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason or str(error)
        raise EngineError(
            f"{what}: TLS failed: {why}", "insecure: true accepts any certificate, ca_file: names your own"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise EngineError(f"{what}: {said}", "is the server running, and at this address?") from None
    wrong = _wrong(status, headers, body, params["expect"], statuses)
    if wrong:
        raise EngineError(f"{what} answered {wrong}", "expect: says which answers are right")
    return {"status": status, "body": body.decode("latin-1")} if params["compare"] == "body" else {"status": status}


def _wrong(status: int, headers: Any, body: bytes, expect: dict[str, Any], statuses: frozenset[int]) -> str:
    if not (status in statuses if statuses else 200 <= status < 300):
        wanted = " or ".join(map(str, sorted(statuses))) or "2xx"
        said = " ".join(body[: 4 * SHOWN].decode("utf-8", "replace").split())[:SHOWN]
        return f"{status}, expected {wanted}" + (f": {said}" if said else "")
    if expect["contains"] and expect["contains"].encode() not in body:
        return f"{status} without the expected text {expect['contains'][:SHOWN]!r}"
    for name, text in expect["headers"].items():
        if text not in (headers.get(name) or ""):
            return f"{status} with {name}: {headers.get(name)}, expected {text!r} in it"
    return ""


def _asked(address: Address, message: bytes, timeout: float) -> tuple[int, Any, bytes]:
    with _connected(address, timeout) as connection:
        connection.sendall(message)
        answer = http.client.HTTPResponse(connection, method=message.split(b" ", 1)[0].decode("latin-1"))
        with answer:
            answer.begin()
            return answer.status, answer.headers, answer.read(MOST)


def _connected(address: Address, timeout: float) -> socket.socket:
    place: Any = address.host if address.family == socket.AF_UNIX else (address.host, address.port)
    plain = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        plain.settimeout(timeout)
        plain.connect(place)
        return _context(address).wrap_socket(plain, server_hostname=address.server_name) if address.tls else plain
    except BaseException:
        plain.close()
        raise


def _context(address: Address) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=address.ca_file)
    if not address.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
