"""The shipped scenarios of these kinds: they load, name every claim of the document once, and fit their budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from fibench.model.case import Case
from fibench.model.scenario import Scenario
from fibench.scenario import expand, kinds, load
from fibench.workloads.builtin import BUILTIN, GROUP, PLANNED

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = sorted(file for pattern in ("event-loop*", "json*", "hdf5*", "demo") for file in FOLDER.glob(f"{pattern}.yaml"))
SERVICES = [FOLDER / f"{name}.yaml" for name in ("workers", "consultations", "capacity", "live-http", "uploads", "copies")]
FILTERS = ("none", "gzip1", "gzip4", "gzip9", "lzf", "lz4", "zstd3")
STATED = {
    "fi.uvloop_1k", "fi.uvloop_10k", "fi.uvloop_general", "fi.orjson_text", "fi.orjson_expected", "fi.memoryview",
    "fi.h5_gzip1_2x", "fi.h5_lzf_4x", "fi.h5_zstd_vs_lzf", "fi.h5_lz4_ideal",
    *(f"fi.h5_{what}_{name}" for what in ("write", "read", "size") for name in FILTERS),
}  # fmt: skip
STATED_OF_SERVICES = {
    *(f"fi.workers_{what}_{count}" for what in ("rps", "p95", "cpu") for count in (1, 2, 4, 8)), "fi.workers_sweet_spot",
    "fi.workers_formula", "fi.workers_memory", "fi.stream_upload", "fi.p95_goal", "fi.throughput_goal", "fi.cpu_goal",
    "fi.memory_goal", "fi.copies",
}  # fmt: skip


def loaded(file: Path) -> tuple[Scenario, tuple[Case, ...]]:
    find = kinds.lookup(BUILTIN, PLANNED, GROUP)
    scenario = load.load(file, find)
    return scenario, expand.expand(scenario, find(scenario.kind))


@pytest.mark.parametrize("file", [*FILES, *SERVICES], ids=lambda file: file.stem)
def test_a_scenario_loads_and_is_called_like_its_file(file: Path) -> None:
    scenario, cases = loaded(file)
    assert scenario.scenario == file.stem
    assert scenario.about
    assert cases


def test_every_claim_of_the_document_is_tested_once_under_its_own_name() -> None:
    found = [claim.id for file in FILES for claim in loaded(file)[0].claims]
    assert len(found) == len(set(found))
    assert set(found) >= STATED
    companions = {name for name in set(found) - STATED if not name.startswith("demo.")}
    assert all(name.rpartition(".")[0] in STATED for name in companions)


def test_every_claim_on_services_is_tested_once_under_its_own_name() -> None:
    found = [claim.id for file in SERVICES for claim in loaded(file)[0].claims]
    assert len(found) == len(set(found))
    assert set(found) >= STATED_OF_SERVICES
    companions = {name for name in set(found) - STATED_OF_SERVICES if "." in name.removeprefix("fi.")}
    assert companions == set(found) - STATED_OF_SERVICES


def test_the_budgets_add_up_to_minutes() -> None:
    budget = {file.stem: sum(case.measure.budget for case in loaded(file)[1]) for file in FILES}
    assert budget["demo"] <= 30
    assert budget["hdf5"] <= 180
    assert sum(budget.values()) <= 8 * 60
    services = sum(case.measure.budget for file in SERVICES for case in loaded(file)[1])
    assert services <= 15 * 60
