"""Sources of texts: tables on the hub or in local files, each under a name of its own."""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import datasets
import pyarrow
import pyarrow.parquet

from scandid.errors import InputError
from scandid.tables import DELIMITERS, separated_rows

PARQUET: Final = ".parquet"
SUFFIXES: Final = (PARQUET, *DELIMITERS)

TEXT_COLUMNS: Final = ("text", "sentence")
LABEL_COLUMNS: Final = ("languages", "language", "label")
SHARES_COLUMN: Final = "shares"

HUB_TABLES: Final = "refs/convert/parquet"
"""Branch of a dataset on the hub that holds its tables as Parquet."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table of texts.

    Attributes:
        place: File, or name of a dataset on the hub.
        name: What ``--weight``, ``--leave-out`` and the printed tables call it.
    """

    place: str
    name: str

    def load(self) -> datasets.Dataset:
        """Read the table.

        Raises:
            InputError: it is missing, holds no rows or cannot be read.
        """
        try:
            path = Path(self.place)
            return _load_file(path) if path.is_file() else _load_hub(self.place)
        except OSError as error:
            raise InputError(f"{self.place}: cannot be read: {error.strerror or error}") from error


def find_sources(data: Sequence[str]) -> list[Source]:
    """The tables of ``--data`` arguments: files, those of folders, names of datasets on the hub.

    Raises:
        InputError: a folder has no table or cannot be read, or two tables would have one name.
    """
    _quieten()
    found = named([place for argument in data for place in _places(argument)])
    return [Source(place, name) for name, place in found.items()]


def named(places: Sequence[str]) -> dict[str, str]:
    """Files or datasets by name, with as many folders before it as tell it from all others.

    Raises:
        InputError: two would have one name; the message names both.
    """
    found: dict[str, str] = {}
    for name, place in zip(_names([_parts(place) for place in places]), places, strict=True):
        if name in found:
            raise InputError(
                f"{found[name]} and {place} would both be {_parts(place)[-1]!r}; "
                "name each once, or rename one of the files"
            )
        found[name] = place
    return found


def _parts(place: str) -> tuple[str, ...]:
    """Folders, or the owner on the hub, and the name, without the ending of a file of ours."""
    path = Path(place)
    if path.is_file():
        path = Path(os.path.normpath(path.absolute()))
    name = path.stem if path.suffix.lower() in SUFFIXES else path.name
    return *(part for part in path.parent.parts if part != path.anchor), name


def _names(parts: Sequence[tuple[str, ...]]) -> list[str]:
    depths = [1] * len(parts)
    while True:
        names = ["_".join(each[-depth:]) for each, depth in zip(parts, depths, strict=True)]
        taken = Counter(names)
        deeper = [
            min(depth + (taken[name] > 1), len(each))
            for each, depth, name in zip(parts, depths, names, strict=True)
        ]
        if deeper == depths:
            return names
        depths = deeper


def _places(argument: str) -> Iterator[str]:
    path = Path(argument)
    try:
        if not path.is_dir():
            yield argument
            return
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise InputError(f"{argument}: cannot be read: {error.strerror}") from error
    if not files:
        raise InputError(f"{path}: no {', '.join(SUFFIXES)} file in this folder")
    yield from map(str, files)


def _quieten() -> None:
    """Leave errors to us, who say them in one line, and show bars only to people."""
    datasets.utils.logging.set_verbosity(datasets.utils.logging.CRITICAL)
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()


def _load_file(path: Path) -> datasets.Dataset:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: ends in {path.suffix!r}, expected one of {', '.join(SUFFIXES)}")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: is an empty file")
    return _load_parquet(path) if suffix == PARQUET else _load_separated(path)


def _load_parquet(path: Path) -> datasets.Dataset:
    try:
        # Not by load_dataset, which takes a name for a pattern, and what it has read before for the
        # file as long as its time is the same.
        table = pyarrow.parquet.ParquetFile(path).read()
        if table.num_rows == 0:
            raise InputError(f"{path}: holds no rows")
        return datasets.Dataset(table)
    except (
        *(datasets.exceptions.DatasetsError, pyarrow.ArrowException),
        *(ValueError, NotImplementedError, OSError),
    ) as error:
        raise InputError(f"{path}: cannot be read as parquet: {_reason(error)}") from error


def _load_separated(path: Path) -> datasets.Dataset:
    """Cells as they stand; columns without a name are nobody's."""
    rows = separated_rows(path, [*TEXT_COLUMNS, SHARES_COLUMN], LABEL_COLUMNS)
    head = next(rows)
    columns: list[list[str]] = [[] for _ in head]
    for row in rows:
        for place, column in enumerate(columns):
            column.append(row[place] if place < len(row) else "")
    named = {name: column for name, column in zip(head, columns, strict=True) if name}
    return datasets.Dataset.from_dict(named)


def _load_hub(name: str) -> datasets.Dataset:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise InputError(f"{name}: no such file or folder, and no name of a dataset (OWNER/NAME)")
    try:
        try:
            return datasets.load_dataset(name, split="train")
        except RuntimeError:
            # A dataset made by a script, which datasets no longer runs; the hub keeps a copy of
            # its tables, with the names of the labels.
            return datasets.load_dataset(name, split="train", revision=HUB_TABLES)
    except (datasets.exceptions.DatasetsError, OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"{name}: no such file or folder, and the hub does not give it: {_reason(error)}"
        ) from error


def _reason(error: BaseException) -> str:
    """The first line of what lies behind an error of datasets."""
    return str(error.__cause__ or error).strip().partition("\n")[0]
