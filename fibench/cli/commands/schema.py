"""fibench schema: the JSON Schema of a scenario, for editors."""

from __future__ import annotations

from fibench.cli import exits


def command() -> int:
    """Print the JSON Schema of scenarios.

    Example: fibench schema > scenario.schema.json
    """
    import json

    from fibench.app.kinds import kind, kinds
    from fibench.cli.console import emit
    from fibench.scenario.schema import schema

    emit(json.dumps(schema([kind(name) for name in sorted(kinds())]), indent=2, ensure_ascii=False))
    return exits.PASS
