"""The Python API: `fibench.run`, `fibench.load`, `fibench.compare`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fibench.app.compare import compare as _compare
from fibench.app.judging import judge
from fibench.app.observer import Observer
from fibench.app.planning import Choice
from fibench.app.run import Request
from fibench.app.run import run as _run
from fibench.model.result import RunResult
from fibench.model.run import Run
from fibench.store.sql import open_store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stored run with its raw blocks; `result()` judges it, `to_frame()` gives pandas."""

    run: Run

    def result(self) -> RunResult:
        """Comparisons and claims of this run."""
        return judge(self.run)

    def to_frame(self) -> pd.DataFrame:
        """One row per block: scenario, point, generation, round, variant and every metric, in base units."""
        import pandas as pd

        return pd.DataFrame(list(_rows(self.run)))


def run(*scenarios: str | Path, label: str | None = None, budget: float | None = None, store: str | None = None) -> RunResult:
    """Measure scenario files and return the judged result; `budget` in seconds per case."""
    request = Request(tuple(str(one) for one in scenarios), Choice(budget=budget), label, "fibench.run")
    with open_store(store) as opened:
        return _run(request, opened, Observer()).result


def load(word: str = "last", *, store: str | None = None) -> Loaded:
    """The run called `word`: an id, a label or "last"."""
    with open_store(store, read_only=True) as opened:
        return Loaded(opened.load(opened.find(word)))


def compare(one: str, other: str, *, store: str | None = None) -> RunResult:
    """Compare two variants of the last run, or two stored runs."""
    with open_store(store, read_only=True) as opened:
        return _compare(one, other, opened).result


def _rows(run: Run) -> Any:
    for record in run.cases:
        for generation in record.generations:
            columns = [generation.metrics[name] for name in generation.metrics]
            for number, variant, *values in zip(generation.rounds, generation.variants, *columns, strict=True):
                yield {
                    "scenario": record.case.scenario,
                    **record.case.point,
                    "generation": generation.index,
                    "round": number,
                    "variant": variant,
                    **dict(zip(generation.metrics, values, strict=True)),
                }
