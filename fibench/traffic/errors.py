"""What goes wrong on the load side, in one or two lines; the stages above turn it into their own errors."""

from __future__ import annotations


class EngineError(Exception):
    """What happened and where (`message`), and what to do about it (`hint`)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
