"""Training texts from the hub or from local files, through Hugging Face datasets."""

import hashlib
import re
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import datasets
import numpy as np
from numpy.typing import NDArray

from scandid.errors import InputError
from scandid.tables import split_codes
from training.targets import labels_of, shared, target

TEXT_COLUMNS: Final = ("text", "sentence")
LABEL_COLUMNS: Final = ("languages", "language", "label")
SHARES_COLUMN: Final = "shares"
SUFFIXES: Final = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv"}

Row = tuple[str, list[str], NDArray[np.float32]]
"""A text, its languages' codes, its targets."""

HUB_TABLES: Final = "refs/convert/parquet"
"""Branch of a dataset on the hub that holds its tables as Parquet."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled texts.

    Attributes:
        texts: The texts.
        targets: float32 ``[texts, labels]``, above 0 for each label that is right; 1 unless the
            source has shares (:func:`training.targets.shared`).
        sources: int32 ``[texts]``, place in ``names`` of the source each text is from.
        names: Names of the sources.
    """

    texts: list[str]
    targets: NDArray[np.float32]
    sources: NDArray[np.int32]
    names: tuple[str, ...]

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.texts)

    def subset(self, keep: NDArray[np.bool_]) -> "Corpus":
        """The texts for which ``keep`` is true."""
        texts = [text for text, kept in zip(self.texts, keep, strict=True) if kept]
        return Corpus(texts, self.targets[keep], self.sources[keep], self.names)

    def places(self, names: Collection[str], flag: str) -> list[int]:
        """Place in ``self.names`` of each of these sources, which ``flag`` has named.

        Raises:
            InputError: a name is none of the sources.
        """
        for name in names:
            if name not in self.names:
                raise InputError(f"{flag}: no source {name!r}; there are {', '.join(self.names)}")
        return [self.names.index(name) for name in names]

    def of(self, names: Collection[str], flag: str) -> NDArray[np.bool_]:
        """Which texts are of these sources, bool ``[texts]``; raises as :meth:`places` does."""
        return np.isin(self.sources, self.places(names, flag))

    def split_off(self, names: Sequence[str]) -> tuple["Corpus", "Corpus"]:
        """The texts of all other sources, and those of the sources named.

        Raises:
            InputError: a name is none of the sources.
        """
        left = self.of(names, "--leave-out")
        return self.subset(~left), self.subset(left)

    def tables(self) -> list[dict[str, str | int]]:
        """Name, number of texts and digest of each source."""
        parts = ((name, self.subset(self.sources == n)) for n, name in enumerate(self.names))
        return [{"name": name, "texts": len(part), "digest": part.digest()} for name, part in parts]

    def digest(self) -> str:
        """Return the sha256 over texts and labels, in order."""
        total = hashlib.sha256()
        for text, row in zip(self.texts, self.targets, strict=True):
            total.update(text.encode("utf-8", "replace") + b"\0" + row.tobytes())
        return total.hexdigest()


def load_corpora(data: Sequence[str]) -> Corpus:
    """Load and join every ``--data`` argument.

    Args:
        data: Local files, folders of files, or names of datasets on the hub.

    Raises:
        InputError: a source is missing or empty, lacks a column, or holds an unknown language
            code; the text names file, row and column.
    """
    _quieten()
    texts: list[str] = []
    rows: list[NDArray[np.float32]] = []
    sources: list[int] = []
    names: list[str] = []
    for name, table in _tables(data):
        before = len(texts)
        for text, _, row in _labelled(name, table):
            texts.append(text)
            rows.append(row)
        sources += [len(names)] * (len(texts) - before)
        names.append(Path(name).stem)
    return Corpus(texts, np.stack(rows), np.array(sources, np.int32), tuple(names))


def texts_alone(data: Sequence[str], languages: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the code and the text of each row that is in one of these languages and no other.

    Args:
        data: As of :func:`load_corpora`.
        languages: ISO 639-3 codes, of those that scandid calls *other* too.

    Raises:
        InputError: as :func:`load_corpora`.
    """
    _quieten()
    for name, table in _tables(data):
        for text, codes, _ in _whole(name, table):
            if len(codes) == 1 and codes[0] in languages:
                yield codes[0], text


def write_corpora(corpus: Corpus, folder: Path) -> None:
    """Write each source as Parquet under its name, with shares."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(corpus.names):
        mine = np.flatnonzero(corpus.sources == place)
        languages = [labels_of(corpus.targets[one]) for one in mine]
        shares = [row[row > 0].tolist() for row in corpus.targets[mine]]
        columns = {"text": [corpus.texts[one] for one in mine], "languages": languages}
        columns[SHARES_COLUMN] = shares
        datasets.Dataset.from_dict(columns).to_parquet(folder / f"{name}.parquet")


def write_rest(corpus: Corpus, left: NDArray[np.bool_], folder: Path) -> str:
    """Write the texts for which ``left`` is false; returns a line that says how many went."""
    write_corpora(corpus.subset(~left), folder)
    return f"wrote {folder}: left out {left.sum():,} of {len(corpus):,} texts\n"


def _quieten() -> None:
    """Leave errors to us, who say them in one line, and show bars only to people."""
    datasets.utils.logging.set_verbosity(datasets.utils.logging.CRITICAL)
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()


def _tables(data: Sequence[str]) -> Iterator[tuple[str, datasets.Dataset]]:
    for argument in data:
        path = Path(argument)
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
            if not files:
                raise InputError(f"{path}: no {', '.join(SUFFIXES)} file in this folder")
            yield from ((str(file), _load_file(file)) for file in files)
        elif path.is_file():
            yield str(path), _load_file(path)
        else:
            yield argument, _load_hub(argument)


def _load_file(path: Path) -> datasets.Dataset:
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{path}: ends in {path.suffix!r}, expected one of {', '.join(SUFFIXES)}")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: is an empty file")
    options = _csv_options(path) if kind == "csv" else {}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Length of header or names does not match")
            return datasets.load_dataset(kind, data_files=str(path), split="train", **options)
    except (datasets.exceptions.DatasetsError, ValueError, OSError) as error:
        if "corresponds to no data" in str(error):
            raise InputError(f"{path}: holds no rows") from error
        raise InputError(f"{path}: cannot be read as {kind}: {_reason(error)}") from error


def _csv_options(path: Path) -> dict[str, object]:
    """Cells are taken as they stand: "null" and "12" are texts, and "nan" is a language."""
    return {
        "sep": "\t" if path.suffix.lower() == ".tsv" else ",",
        "converters": dict.fromkeys((*TEXT_COLUMNS, *LABEL_COLUMNS), str),
        "keep_default_na": False,
        "index_col": False,
    }


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


def _labelled(name: str, table: datasets.Dataset) -> Iterator[Row]:
    if SHARES_COLUMN not in table.column_names:
        yield from _whole(name, table)
        return
    rows = zip(_whole(name, table), table[SHARES_COLUMN][:], strict=True)
    for number, ((text, codes, found), shares) in enumerate(rows, start=1):
        where = f"{name}: row {number}: column {SHARES_COLUMN}"
        yield text, codes, shared(found, codes, shares, where)


def _whole(name: str, table: datasets.Dataset) -> Iterator[Row]:
    text_column = _column(name, table, TEXT_COLUMNS)
    label_column = _column(name, table, LABEL_COLUMNS)
    if not len(table):
        raise InputError(f"{name}: holds no rows")
    decode = _decoder(table.features[label_column])
    known: dict[object, tuple[list[str], NDArray[np.float32] | InputError]] = {}
    faults: list[InputError] = []
    pairs = zip(table[text_column][:], table[label_column][:], strict=True)
    for row, (text, value) in enumerate(pairs, start=1):
        key = tuple(value) if isinstance(value, list) else value
        if key not in known:
            codes = split_codes(decode(value))
            known[key] = codes, _target(codes, f"{name}: row {row}: column {label_column}")
        codes, found = known[key]
        if not isinstance(text, str):
            found = InputError(f"{name}: row {row}: column {text_column}: {text!r} is no text")
        if isinstance(found, InputError):
            faults.append(found)
        elif not faults:
            yield text, codes, found
    if faults:
        more = f" ({len(faults):,} of {len(table):,} rows are faulty)" if len(faults) > 1 else ""
        raise InputError(f"{faults[0]}{more}")


def _target(codes: Sequence[str], where: str) -> NDArray[np.float32] | InputError:
    """The targets, or what is wrong with the codes."""
    try:
        return target(codes, where)
    except InputError as error:
        return error


def _column(name: str, table: datasets.Dataset, candidates: Sequence[str]) -> str:
    for column in candidates:
        if column in table.column_names:
            return column
    raise InputError(
        f"{name}: column {candidates[0]!r} is missing (or {', '.join(candidates[1:])}); "
        f"found {', '.join(table.column_names)}"
    )


def _decoder(feature: object) -> Callable[[object], object]:
    """How to read a cell of this type: the numbers of a ClassLabel become their names."""
    inner = getattr(feature, "feature", feature)
    if not isinstance(inner, datasets.ClassLabel):
        return lambda value: value
    names = inner.names

    def decode(value: object) -> object:
        if isinstance(value, list):
            return [decode(one) for one in value]
        known = isinstance(value, int) and 0 <= value < len(names)
        return names[value] if known else ""

    return decode
