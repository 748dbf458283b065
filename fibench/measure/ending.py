"""How a process ended, and where: the user's own deepest frame, not the library's that it called. Standard library only."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterable

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARY = re.compile(r"[/\\]lib(?:64)?[/\\]python\d|[/\\]site-packages[/\\]")
_DUMPED = re.compile(r'^  File "(.+)", line (\d+)', re.MULTILINE)


def how(code: int) -> str:
    """ "was killed by SIGSEGV" or "exited with code 3"."""
    if code >= 0:
        return f"exited with code {code}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was killed by {known.get(-code, f'signal {-code}')}"


def choose(frames: Iterable[tuple[str, int]], *, library: bool = True) -> str:
    """ "file:line" of the first frame that is the user's (else a library's) code; frames come deepest first."""
    found = [frame for frame in frames if not frame[0].startswith((_OWN, "<"))]
    own = [frame for frame in found if not _LIBRARY.search(frame[0])]
    chosen = own or (found if library else [])
    return "{}:{}".format(*chosen[0]) if chosen else ""


def dumped(text: str) -> str:
    """The same, from what `faulthandler` wrote; an event loop that waits has no frame of the user's, so it names none."""
    return choose(((name, int(line)) for name, line in _DUMPED.findall(text)), library=False)
