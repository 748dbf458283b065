"""fibench validate: is the scenario understood, and what would it measure?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fibench.cli import exits, options

if TYPE_CHECKING:
    from fibench.app.planning import Planned
    from fibench.model.case import Case


def command(
    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO", help="Files or names.")],
    targets: Annotated[
        bool, typer.Option("--targets/--no-targets", help="Import Python targets, in a process of their own.")
    ] = True,
    set_: options.Set = [],
    json: options.Json = False,
) -> int:
    """Check scenarios without measuring them.

    Prints the cases, their variants and the longest time they may take. Targets of kind python are imported by a fresh
    interpreter (their modules' code runs, as it does when they are measured), unless --no-targets.

    Example: fibench validate scenarios/json.yaml
    """
    from fibench import units
    from fibench.app.planning import Choice, plan
    from fibench.cli.console import emit, say
    from fibench.cli.table import print_table

    planned = plan(scenarios, Choice(tuple(set_)))
    checked = _check_targets(planned, wanted=targets)
    cases = [one.case for one in planned]
    if json:
        import json as codec

        emit(codec.dumps([codec.loads(case.model_dump_json()) for case in cases], indent=2, ensure_ascii=False))
        return exits.PASS
    print_table(("case", "kind", "variants", "metrics", "claims"), [_row(case) for case in cases])
    budget = sum(case.measure.budget for case in cases)
    say(f"valid: {len(cases)} case{'s' * (len(cases) != 1)}, at most {units.duration(budget)}{checked}")
    return exits.PASS


def _row(case: Case) -> tuple[str, ...]:
    variants, metrics = (" ".join(one.name for one in some) for some in (case.variants, case.metrics))
    return case.title, case.kind, variants, metrics, str(len(case.claims))


def _check_targets(planned: Sequence[Planned], *, wanted: bool) -> str:
    """ "; targets checked"; ScenarioError for those that are not there."""
    from fibench.app.targets import check, checkable
    from fibench.cli.console import say
    from fibench.errors import ScenarioError

    if not checkable(planned):
        return ""
    if not wanted:
        return "; targets not checked"
    found = check(planned)
    missing = [f"{one.where}: {one.reason}" for one in found if one.certain]
    if missing:
        raise ScenarioError("\n".join(missing), hint="--no-targets checks the rest")
    for one in found:
        say(f"note: {one.where}: {one.reason}")
    return "; targets checked" if not found else "; not all targets checked"
