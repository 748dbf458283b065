"""Every built-in format by name, and which one a name or a file's suffix means."""

from __future__ import annotations

from pathlib import PurePath

from fibench import registry
from fibench.errors import UsageError
from fibench.ports import Exporter

GROUP = "fibench.exporters"

BUILTIN = {
    "terminal": "fibench.report.formats.terminal:Terminal",
    "markdown": "fibench.report.formats.markdown:Markdown",
    "html": "fibench.report.formats.html_page:HtmlPage",
    "json": "fibench.report.formats.json_doc:JsonDoc",
    "csv": "fibench.report.formats.csv_table:CsvTable",
    "junit": "fibench.report.formats.junit:JUnit",
}

SUFFIXES = {
    ".txt": "terminal", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".json": "json",
    ".csv": "csv", ".xml": "junit",
}  # fmt: skip


def exporter(name: str) -> Exporter:
    """The format called `name`, built in or registered by a plug-in."""
    found: Exporter = registry.resolve(name, BUILTIN, GROUP, what="format")()
    return found


def exporter_for(path: str | PurePath, name: str | None = None) -> Exporter:
    """The format called `name` if one was named, else the one that the file's suffix means."""
    if name:
        return exporter(name)
    suffix = PurePath(path).suffix.lower()
    if suffix in SUFFIXES:
        return exporter(SUFFIXES[suffix])
    for other in sorted(set(registry.names(BUILTIN, GROUP)) - set(BUILTIN)):
        plugin = exporter(other)
        if suffix and plugin.suffix == suffix:
            return plugin
    raise UsageError(
        f"no format is known for the suffix '{suffix}'" if suffix else f"'{path}' has no suffix that would name a format",
        where=str(path),
        hint=f"end the name in one of {', '.join(sorted(SUFFIXES))}, or name the format: {', '.join(sorted(BUILTIN))}",
    )
