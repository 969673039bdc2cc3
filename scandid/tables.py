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

WILI_CODES: Final = frozenset({"be-tarask", "map-bms", "nds-nl", "roa-tara", "zh-yue"})
"""The codes of WiLI-2018 that are no ISO 639-3; none is a language scandid knows."""

UNDECIDED_CODES: Final = frozenset({"nor"})
"""Norwegian without saying which: neither right nor wrong for Bokmål, so it cannot be used."""

_CODE: Final = re.compile(r"[a-z]{3}|other")
_SEPARATORS: Final = re.compile(r"[\s,|;]+")
_DELIMITERS: Final = {".tsv": "\t", ".csv": ","}
_ROWS_PER_READ: Final = 4096


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and the labels that are right for it: languages scandid knows, or ``{"other"}``."""

    text: str
    gold: frozenset[str]


def read_table(path: str | Path) -> Iterator[LabelledText]:
    """Read labelled texts, a part of the file at a time.

    ``languages`` holds ISO 639-3 codes: a list in Parquet, or one string separated by blanks,
    commas, semicolons or ``|``. Codes other than dan, swe, nob and nno count as ``other``.

    Raises:
        InputError: the file cannot be read or holds no rows, a column is missing, a text is no
            string or a code is malformed; the message names file, row and column.
    """
    file = Path(path)
    try:
        found = file.is_file()
    except OSError as error:
        raise _unreadable(file, error) from error
    if not found:
        raise InputError(f"{file}: no such file")
    number = 0
    for number, (text, codes) in enumerate(_rows(file), start=1):
        where = f"{file}: row {number}: column"
        if not isinstance(text, str):
            raise InputError(f"{where} text: {text!r} is no text")
        yield LabelledText(text, gold_labels(split_codes(codes), f"{where} languages"))
    if number == 0:
        raise InputError(f"{file}: holds no rows")


def split_codes(value: object) -> list[str]:
    """Language codes of one cell, a list or a string with separators; empty for anything else."""
    if isinstance(value, str):
        return [code for code in _SEPARATORS.split(value) if code]
    return [str(code) for code in value] if isinstance(value, list) else []


def gold_labels(codes: Iterable[str], where: str) -> frozenset[str]:
    """Turn language codes into labels.

    Raises:
        InputError: there is no code, one is not three small letters, or one is undecided.
    """
    found = frozenset(codes)
    for code in sorted(found):
        if code in UNDECIDED_CODES:
            raise InputError(f"{where}: {code!r} is undecided: say nob (Bokmål) or nno (Nynorsk)")
        if not _CODE.fullmatch(code) and code not in WILI_CODES:
            raise InputError(f"{where}: {code!r} is no ISO 639-3 code (three small letters)")
    if not found:
        raise InputError(f"{where}: is empty, expected at least one ISO 639-3 code")
    return found.intersection(LANGUAGES) or frozenset({OTHER})


def _rows(file: Path) -> Iterator[tuple[object, object]]:
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        return _parquet_rows(file)
    if suffix in _DELIMITERS:
        return _text_rows(file, _DELIMITERS[suffix])
    raise InputError(f"{file}: ends in {file.suffix!r}, expected .parquet, .tsv or .csv")


def _parquet_rows(file: Path) -> Iterator[tuple[object, object]]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(f"{file}: reading Parquet needs pyarrow: pip install pyarrow") from error
    try:
        table = pyarrow.parquet.ParquetFile(file)
        _require_columns(file, table.schema_arrow.names)
        for batch in table.iter_batches(_ROWS_PER_READ, columns=list(COLUMNS)):
            yield from zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True)
    except (OSError, pyarrow.ArrowInvalid) as error:
        raise InputError(f"{file}: is no Parquet file that can be read: {error}") from error


def _text_rows(file: Path, delimiter: str) -> Iterator[tuple[object, object]]:
    """Rows of CSV or TSV; strict, since a lone quote would swallow the lines after it."""
    line = 0
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, delimiter=delimiter, strict=True)
            _require_columns(file, reader.fieldnames or ())
            for row in reader:
                line = reader.line_num
                yield row["text"], row["languages"]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: after line {line}: {error}") from error
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> InputError:
    return InputError(f"{file}: cannot be read: {error.strerror}")


def _require_columns(file: Path, names: Iterable[str]) -> None:
    present = list(names)
    for column in COLUMNS:
        if column not in present:
            raise InputError(
                f"{file}: column {column!r} is missing, found {', '.join(present) or 'none'}"
            )
