"""Which scenarios are there, and which file is meant by a bare name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fibench.errors import NotFoundError, ScenarioError
from fibench.registry import did_you_mean
from fibench.scenario import yaml_lines
from fibench.scenario.load import read
from fibench.scenario.places import plain

FOLDER = "scenarios"
SUFFIXES = (".yaml", ".yml")
MOST = 20
"""So many names are told; the rest is counted."""
SAYS_SO = re.compile(r"""^["']?scenario["']?\s*:|^\s*\{\s*["']?scenario["']?\s*:""", re.M)
"""How a file that means to be a scenario begins one of its lines."""


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
    raise NotFoundError(f"there is no scenario '{plain(word)}'", hint=_nearest(word, listing(base)))


def listing(root: Path | None = None) -> list[Entry]:
    """Every scenario in `root` and its `scenarios/`, by name. A broken file is listed with its problem, unless it lies
    in `root` and has nothing of a scenario: other tools keep YAML there too."""
    base = root or Path()
    entries = [_entry(path) for path in _files(base / FOLDER)]
    entries += [_entry(path) for path in _files(base) if _meant(path)]
    return sorted(entries, key=lambda entry: entry.name)


def _nearest(word: str, entries: list[Entry]) -> str:
    """The scenario that was meant, else what there is."""
    if not entries:
        return "there is none in ./ or ./scenarios: fibench init writes one"
    near = did_you_mean(Path(word).stem or word, {name for entry in entries for name in (entry.name, entry.path.stem)})
    if near.startswith("did"):
        return near
    names = list(dict.fromkeys(entry.name for entry in entries))
    more = f" and {len(names) - MOST} more: fibench list" if len(names) > MOST else ""
    return f"there {'is' if len(names) == 1 else 'are'} {', '.join(names[:MOST])}{more}"


def _files(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.suffix.lower() in SUFFIXES and path.is_file())


def _meant(path: Path) -> bool:
    try:
        return SAYS_SO.search(read(path)) is not None
    except ScenarioError:
        return False


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
