"""Labelled texts from files: Parquet, TSV or CSV with the columns ``text`` and ``languages``."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scandid.errors import InputError
from scandid.labels import LANGUAGES, OTHER

COLUMNS: Final = ("text", "languages")
_CODE: Final = re.compile(r"[a-z]{3}|other")
_DELIMITERS: Final = {".tsv": "\t", ".csv": ","}
_ROWS_PER_READ: Final = 4096


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and the labels that are right for it: languages scandid knows, or ``{"other"}``."""

    text: str
    gold: frozenset[str]


def read_table(path: str | Path) -> Iterator[LabelledText]:
    """Read labelled texts, a part of the file at a time.

    ``languages`` holds ISO 639-3 codes: a list in Parquet, separated by blanks, commas or ``|`` in
    TSV and CSV. Codes other than dan, swe, nob and nno count as ``other``.

    Raises:
        InputError: the file cannot be read, a column is missing, or a code is malformed; the text
            names file, row and column.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{file}: no such file")
    for number, (text, codes) in enumerate(_rows(file), start=1):
        yield LabelledText(text, gold_labels(codes, f"{file}: row {number}: column languages"))


def gold_labels(codes: Iterable[str], where: str) -> frozenset[str]:
    """Turn language codes into labels.

    Raises:
        InputError: there is no code, or one is not three small letters.
    """
    found = frozenset(codes)
    for code in found:
        if not _CODE.fullmatch(code):
            raise InputError(f"{where}: {code!r} is no ISO 639-3 code (three small letters)")
    if not found:
        raise InputError(f"{where}: is empty, expected at least one ISO 639-3 code")
    return found.intersection(LANGUAGES) or frozenset({OTHER})


def _rows(file: Path) -> Iterator[tuple[str, list[str]]]:
    if file.suffix == ".parquet":
        return _parquet_rows(file)
    if file.suffix in _DELIMITERS:
        return _text_rows(file, _DELIMITERS[file.suffix])
    raise InputError(f"{file}: ends in {file.suffix!r}, expected .parquet, .tsv or .csv")


def _parquet_rows(file: Path) -> Iterator[tuple[str, list[str]]]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            f"{file}: reading Parquet needs pyarrow: pip install 'scandid[cli]'"
        ) from error
    try:
        table = pyarrow.parquet.ParquetFile(file)
    except (OSError, pyarrow.ArrowInvalid) as error:
        raise InputError(f"{file}: is no Parquet file: {error}") from error
    _require_columns(file, table.schema_arrow.names)
    for batch in table.iter_batches(_ROWS_PER_READ, columns=list(COLUMNS)):
        yield from zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True)


def _text_rows(file: Path, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter=delimiter)
        _require_columns(file, reader.fieldnames or ())
        try:
            for row in reader:
                yield row["text"] or "", re.findall(r"[^\s,|;]+", row["languages"] or "")
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{file}: line {reader.line_num + 1}: {error}") from error


def _require_columns(file: Path, names: Iterable[str]) -> None:
    present = list(names)
    for column in COLUMNS:
        if column not in present:
            raise InputError(
                f"{file}: column {column!r} is missing, found {', '.join(present) or 'none'}"
            )
