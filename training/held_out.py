"""The texts that calibration is fitted on: with their sources, cut to every length, and weighed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import datasets
import numpy as np
import pyarrow.parquet
import torch
from numpy.typing import NDArray

from scandid.encoding import encode_texts
from scandid.errors import InputError
from scandid.folding import is_several
from scandid.labels import LABELS, OTHER
from scandid.reliability import Reliability
from training.cleaning import text_key
from training.corpora import Corpus
from training.reliability import choose_reliable
from training.targets import labels_of
from training.thresholds import choose_thresholds
from training.validation import TorchModel

PIECES: Final = (1, 2, 3, 5, 9)
"""Words of the pieces that are cut from each longer text."""

WHOLE: Final = 30.0
"""Pieces that a text of several words counts as. What is cut from a sentence is as short as a title
or an answer, but right more often, and of up to 33 bytes there are thirty times as many. A word
alone counts as one piece: hardly any but those cut has all of its languages (docs/LOG.md, "What
short texts claim")."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts that a network's claims are held against.

    Attributes:
        encoded: Bytes of each text.
        lengths: How many they are, ``[texts]``.
        several: Whether a text has more than one word, ``[texts]``.
        targets: float32 ``[texts, labels]``, 1 for each label that is right.
        weights: Weight of each text, ``[texts]``.
    """

    encoded: list[bytes]
    lengths: NDArray[np.int64]
    several: NDArray[np.bool_]
    targets: NDArray[np.float32]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, corpus: Corpus, max_bytes: int, pieces: Sequence[int] = PIECES) -> "Sample":
        """Take texts and pieces of so many words; texts are cut at ``max_bytes``."""
        every = with_pieces(corpus, pieces)
        encoded = [data for data, _ in encode_texts(every.texts, max_bytes)]
        lengths = np.array([len(data) for data in encoded])
        several = np.array([is_several(data) for data in encoded])
        targets = (every.targets > 0).astype(np.float32)
        is_cut = np.arange(len(lengths)) >= len(corpus)
        return cls(encoded, lengths, several, targets, np.where(several & ~is_cut, WHOLE, 1.0))

    def reliable(self, model: TorchModel) -> Reliability:
        """From which confidence answers that a model gives to these texts are reliable."""
        return choose_reliable(
            self._asked(model), self.lengths, self.several, self.targets, self.weights
        )

    def thresholds(self, model: TorchModel) -> dict[str, float]:
        """How near a language must come to the likeliest one to be acceptable too, by kind."""
        return choose_thresholds(self._asked(model), self.several, self.targets, self.weights)

    def _asked(self, model: TorchModel) -> NDArray[np.float32]:
        probabilities: NDArray[np.float32] = torch.sigmoid(
            torch.from_numpy(model.logits(self.encoded))
        ).numpy()
        return probabilities


def save(corpus: Corpus, path: Path) -> None:
    """Write texts, labels and names of sources as Parquet."""
    columns = {
        "text": corpus.texts,
        "languages": [labels_of(row) for row in corpus.targets],
        "source": [corpus.names[number] for number in corpus.sources],
    }
    datasets.Dataset.from_dict(columns).to_parquet(path)


def load(path: Path) -> Corpus:
    """Read what :func:`save` wrote.

    Raises:
        InputError: the file is missing or is another one.
    """
    try:
        columns = pyarrow.parquet.read_table(path, columns=["text", "languages", "source"])
    except (OSError, pyarrow.ArrowInvalid) as error:
        raise InputError(f"{path}: held-out texts cannot be read: {error}") from error
    texts, languages, sources = (column.to_pylist() for column in columns.columns)
    names = tuple(dict.fromkeys(sources))
    targets = np.array([[label in codes for label in LABELS] for codes in languages], np.float32)
    places = np.array([names.index(source) for source in sources], np.int32)
    return Corpus(texts, targets.reshape(-1, len(LABELS)), places, names)


def with_pieces(corpus: Corpus, counts: Sequence[int] = PIECES) -> Corpus:
    """Texts, and of each longer one a piece of each number of words.

    A single word is right in every label in whose texts it stands: one of a Danish text that a
    Bokmål text has too is good Danish and good Bokmål. More words keep the labels of their text.
    """
    rng = random.Random(0)
    cuts = [
        (piece, place)
        for place, text in enumerate(corpus.texts)
        for piece in _pieces(text.split(), counts, rng)
        if text_key(piece)
    ]
    homes = _homes(corpus)
    found = [np.maximum(corpus.targets[at], homes.get(text_key(piece), 0)) for piece, at in cuts]
    targets = np.stack([*corpus.targets, *found])
    targets[targets[:, :-1].any(axis=1), LABELS.index(OTHER)] = 0
    sources = np.concatenate([corpus.sources, corpus.sources[[at for _, at in cuts]]])
    texts = [*corpus.texts, *(piece for piece, _ in cuts)]
    return Corpus(texts, targets, sources, corpus.names)


def _pieces(words: Sequence[str], counts: Sequence[int], rng: random.Random) -> Iterator[str]:
    for count in counts:
        if len(words) > count:
            start = rng.randrange(len(words) - count + 1)
            yield " ".join(words[start : start + count])


def _homes(corpus: Corpus) -> dict[str, NDArray[np.float32]]:
    """The labels in whose texts each word stands."""
    homes: dict[str, NDArray[np.float32]] = {}
    for text, target in zip(corpus.texts, corpus.targets, strict=True):
        for word in set(text_key(text).split()):
            homes[word] = np.maximum(homes[word], target) if word in homes else target
    return homes
