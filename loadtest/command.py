"""The command lines that only name files: with ``--help``, and one line for what is missing."""

import argparse
from pathlib import Path


def files(description: str | None, *names: str) -> list[Path]:
    """The files that the command line names, in the order that was asked for."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=description, formatter_class=raw)
    for name in names:
        parser.add_argument(name, type=Path)
    given: dict[str, Path] = vars(parser.parse_args())
    return [given[name] for name in names]
