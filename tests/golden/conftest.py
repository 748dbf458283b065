"""The fixture is a plain module; it is found from here whatever pytest's import mode is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fibench.model.document import Report

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def report() -> Report:
    """The fixed run as every exporter gets it."""
    import fixture

    made: Report = fixture.report()
    return made
