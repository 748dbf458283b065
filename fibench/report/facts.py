"""The machine's fingerprint and the run's identity as keys and values."""

from __future__ import annotations

from datetime import UTC, datetime

from fibench import units
from fibench.model.document import Facts
from fibench.model.fingerprint import Fingerprint
from fibench.model.run import Run


def machine(print_: Fingerprint, title: str = "Machine") -> Facts:
    """Where it ran; what is unknown is left out."""
    items = (
        ("host", print_.host), ("processor", print_.cpu), ("cores", _cores(print_)),
        ("memory", units.show(print_.memory, "B") if print_.memory else ""), ("virtual machine", print_.virtual),
        ("kernel", print_.kernel), ("CPU governor", print_.governor), ("Python", print_.python), ("build", print_.build),
        ("packages", ", ".join(f"{name} {version}" for name, version in sorted(print_.packages.items()))),
        ("revision", print_.git), ("fibench", print_.fibench),
        *((f"noise: {name.replace('_', ' ')}", units.three_digits(value)) for name, value in print_.noise.items()),
    )  # fmt: skip
    return Facts(title, tuple((key, value) for key, value in items if value))


def session(run: Run, title: str = "Run") -> Facts:
    """Which run it was."""
    items = (
        ("run", run.id), ("label", run.label or ""), ("state", run.state), ("started", moment(run.started)),
        ("took", units.duration(run.seconds) if run.seconds else ""), ("seed", str(run.seed)), ("command", run.command),
    )  # fmt: skip
    return Facts(title, tuple((key, value) for key, value in items if value))


def moment(seconds: float) -> str:
    """A moment in UTC, to the minute: the page reads the same wherever it is opened."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC") if seconds else ""


def _cores(print_: Fingerprint) -> str:
    quota = f" (limited to {print_.quota:g})" if print_.quota else ""
    return f"{print_.cores}{quota}" if print_.cores else ""
