"""The terminal picture of the README: what `fibench show RUN` prints, as an SVG without anything from outside."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console

from fibench.app.history import judged
from fibench.report.builder import build
from fibench.report.formats.terminal import print_document
from fibench.store.sql import open_store

WIDTH = 88


def picture(word: str) -> str:
    """The SVG of a stored run's verdicts; web fonts are cut out, so that it is whole offline."""
    with open_store(None, read_only=True) as store:
        run, result = judged(store, word)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    print_document(build(result, run), console)
    drawn = console.export_svg(title=f"fibench run scenarios/{result.cases[0].case.scenario}.yaml", unique_id="fibench")
    whole = re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", "", drawn, flags=re.S)
    return whole.replace("Fira Code", "ui-monospace, Menlo, Consolas")


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.write_text(picture(sys.argv[1]), encoding="utf-8")
    print(f"picture: {target}")
