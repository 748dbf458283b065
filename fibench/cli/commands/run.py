"""fibench run: measure, store, print the verdicts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from fibench.cli import exits, options

if TYPE_CHECKING:
    from fibench.model.result import RunResult


def command(
    scenarios: Annotated[Optional[list[str]], typer.Argument(metavar="SCENARIO", help="Files or names.")] = None,
    label: options.Label = None,
    set_: options.Set = [],  # typer copies defaults
    budget: options.Budget = None,
    variant: options.Variants = [],
    may_load: options.MayLoad = [],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the last interrupted run.")] = False,
    page: Annotated[bool, typer.Option("--report", help="Write the HTML report too.")] = False,
    json: options.Json = False,
    store: options.Store = None,
) -> int:
    """Measure scenarios and print the verdicts.

    Every generation is stored as it comes: after Ctrl-C or a crash, --resume goes on.

    Example: fibench run scenarios/json.yaml --label before --budget '10 s'
    """
    from fibench.app.planning import Choice, plan
    from fibench.units import parse_option

    choice = Choice(tuple(set_), parse_option("--budget", budget, "duration"), tuple(variant), tuple(may_load))
    planned = plan(scenarios or (), choice) if scenarios or not resume else None  # a wrong scenario is answered at once
    from fibench.app.resume import resume_run
    from fibench.app.run import Request, run
    from fibench.cli.live import observer
    from fibench.cli.main import debugging
    from fibench.cli.show import REPORTS, check_outputs, print_result
    from fibench.cli.unfinished import say_interrupted
    from fibench.store.sql import open_store

    check_outputs([REPORTS / f"{label or 'run'}.html"] if page else [])
    request = Request(tuple(scenarios or ()), choice, label, " ".join(sys.argv[1:]), debugging())
    with open_store(store) as opened, observer(quiet=json) as watching:
        measured = (resume_run if resume else run)(request, opened, watching, planned)
    print_result(measured.result, measured.run, json=json, page=page)
    if measured.run.state == "interrupted":
        say_interrupted(measured.run, store)
    return exit_code(measured.result)


def exit_code(result: RunResult) -> int:
    """0, or what the user must not miss: interrupted, failed measurement, a required claim refuted or undecided."""
    from fibench.judge.refusals import UNAVAILABLE, VOID

    if result.state == "interrupted":
        return exits.INTERRUPTED
    lost = [case for case in result.cases if UNAVAILABLE not in (case.reason or UNAVAILABLE)]
    if any(case.state == "invalid" or VOID not in (case.reason or "") for case in lost):
        return exits.MEASUREMENT
    required = {claim.verdict for claim in result.claims if claim.required}
    if "REFUTED" in required:
        return exits.FAILED
    return exits.UNDECIDED if required & {"UNPROVEN", "NOT TESTABLE"} else exits.PASS
