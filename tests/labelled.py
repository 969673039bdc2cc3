"""Labelled texts as a file, for tests of what reads such."""

from pathlib import Path


def write_table(path: Path, *rows: tuple[str, str]) -> Path:
    """Write texts and their codes as TSV; returns the path."""
    lines = ["text\tlanguages", *("\t".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
