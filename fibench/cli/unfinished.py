"""A run that was broken off: what it measured is shown, what it did not is one line, and how to go on comes last."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from fibench.cli.console import err, out, say
from fibench.cli.labels import labels

if TYPE_CHECKING:
    from fibench.model.result import RunResult
    from fibench.model.run import CaseRecord, Run


def begun(result: RunResult, run: Run | None) -> tuple[RunResult, list[str]]:
    """The result without the cases of which nothing was measured and the claims on them; the names of those cases."""
    if run is None or run.state == "complete" or len(run.cases) != len(result.cases):
        return result, []
    missing = [index for index, record in enumerate(run.cases) if not _begun(record)]
    names = labels([record.case for record in run.cases])
    titles = {run.cases[index].case.title for index in missing}
    cases = tuple(case for index, case in enumerate(result.cases) if index not in missing)
    claims = tuple(claim for claim in result.claims if not (claim.measured is None and claim.evidence and claim.case in titles))
    return replace(result, cases=cases, claims=claims), [names[index] for index in missing]


def say_missing(names: list[str]) -> None:
    """ "not measured: a, b, c" on one line, as far as there is room."""
    if not names:
        return
    room, shown = out().width - len("not measured:  and 999 more"), list(names)
    while len(shown) > 1 and len(", ".join(shown)) > room:
        shown.pop()
    rest = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
    out().print(f"not measured: {', '.join(shown)}{rest}", markup=False, soft_wrap=True)


def say_interrupted(run: Run, store: str | None) -> None:
    """Where it was, and how to go on: the last line."""
    open_cases = [index for index, record in enumerate(run.cases) if not record.done]
    where = f" in case {open_cases[0] + 1} of {len(run.cases)}" if open_cases else ""
    there = f" --store {store}" if store and store != os.environ.get("FIBENCH_STORE") else ""
    how = f"Go on: fibench run --resume{there}"
    told = f"interrupted{where}; everything measured is kept."
    say(f"{told} {how}" if len(told) + len(how) < err().width else f"{told}\n{how}")


def _begun(record: CaseRecord) -> bool:
    return record.done or bool(record.generations)
