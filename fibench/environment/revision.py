"""Work trees of git revisions, made for a run; the session's nursery (or its guard) removes them with it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from fibench.errors import ScenarioError


@dataclass(frozen=True, slots=True)
class Checkout:
    """A revision checked out at `folder`; `root` is the repository's own top folder."""

    revision: str
    commit: str
    root: Path
    folder: Path


def check_out(
    revisions: Iterable[str], inside: Path, where: Path, announce: Callable[[Path, Path], None]
) -> dict[str, Checkout]:
    """A detached work tree for every revision, below `where`; ScenarioError when git does not know one.

    `announce(repository, work tree)` is called before each is made: whatever happens then, it must be forgotten.
    """
    wanted = sorted(set(revisions))
    if not wanted:
        return {}
    root = Path(_git(inside, "rev-parse", "--show-toplevel", what="the scenario lies in no git repository"))
    found: dict[str, Checkout] = {}
    for revision in wanted:
        commit = resolve(root, revision)
        folder = where / f"revision-{commit[:12]}"
        if not folder.exists():
            announce(root, folder)
            _git(root, "worktree", "add", "--detach", "--quiet", str(folder), commit, what=f"cannot check out {revision}")
        found[revision] = Checkout(revision, commit, root.resolve(), folder.resolve())
    return found


def verify(inside: Path, revision: str) -> None:
    """ScenarioError when `inside` lies in no repository, or git knows no such revision there."""
    resolve(inside, revision)


def resolve(root: Path, revision: str) -> str:
    """The full commit id of a revision; a word that could be taken for an option is refused."""
    if revision.startswith("-"):
        raise ScenarioError(f"'{revision}' is no git revision")
    what = f"git knows no revision '{revision}'"
    return _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", what=what)


def _git(folder: Path, *words: str, what: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScenarioError(f"{what}: {error}", hint="`revision:` needs git") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ScenarioError(what + (f": {said[-1].removeprefix('fatal: ')}" if said else ""), hint=f"looked in {folder}")
    return done.stdout.strip()
