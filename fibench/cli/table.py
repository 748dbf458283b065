"""A plain table on stdout, readable at 80 columns and without colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fibench.cli.console import out


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns fold instead of being cut; cells are text, never markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for number, name in enumerate(header):
        table.add_column(name, overflow="fold", no_wrap=number == 0 and name != "case")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out().print(table)
