"""fibench validate: is the scenario understood, and what would it measure?"""

from __future__ import annotations

from typing import Annotated

import typer

from fibench.cli import exits, options


def command(
    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO...", help="Files or names.")],
    set_: options.Set = [],
    json: options.Json = False,
) -> int:
    """Check scenarios without measuring; prints the cases, their variants and the longest time they may take.

    Example: fibench validate scenarios/json.yaml
    """
    from fibench import units
    from fibench.app.planning import Choice, plan
    from fibench.cli.console import emit, say
    from fibench.cli.table import print_table

    cases = [one.case for one in plan(scenarios, Choice(tuple(set_)))]
    if json:
        import json as codec

        emit(codec.dumps([codec.loads(case.model_dump_json()) for case in cases], indent=2, ensure_ascii=False))
        return exits.PASS
    rows = [
        (case.title, case.kind, " ".join(v.name for v in case.variants), " ".join(m.name for m in case.metrics), str(len(case.claims)))
        for case in cases
    ]  # fmt: skip
    print_table(("case", "kind", "variants", "metrics", "claims"), rows)
    budget = sum(case.measure.budget for case in cases)
    say(f"valid: {len(cases)} case{'s' * (len(cases) != 1)}, at most {units.duration(budget)}")
    return exits.PASS
