"""Free ports that stay free: each is held by a bound socket until its server is about to start.

They lie below the system's range for outgoing connections where that is possible. A port from that range may be taken
by any client between its release and the server's bind; and who polls it on loopback may, by chance, connect to itself.
"""

from __future__ import annotations

import errno
import random
import socket

from fibench.traffic.errors import EngineError

LOWEST = 15_000
_RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
_held: dict[int, socket.socket] = {}


def free_port() -> int:
    """A port that nobody has, held for the caller until `release`."""
    highest = _first_outgoing()
    chooser = random.SystemRandom()
    for _ in range(50 if highest > LOWEST + 100 else 0):
        port = chooser.randrange(LOWEST, highest)
        if port not in _held and _hold(port):
            return port
    return _hold(0)


def reserve(port: object) -> int:
    """Hold this very port and return it; EngineError when something listens on it, or it is none."""
    if not str(port).isdecimal() or not 0 < int(str(port)) < 65536:
        raise EngineError(f"{port} is no port", "ports are 1 … 65535")
    found = int(str(port))
    if found in _held or not _hold(found):
        raise EngineError(f"port {port} is already in use", "end what listens there, or let fibench choose a free one")
    return found


def release(port: int) -> None:
    """Let go, for the server to take it; nothing happens if it is not held."""
    held = _held.pop(port, None)
    if held is not None:
        held.close()


def _hold(port: int) -> int:
    """The port now held; 0 when it is in use."""
    held = socket.socket()
    try:
        held.bind(("127.0.0.1", port))
    except OSError as error:
        held.close()
        if error.errno == errno.EADDRINUSE:
            return 0
        raise EngineError(f"cannot bind port {port}: {error.strerror}", "ports below 1024 may need more rights") from error
    found = int(held.getsockname()[1])
    _held[found] = held
    return found


def _first_outgoing() -> int:
    try:
        with open(_RANGE, encoding="ascii") as lines:
            return int(lines.read().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
