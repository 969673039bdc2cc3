"""Pieces of Markdown: tables and figures in percent."""

from collections.abc import Mapping, Sequence


def table(columns: Sequence[str], rows: Mapping[str, Sequence[str]], cells: str = "---:") -> str:
    """A table whose first column is text and whose others are figures, or text with ``---``."""
    lines = [f"| {' | '.join(columns)} |", "| --- |" + f" {cells} |" * (len(columns) - 1)]
    lines += [f"| {' | '.join((name, *row))} |" for name, row in rows.items()]
    return "\n".join(lines)


def percent(share: float) -> str:
    """A share as percent with two decimals, as in ``98.86``."""
    return f"{100 * share:.2f}"


def points(share: float) -> str:
    """A difference of shares in points with its sign, as in ``-0.31``."""
    return f"{100 * share:+.2f}"


def code(name: str) -> str:
    """A name as code."""
    return f"`{name}`"
