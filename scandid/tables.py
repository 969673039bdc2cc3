"""Labelled texts from files: Parquet, TSV or CSV with the columns ``text`` and ``languages``."""

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scandid.errors import InputError
from scandid.labels import LANGUAGES, OTHER

COLUMNS: Final = ("text", "languages")
DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}

WILI_CODES: Final = frozenset({"be-tarask", "map-bms", "nds-nl", "roa-tara", "zh-yue"})
"""The codes of WiLI-2018 that are no ISO 639-3; none is a language scandid knows."""

UNDECIDED_CODES: Final = frozenset({"nor"})
"""Norwegian without saying which: neither right nor wrong for Bokmål, so it cannot be used."""

_CODE: Final = re.compile(r"[a-z]{3}|other")
_SEPARATORS: Final = re.compile(r"[\s,|;]+")
_BREAK: Final = re.compile(r"[\r\n]+")
_ROWS_PER_READ: Final = 4096
_SHOWN: Final = 60

# The default, 131,072 characters of a cell, is less than a long document has. The limit is of the
# whole process, so it is only ever raised; no more than this fits a C long everywhere.
csv.field_size_limit(max(csv.field_size_limit(), 2**31 - 1))


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
        found, exists = file.is_file(), file.exists()
    except OSError as error:
        raise _unreadable(file, error) from error
    if not found:
        raise InputError(f"{file}: {'is no file on a disk' if exists else 'no such file'}")
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
    if suffix in DELIMITERS:
        return _text_rows(file)
    raise InputError(f"{file}: ends in {file.suffix!r}, expected .parquet, .tsv or .csv")


def _parquet_rows(file: Path) -> Iterator[tuple[object, object]]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(f"{file}: reading Parquet needs pyarrow: pip install pyarrow") from error
    try:
        table = pyarrow.parquet.ParquetFile(file)
        _require_columns(file, table.schema_arrow.names)
        _require_once(file, table.schema_arrow.names, COLUMNS)
        for batch in table.iter_batches(_ROWS_PER_READ, columns=list(COLUMNS)):
            yield from zip(*(batch.column(name).to_pylist() for name in COLUMNS), strict=True)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"{file}: is no Parquet file that can be read: {error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: a text is no UTF-8: {error}; write it anew as UTF-8") from error


def _text_rows(file: Path) -> Iterator[tuple[object, object]]:
    text, label = COLUMNS
    try:
        rows = separated_rows(file, [text], [label])
        head = next(rows)
        _require_columns(file, head)
        places = [head.index(name) for name in COLUMNS]
        for row in rows:
            first, second = (row[at] if at < len(row) else None for at in places)
            yield first, second
    except OSError as error:
        raise _unreadable(file, error) from error


def separated_rows(
    file: Path, columns: Iterable[str], labels: Collection[str]
) -> Iterator[list[str]]:
    """Yield the rows of CSV or TSV, names of columns first, without blank lines.

    Args:
        file: Its name ends in one of :data:`DELIMITERS`.
        columns: Names that may stand once only, beside ``labels``.
        labels: Names of columns that hold codes. A quoted cell is refused where a line inside it
            is a row with a code in such a column: a lone quote has swallowed that row.

    Raises:
        InputError: the file is no such table, or a name stands twice; the message names the line.
        OSError: the file cannot be read.
    """
    line, delimiter = 0, DELIMITERS[file.suffix.lower()]
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            head: list[str] = []
            for row in filter(None, reader):
                if head:
                    _require_one_row(row, head, delimiter, labels)
                else:
                    head = row
                    _require_once(file, head, [*columns, *labels])
                yield row
                line = reader.line_num
            if not head:
                yield []
        except csv.Error as error:
            raise InputError(
                f"{file}: cannot be read as {file.suffix[1:].lower()}: after line {line}: {error}; "
                f'put a text with {delimiter!r} or " between double quotes, each " in it twice'
            ) from error
        except UnicodeDecodeError as error:
            raise InputError(f"{file}: {_undecodable(file)}; save it as UTF-8") from error


def _require_once(file: Path, head: Sequence[str], names: Iterable[str]) -> None:
    counts = Counter(head)
    for name in names:
        if counts[name] > 1:
            raise InputError(
                f"{file}: column {name!r} stands {counts[name]} times, expected once; rename "
                "the others"
            )


def _require_one_row(
    row: Sequence[str], head: Sequence[str], delimiter: str, labels: Collection[str]
) -> None:
    if any(row[len(head) :]):
        raise csv.Error(f"{len(row)} cells where the first line has {len(head)}")
    at = [place for place, name in enumerate(head) if name in labels]
    for place, cell in enumerate(row):
        if _BREAK.search(cell) and (line := _swallowed(cell, place, len(head), delimiter, at)):
            raise csv.Error(f"a double quote swallows the row {line[:_SHOWN]!r}")


def _swallowed(cell: str, place: int, width: int, delimiter: str, labels: Sequence[int]) -> str:
    """The first line of a cell that is a row, as far as it is in there; empty for none.

    Of the cell's first line the row may have begun before it, of the last it may end behind it.
    """
    lines = _BREAK.split(cell)
    for number, line in enumerate(lines):
        cells = line.split(delimiter)
        begin = 0 if number else place
        end = place + 1 if number == len(lines) - 1 else width
        # Behind a delimiter of running text, as in "Ja, men", stands a blank: "men" is no code.
        if len(cells) == 1 or begin + len(cells) != end or any(c[:1].isspace() for c in cells[1:]):
            continue
        if any(begin <= at < end and _are_codes(cells[at - begin]) for at in labels):
            return line
    return ""


def _are_codes(cell: str) -> bool:
    codes = split_codes(cell)
    return bool(codes) and all(_CODE.fullmatch(code) or code in WILI_CODES for code in codes)


def _undecodable(file: Path) -> str:
    """Where the first byte stands that is no UTF-8; the reader decodes ahead of its lines."""
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return f"line {number}: byte 0x{line[error.start]:02x} is no UTF-8"
    return "is no UTF-8"


def _unreadable(file: Path, error: OSError) -> InputError:
    return InputError(f"{file}: cannot be read: {error.strerror}")


def _require_columns(file: Path, names: Iterable[str]) -> None:
    present = list(names)
    for column in COLUMNS:
        if column not in present:
            raise InputError(
                f"{file}: column {column!r} is missing, found {', '.join(present) or 'none'}"
            )
