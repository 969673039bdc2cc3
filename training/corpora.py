"""Training texts from the hub or from local files, through Hugging Face datasets."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import datasets
import numpy as np
import pycountry
from numpy.typing import NDArray

from scandid.errors import InputError
from scandid.labels import LANGUAGES

TEXT_COLUMNS: Final = ("text", "sentence")
LABEL_COLUMNS: Final = ("languages", "language", "label")
SUFFIXES: Final = {".parquet": "parquet", ".csv": "csv", ".tsv": "csv"}

_WILI_CODES: Final = {"be-tarask", "map-bms", "nds-nl", "roa-tara", "zh-yue"}
_RETIRED_CODES: Final = {"ajp", "kzj"}
_OTHER_CODES: Final = _WILI_CODES | _RETIRED_CODES | {"other", "mul", "und"}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled texts.

    Attributes:
        texts: The texts.
        targets: float32 ``[texts, labels]``, 1 for each label that is right.
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

    def digest(self) -> str:
        """Return the sha256 over texts and labels, in order."""
        total = hashlib.sha256()
        for text, target in zip(self.texts, self.targets, strict=True):
            total.update(text.encode("utf-8", "replace") + b"\0" + target.tobytes())
        return total.hexdigest()


def load_corpora(data: Sequence[str]) -> Corpus:
    """Load and join every ``--data`` argument.

    Args:
        data: Local files, folders of files, or names of datasets on the hub.

    Raises:
        InputError: a source is missing or empty, lacks a column, or holds an unknown language
            code; the text names file, row and column.
    """
    texts: list[str] = []
    rows: list[NDArray[np.float32]] = []
    sources: list[int] = []
    names: list[str] = []
    for name, table in _tables(data):
        before = len(texts)
        for text, target in _labelled(name, table):
            texts.append(text)
            rows.append(target)
        if len(texts) == before:
            raise InputError(f"{name}: holds no rows")
        sources += [len(names)] * (len(texts) - before)
        names.append(Path(name).stem)
    return Corpus(texts, np.stack(rows), np.array(sources, np.int32), tuple(names))


def _tables(data: Sequence[str]) -> Iterator[tuple[str, datasets.Dataset]]:
    for argument in data:
        path = Path(argument)
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
            if not files:
                raise InputError(f"{path}: no {', '.join(SUFFIXES)} file in this folder")
            yield from ((str(file), _load_file(file)) for file in files)
        elif path.is_file():
            yield str(path), _load_file(path)
        else:
            yield argument, _load_hub(argument)


def _load_file(path: Path) -> datasets.Dataset:
    kind = SUFFIXES.get(path.suffix)
    if kind is None:
        raise InputError(f"{path}: ends in {path.suffix!r}, expected one of {', '.join(SUFFIXES)}")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: is an empty file")
    options = (
        {} if kind == "parquet" else {"sep": "\t" if path.suffix == ".tsv" else ",", "dtype": str}
    )
    try:
        return datasets.load_dataset(kind, data_files=str(path), split="train", **options)
    except (datasets.exceptions.DatasetGenerationError, ValueError, OSError) as error:
        raise InputError(f"{path}: cannot be read as {kind}: {error.__cause__ or error}") from error


def _load_hub(name: str) -> datasets.Dataset:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise InputError(f"{name}: no such file or folder, and no name of a dataset (OWNER/NAME)")
    try:
        return datasets.load_dataset(name, split="train")
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: no such file, and the hub does not give it: {error}") from error


def _labelled(name: str, table: datasets.Dataset) -> Iterator[tuple[str, NDArray[np.float32]]]:
    text_column = _column(name, table, TEXT_COLUMNS)
    label_column = _column(name, table, LABEL_COLUMNS)
    feature = table.features[label_column]
    decode = feature.int2str if isinstance(feature, datasets.ClassLabel) else None
    known: dict[Any, NDArray[np.float32]] = {}
    pairs = zip(table[text_column][:], table[label_column][:], strict=True)
    for row, (text, value) in enumerate(pairs, start=1):
        if not isinstance(text, str):
            raise InputError(f"{name}: row {row}: column {text_column}: {text!r} is no text")
        key = tuple(value) if isinstance(value, list) else value
        if key not in known:
            where = f"{name}: row {row}: column {label_column}"
            known[key] = _target(_codes(value, decode, where), where)
        yield text, known[key]


def _column(name: str, table: datasets.Dataset, candidates: Sequence[str]) -> str:
    for column in candidates:
        if column in table.column_names:
            return column
    raise InputError(
        f"{name}: column {candidates[0]!r} is missing (or {', '.join(candidates[1:])}); "
        f"found {', '.join(table.column_names)}"
    )


def _codes(value: object, decode: Callable[[int], str] | None, where: str) -> list[str]:
    if decode is not None and isinstance(value, int):
        return [decode(value)]
    if isinstance(value, list):
        return [str(code) for code in value]
    if isinstance(value, str):
        return re.findall(r"[^\s,|;]+", value)
    raise InputError(f"{where}: {value!r} is no language code")


def _target(codes: Sequence[str], where: str) -> NDArray[np.float32]:
    if not codes:
        raise InputError(f"{where}: is empty, expected at least one ISO 639-3 code")
    for code in codes:
        if not _is_known(code):
            raise InputError(f"{where}: {code!r} is no ISO 639-3 code{_hint(code)}")
    target = np.array([label in codes for label in LANGUAGES] + [False], np.float32)
    target[-1] = not target.any()
    return target


def _is_known(code: str) -> bool:
    """Languages of ISO 639-3, families of 639-5 (``ber``) and the codes of no one language."""
    tables = (pycountry.languages, pycountry.language_families)
    return code in _OTHER_CODES or any(table.get(alpha_3=code) for table in tables)


def _hint(code: str) -> str:
    language = pycountry.languages.get(alpha_2=code) if len(code) == 2 else None
    if code in ("no", "nor"):
        return ": say nob (Bokmål) or nno (Nynorsk)"
    return f": did you mean {language.alpha_3!r}?" if language else ""
