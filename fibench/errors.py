"""What can go wrong, said in one or two lines: what, where, what to do.

The exit codes are the documented ones (0 pass, 1 gate or required claim failed, 2 usage, 3 undecided,
4 the measurement failed, 130 interrupted); only this page and `cli/exits.py` know numbers.
"""

from __future__ import annotations


class FibenchError(Exception):
    """A problem the user can act on: `message` (what), `where` (file:line, variant …), `hint` (what to do)."""

    exit_code = 4

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}" + (f"\n  hint: {self.hint}" if self.hint else "")


class UsageError(FibenchError):
    """The words on the command line do not fit together."""

    exit_code = 2


class ScenarioError(UsageError):
    """The YAML scenario cannot be understood."""


class MissingExtraError(UsageError):
    """An optional package is not installed."""


class NotFoundError(UsageError):
    """No such run, label, variant or claim."""


class StoreError(FibenchError):
    """The store cannot be read or written."""


class MeasurementError(FibenchError):
    """Nothing could be measured, or what was measured must not be believed."""
