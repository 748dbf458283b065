"""Load goes only where its sender may send it: a public address needs the user's word."""

from __future__ import annotations

import os
from collections.abc import Sequence
from urllib.parse import urlsplit

from fibench.app.planning import Planned
from fibench.errors import UsageError
from fibench.traffic.errors import EngineError
from fibench.traffic.resolve import ALLOWED, may_load, resolve


def check(planned: Sequence[Planned], allowed: Sequence[str]) -> None:
    """UsageError for the first public address whose host is not in `allowed`; nothing has been sent to it yet.

    The processes that send the load look once more, at what the name leads to by then.
    """
    os.environ[ALLOWED] = ",".join(allowed)
    for one in planned:
        for variant in one.case.variants:
            for url in one.workload.addresses(variant.params):
                if _public(url):
                    host = urlsplit(url).hostname
                    raise UsageError(
                        f"{one.case.scenario}: '{variant.name}' would send load to {host}, a public address",
                        hint=f"if you may do that: --yes-i-may-load {host}",
                    )


def _public(url: str) -> bool:
    """True for a public host that nobody named; a name that does not resolve gets no load at all."""
    try:
        return not may_load(url, resolve(url))
    except EngineError:
        return False
