"""Training texts from the hub or from local files, through Hugging Face datasets."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np
from numpy.typing import NDArray

from scandid.errors import InputError
from scandid.tables import split_codes
from training.sources import LABEL_COLUMNS, SHARES_COLUMN, TEXT_COLUMNS, find_sources
from training.targets import labels_of, shared, target

Row = tuple[str, list[str], NDArray[np.float32]]
"""A text, its languages' codes, its targets."""


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
            code, or two would have one name; the text names file, row and column.
    """
    found = find_sources(data)
    texts: list[str] = []
    rows: list[NDArray[np.float32]] = []
    sources: list[int] = []
    for number, source in enumerate(found):
        for text, _, row in _labelled(source.place, source.load()):
            texts.append(text)
            rows.append(row)
            sources.append(number)
    names = tuple(source.name for source in found)
    return Corpus(texts, np.stack(rows), np.array(sources, np.int32), names)


def texts_alone(data: Sequence[str], languages: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the code and the text of each row that is in one of these languages and no other.

    Args:
        data: As of :func:`load_corpora`.
        languages: ISO 639-3 codes, of those that scandid calls *other* too.

    Raises:
        InputError: as :func:`load_corpora`.
    """
    for source in find_sources(data):
        for text, codes, _ in _whole(source.place, source.load()):
            if len(codes) == 1 and codes[0] in languages:
                yield codes[0], text


def write_corpora(corpus: Corpus, folder: Path) -> None:
    """Write each source that has texts as Parquet under its name, with shares."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, name in enumerate(corpus.names):
        mine = np.flatnonzero(corpus.sources == place)
        if not len(mine):
            continue
        languages = [labels_of(corpus.targets[one]) for one in mine]
        shares = [row[row > 0].tolist() for row in corpus.targets[mine]]
        columns = {"text": [corpus.texts[one] for one in mine], "languages": languages}
        columns[SHARES_COLUMN] = shares
        datasets.Dataset.from_dict(columns).to_parquet(folder / f"{name}.parquet")


def write_rest(corpus: Corpus, left: NDArray[np.bool_], folder: Path) -> str:
    """Write the texts for which ``left`` is false; returns a line that says how many went."""
    write_corpora(corpus.subset(~left), folder)
    return f"wrote {folder}: left out {left.sum():,} of {len(corpus):,} texts\n"


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
    decode = _decoder(table.features[label_column], f"{name}: column {label_column}")
    known: dict[object, tuple[list[str], NDArray[np.float32] | InputError]] = {}
    faults: list[InputError] = []
    pairs = zip(table[text_column][:], table[label_column][:], strict=True)
    for row, (text, value) in enumerate(pairs, start=1):
        key = tuple(value) if isinstance(value, list) else value
        if key not in known:
            known[key] = _target(decode(value), f"{name}: row {row}: column {label_column}")
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


def _target(value: object, where: str) -> tuple[list[str], NDArray[np.float32] | InputError]:
    """The codes of a cell, and their targets or what is wrong with them."""
    codes = split_codes(value)
    try:
        if value is not None and not isinstance(value, str | list):
            raise InputError(f"{where}: {value!r} is no ISO 639-3 code")
        return codes, target(codes, where)
    except InputError as error:
        return codes, error


def _column(name: str, table: datasets.Dataset, candidates: Sequence[str]) -> str:
    found = table.column_names
    for column in candidates:
        if column in found:
            return column
    joined = len(found) == 1 and re.search(r"[,;|\t]", found[0])
    hint = f"; is {joined[0]!r} between them? .csv takes commas, .tsv tabs" if joined else ""
    raise InputError(
        f"{name}: column {candidates[0]!r} is missing (or {', '.join(candidates[1:])}); "
        f"found {', '.join(found) or 'none'}{hint}"
    )


def _decoder(feature: object, where: str) -> Callable[[object], object]:
    """How to read a cell of this type: the numbers of a ClassLabel become their names."""
    inner = getattr(feature, "feature", feature)
    if isinstance(inner, datasets.Value):
        return lambda value: value
    if not isinstance(inner, datasets.ClassLabel):
        raise InputError(f"{where}: holds {feature}, expected ISO 639-3 codes or lists of them")
    names = inner.names

    def decode(value: object) -> object:
        if isinstance(value, list):
            return [decode(one) for one in value]
        known = isinstance(value, int) and 0 <= value < len(names)
        return names[value] if known else ""

    return decode
