"""Which of FAILURES an exception of somebody else's HTTP client is.

Clients wrap the system's errors in their own, several layers deep (`MaxRetryError(NewConnectionError(OSError))`), and
each does it differently: so the whole chain is looked through. This file travels as text into Locust's processes, also to
machines without fibench: the standard library and `record` only.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

from fibench.traffic import record

DEPTH = 12
"""Exceptions looked at in one chain at most: chains can be circular."""
_NAMED = {
    "HTTPConnectionClosed": record.CLOSED,  # geventhttpclient
    "RemoteDisconnected": record.CLOSED,  # http.client; it is a ConnectionResetError as well
    "IncompleteRead": record.CLOSED,
    "ChunkedEncodingError": record.CLOSED,  # requests
    "BadStatusLine": record.MALFORMED,
    "LineTooLong": record.MALFORMED,
    "InvalidChunkLength": record.MALFORMED,
    "HTTPProtocolViolationError": record.MALFORMED,
    "HTTPParseError": record.MALFORMED,
    "ReadTimeoutError": record.TIMEOUT,  # urllib3
    "NameResolutionError": record.DNS,
}
_NUMBERED = {
    errno.ECONNREFUSED: record.REFUSED,
    errno.ECONNRESET: record.RESET,
    errno.EPIPE: record.RESET,
    errno.ETIMEDOUT: record.TIMEOUT,
    errno.EMFILE: record.DESCRIPTORS,
    errno.ENFILE: record.DESCRIPTORS,
    errno.EADDRNOTAVAIL: record.PORTS,
}
_NETWORK = ("requests.exceptions", "urllib3.exceptions", "geventhttpclient", "http.client")


def code_of(error: BaseException) -> int | None:
    """The code in FAILURES of a failed request, OTHER for an unknown failure of the network; None: not the network's."""
    links = list(_chain(error))
    for rule in (_by_name, _by_type, _by_number):
        for link in links:
            code = rule(link)
            if code is not None:
                return code
    return record.OTHER if any(_of_network(link) for link in links) else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and those inside it: arguments, reasons, originals, causes."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < DEPTH:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = (*link.args, getattr(link, "reason", None), getattr(link, "original", None), link.__cause__, link.__context__)
        waiting += [found for found in inner if isinstance(found, BaseException)]


def _by_name(error: BaseException) -> int | None:
    for kind in type(error).__mro__:
        if kind.__name__ in _NAMED:
            return _NAMED[kind.__name__]
    return None


def _by_type(error: BaseException) -> int | None:
    kinds: tuple[tuple[type[BaseException], int], ...] = (
        (socket.gaierror, record.DNS), (TimeoutError, record.TIMEOUT), (ssl.SSLError, record.TLS),
    )  # fmt: skip
    for kind, code in kinds:
        if isinstance(error, kind):
            return code
    named = type(error).__name__
    return record.TIMEOUT if named == "Timeout" and type(error).__module__.startswith(("gevent", "requests")) else None


def _by_number(error: BaseException) -> int | None:
    return _NUMBERED.get(error.errno or 0) if isinstance(error, OSError) else None


def _of_network(error: BaseException) -> bool:
    kind = type(error)
    status = hasattr(error, "code") or kind.__name__ == "HTTPError"  # an answer that came, with a status that is not liked
    return not status and (isinstance(error, ConnectionError) or kind.__module__.startswith(_NETWORK))
