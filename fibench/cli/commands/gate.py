"""fibench gate: for CI. 0: nothing gated is worse; 1: something is; 3: undecided; 4: the measurement failed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from fibench.cli import exits, options

if TYPE_CHECKING:
    from fibench.app.gate import GateResult

CODES = {"pass": exits.PASS, "worse": exits.FAILED, "undecided": exits.UNDECIDED, "invalid": exits.MEASUREMENT}


def command(
    scenarios: Annotated[list[str], typer.Argument(metavar="SCENARIO", help="Files or names with a `gate:`.")],
    against: Annotated[
        Optional[str], typer.Option(metavar="REVISION", help="Measure this git revision beside the work tree.")
    ] = None,
    baseline: Annotated[Optional[str], typer.Option(metavar="LABEL", help="Hold against a stored run.")] = None,
    undecided: Annotated[str, typer.Option(metavar="fail|pass", help="What undecided means: exit 3 or 0.")] = "fail",
    label: options.Label = None,
    set_: options.Set = [],
    budget: options.Budget = None,
    may_load: options.MayLoad = [],
    output: Annotated[list[Path], typer.Option("--output", "-o", metavar="FILE", help="Report or .xml (JUnit).")] = [],
    json: options.Json = False,
    store: options.Store = None,
) -> int:
    """Measure, and fail (exit 1) when a gated metric is worse.

    Worse means: by more than the margin of the metric that the scenario declares under `gate:`, twice.

    Example: fibench gate scenarios/mine.yaml --against main
    """
    from fibench.app.planning import Choice, plan
    from fibench.units import parse_option

    choice = Choice(tuple(set_), parse_option("--budget", budget, "duration"), may_load=tuple(may_load))
    planned = plan(scenarios, choice)  # a wrong scenario is answered at once
    from fibench.app.gate import Against, gate, gated_cases
    from fibench.app.run import Request
    from fibench.cli.gating import print_gate
    from fibench.cli.live import observer
    from fibench.cli.main import debugging
    from fibench.cli.show import check_outputs
    from fibench.store.sql import open_store

    _check(against, baseline, undecided)
    request = Request(tuple(scenarios), choice, label, " ".join(sys.argv[1:]), debugging())
    held = Against(against, baseline)
    planned = gated_cases(planned, held)
    check_outputs(output)
    with open_store(store) as opened, observer(quiet=json) as watching:
        found = gate(planned, request, held, opened, watching)
    print_gate(found, json=json, output=output)
    return _code(found, undecided)


def _check(against: str | None, baseline: str | None, undecided: str) -> None:
    from fibench.errors import UsageError

    if against and baseline:
        raise UsageError("--against and --baseline exclude each other")
    if undecided not in ("fail", "pass"):
        raise UsageError(f"--undecided is fail or pass, not '{undecided}'")


def _code(found: GateResult, undecided: str) -> int:
    if found.result.state == "interrupted":
        return exits.INTERRUPTED
    code = CODES[found.word]
    return exits.PASS if code == exits.UNDECIDED and undecided == "pass" else code
