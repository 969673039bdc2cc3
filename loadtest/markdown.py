"""Tables of pages, in Markdown."""

from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]


def table(rows: Iterable[Row], columns: Mapping[str, str]) -> str:
    """A table whose columns are format strings over a row; all but the first are numbers."""
    rule = ("---", *["---:"] * (len(columns) - 1))
    cells = ([form.format_map(row) for form in columns.values()] for row in rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in (columns, rule, *cells))
