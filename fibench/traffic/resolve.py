"""From an address as people write it to one that can be connected to: resolved once, before anything is measured."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from urllib.parse import SplitResult, unquote, urlsplit

from fibench.traffic.errors import EngineError
from fibench.traffic.job import Address

PORTS = {"http": 80, "https": 443, "http+unix": 0}
LOCAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/32",  # who connects to it meets this very machine
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::/128",
        "::1/128",
        "fe80::/10",
        "fc00::/7",
    )
)
_EXAMPLE = "write it as http://127.0.0.1:8000/path"


ALLOWED = "FIBENCH_MAY_LOAD"
"""The public hosts that may be loaded, in the environment: the processes that send load ask again."""


def resolve(url: str, ca_file: str | None = None, verify: bool = True) -> Address:
    """Where `url` (http, https, or http+unix://%2Fpath%2Fto.sock/) leads; one question to the name server.

    Of several addresses (localhost is often two) the first that accepts a connection, else the first. EngineError for a
    malformed URL, a name that does not resolve and a CA file that cannot be read.
    """
    parts, port = _split(url)
    if ca_file is not None and not os.access(ca_file, os.R_OK):
        raise EngineError(f"CA file {ca_file} cannot be read", "ca_file: names a PEM file")
    host = parts.hostname or ""
    if parts.scheme == "http+unix":
        return Address(unquote(parts.netloc), 0, socket.AF_UNIX)
    family, address = _choose(_look_up(host, port), port)
    tls = parts.scheme == "https"
    return Address(address, port, family, tls, host if tls else "", verify, ca_file)


def path_of(url: str) -> str:
    """Path and query, as a request line has them; "/" if there is none."""
    parts, _ = _split(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def host_of(url: str) -> str:
    """The Host header: the name as written, the port unless it is the scheme's own."""
    parts, port = _split(url)
    if parts.scheme == "http+unix":
        return "localhost"
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host if host.isascii() else host.encode("idna").decode()
    return name if port == PORTS[parts.scheme] else f"{name}:{port}"


def is_local(address: Address) -> bool:
    """True for this machine and private networks: loopback, RFC 1918, link-local, unique-local, UNIX sockets."""
    if address.family == socket.AF_UNIX:
        return True
    try:
        ip = ipaddress.ip_address(address.host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return any(ip in network for network in LOCAL)


def may_load(url: str, address: Address) -> bool:
    """True for what is near, and for public hosts that the user named (`ALLOWED` in the environment)."""
    return is_local(address) or urlsplit(url).hostname in os.environ.get(ALLOWED, "").split(",")


def _split(url: str) -> tuple[SplitResult, int]:
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise EngineError(f"{url[:80]!r} has a blank, line break or backslash", _EXAMPLE)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise EngineError(f"{url[:80]}: {error}", "ports are 1 … 65535; IPv6 stands in brackets: http://[::1]:8000/") from None
    if parts.scheme not in PORTS or "://" not in url:
        raise EngineError(f"{url[:80]}: no http:// or https:// address", _EXAMPLE)
    if not parts.netloc or (not parts.hostname and parts.scheme != "http+unix"):
        raise EngineError(f"{url[:80]}: no host", _EXAMPLE)
    if "@" in parts.netloc:
        raise EngineError("the address holds a user name or password", "send them as a header: headers: {Authorization: …}")
    if port == 0 or parts.netloc.endswith(":"):
        raise EngineError(f"{url[:80]}: no port after the colon" if port is None else f"{url[:80]}: 0 is no port", _EXAMPLE)
    return parts, port or PORTS[parts.scheme]


def _look_up(host: str, port: int) -> list[tuple[int, str]]:
    """(family, address), each once, in the system's order."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise EngineError(
            f"host {host} cannot be resolved: {said}", "is the name right, and is there a name server?"
        ) from error
    families = (socket.AF_INET, socket.AF_INET6)
    known = [(int(family), _numeric(address)) for family, _, _, _, address in found if family in families]
    if not known:
        raise EngineError(f"host {host} has no IPv4 or IPv6 address", _EXAMPLE)
    return list(dict.fromkeys(known))


def _numeric(address: tuple[object, ...]) -> str:
    """The address, with its zone where it needs one."""
    zone = f"%{address[3]}" if len(address) > 3 and address[3] and "%" not in str(address[0]) else ""
    return f"{address[0]}{zone}"


def _choose(known: list[tuple[int, str]], port: int) -> tuple[int, str]:
    if len({family for family, _ in known}) > 1:
        for family, address in known:
            with socket.socket(family, socket.SOCK_STREAM) as link:
                link.settimeout(1.0)
                if link.connect_ex((address, port)) == 0:
                    return family, address
    return known[0]
