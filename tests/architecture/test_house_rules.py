"""The rules of the house, checked: see `fibench/__init__.py` and pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "fibench").rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_function_has_at_most_40_lines_besides_its_docstring(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = node.body[0] if ast.get_docstring(node) is not None else None
            said = docstring.end_lineno - docstring.lineno + 1 if docstring and docstring.end_lineno else 0
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno + 1 - said <= 40, f"{path.name}:{node.lineno} {node.name}"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_module_opens_with_its_story(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.name == "__init__.py"


def test_there_is_no_utils_module() -> None:
    assert not [path for path in FILES if path.stem in ("utils", "util", "helpers", "misc")]


def test_imports_go_down_only_and_stages_never_import_one_another() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after running `code`."""
    report = f"{code}\nimport sys; print(' '.join(sorted({{name.split('.')[0] for name in sys.modules}})), file=sys.__stdout__)"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_imports_nothing_heavy() -> None:
    heavy = {"pandas", "h5py", "locust", "scipy", "sqlalchemy", "numpy", "pydantic", "jinja2"}
    assert not heavy & loaded_by("from fibench.cli.main import entry\nentry(['--help'])")


def test_a_worker_starts_with_the_standard_library_only() -> None:
    heavy = {"numpy", "pydantic", "yaml", "rich", "typer", "psutil", "asyncio", "dataclasses", "inspect"}
    assert not heavy & loaded_by("import fibench.worker, fibench.operations.python")
