"""The README cannot lie: its commands run as they are printed, its scenarios are valid, its list of commands is whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from fibench.app.kinds import kind, kinds
from fibench.cli.main import app
from fibench.scenario.load import load_text

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [info.name for info in app.registered_commands if not info.hidden]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a user has it: the scenarios, and the files that the README tells to write."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    for name, text in re.findall(r"^`([\w.]+)`:\n\n```(?:python|yaml)\n(.*?)^```", README, re.M | re.S):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def commands() -> list[str]:
    return [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ fibench")]


def test_the_readme_shows_commands() -> None:
    assert len(commands()) >= 8


@pytest.mark.parametrize("line", commands())
def test_a_shown_command_runs(line: str, checkout: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(line, shell=True, cwd=checkout, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", blocks("yaml"), ids=lambda text: text.splitlines()[0])
def test_a_shown_scenario_is_valid(text: str) -> None:
    assert load_text(text, "README.md", kind).scenario


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_and_has_help_with_an_example(name: str) -> None:
    assert f"`{name}`" in README or f"fibench {name}" in README
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    assert "Example: fibench" in command.help


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_kind_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_every_option_that_the_readme_names_exists() -> None:
    known = {
        option
        for command in typer.main.get_command(app).commands.values()  # type: ignore[attr-defined]
        for parameter in command.params
        for option in parameter.opts
    } | {"--debug", "--version", "--help"}
    named = set(re.findall(r"`(--[a-z-]+)", README)) | {
        word.partition("=")[0] for line in commands() for word in line.split() if word.startswith("--")
    }
    assert named <= known
