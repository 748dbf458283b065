"""Which scenarios are there, and which file is meant by a bare name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fibench.errors import NotFoundError, ScenarioError
from fibench.registry import did_you_mean
from fibench.scenario import yaml_lines
from fibench.scenario.load import read
from fibench.scenario.places import plain

FOLDER = "scenarios"
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `fibench list`; `problem` says why a file cannot be read as a scenario."""

    path: Path
    name: str
    kind: str = ""
    about: str = ""
    claims: int = 0
    problem: str = ""


def find(word: str, root: Path | None = None) -> Path:
    """A path as it is; `json` means scenarios/json.yaml or json.yaml under `root` (the current folder)."""
    base = root or Path()
    given = base / word
    if given.is_file() or (given.suffix.lower() in SUFFIXES and given.exists()):
        return given
    for folder in (base / FOLDER, base):
        for suffix in SUFFIXES:
            if (found := folder / f"{word}{suffix}").is_file():
                return found
    for entry in listing(base):
        if entry.name == word and not entry.problem:
            return entry.path
    hint = did_you_mean(Path(word).stem or word, {path.stem for path in _files(base)})
    raise NotFoundError(f"there is no scenario '{plain(word)}'", hint=hint)


def listing(root: Path | None = None) -> list[Entry]:
    """Every scenario in `scenarios/` under `root`, by name; broken files are listed with their problem."""
    return sorted((_entry(path) for path in _files(root or Path(), alone=True)), key=lambda entry: entry.name)


def _files(root: Path, *, alone: bool = False) -> list[Path]:
    folders = (root / FOLDER,) if alone else (root / FOLDER, root)
    found = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return sorted(path for path in found if path.suffix.lower() in SUFFIXES and path.is_file())


def _entry(path: Path) -> Entry:
    try:
        data = yaml_lines.parse(read(path), str(path)).data
    except ScenarioError as problem:
        return Entry(path, path.stem, problem=str(problem))
    if not isinstance(data, dict) or "scenario" not in data:
        return Entry(path, path.stem, problem=f"{path}: no scenario: the key 'scenario' is missing")
    claims = data.get("claims")
    about = " ".join(str(data.get("about") or "").split())
    count = len(claims) if isinstance(claims, list) else 0
    return Entry(path, str(data["scenario"]), str(data.get("kind", "")), about, count)
