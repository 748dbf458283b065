"""fibench doctor: what this machine can and cannot do, and how quiet it is."""

from __future__ import annotations

from fibench.cli import exits, options


def command(json: options.Json = False, store: options.Store = None) -> int:
    """Say what this machine can do, and how quiet it is.

    Example: fibench doctor
    """
    from fibench.app.doctor import examine
    from fibench.cli.console import emit
    from fibench.cli.table import print_table

    found = examine(store)
    if json:
        import json as codec

        emit(codec.dumps([check.to_json() for check in found], indent=2, ensure_ascii=False))
    else:
        rows = [(check.state, check.name, check.found, check.hint) for check in found]
        print_table(("", "check", "found", "what to do"), rows, below=("what to do",))
    return exits.MEASUREMENT if any(check.state == "fail" for check in found) else exits.PASS
