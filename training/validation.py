"""Scores of a torch network on held-out texts, through the same identifier that serves."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import datasets
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scandid.encoding import ENCODING, pad
from scandid.evaluation import Tally
from scandid.identifier import Identifier
from scandid.labels import LABELS
from scandid.model import ModelMetadata
from scandid.reliability import KINDS, UNPROVEN
from scandid.tables import LabelledText
from training.augmentation import fragment
from training.corpora import Corpus
from training.hashed import HashedTables
from training.targets import labels_of

_TEXTS_PER_SOURCE_AND_LABEL: Final = 120
_TEXTS_PER_CALL: Final = 512


class TorchModel:
    """A torch network behind the interface of a model file."""

    def __init__(self, network: HashedTables, max_bytes: int) -> None:
        """Wrap a network; it is put in evaluation mode."""
        self._network = network.eval()
        self.metadata = ModelMetadata(
            version="training",
            labels=LABELS,
            encoding=ENCODING,
            created="",
            data_digest="",
            run_id="",
            max_bytes=max_bytes,
            thresholds=dict.fromkeys(KINDS, 0.5),
            scores={},
            golden=(),
            sha256="",
            reliable=UNPROVEN,
        )

    def probabilities(self, text: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Padded bytes ``[batch, time]`` to probabilities ``[batch, labels]``."""
        probabilities: NDArray[np.float32] = torch.sigmoid(self._run(text)).cpu().numpy()
        return probabilities

    def logits(self, encoded: Sequence[bytes]) -> NDArray[np.float32]:
        """Logits ``[texts, labels]`` of encoded texts, computed by like lengths."""
        order = sorted(range(len(encoded)), key=lambda place: len(encoded[place]))
        found = np.zeros((len(encoded), len(LABELS)), np.float32)
        for start in range(0, len(order), _TEXTS_PER_CALL):
            part = order[start : start + _TEXTS_PER_CALL]
            found[part] = self._run(pad([encoded[place] for place in part])).cpu().numpy()
        return found

    def _run(self, text: NDArray[np.uint8]) -> Tensor:
        with torch.inference_mode():
            logits: Tensor = self._network(
                torch.from_numpy(text.copy()).to(self._network.table.device)
            )
        return logits


@dataclass(frozen=True, slots=True)
class ValidationScores:
    """Tallies of held-out texts as they are, and cut down to 1 to 4 words.

    ``sources`` is the accuracy on each source's texts as they are.
    """

    texts: Tally
    fragments: Tally
    sources: Mapping[str, float]

    def mean_over_sources(self) -> float:
        """Accuracy with every source counting alike, so that a large one hides none, 0 to 1."""
        return sum(self.sources.values()) / max(1, len(self.sources))

    def score(self) -> float:
        """The number that decides which weights are kept: mean of both macro F1, 0 to 1."""
        return (self.texts.macro_f1() + self.fragments.macro_f1()) / 2


class Validation:
    """A balanced set of held-out texts, the same at every evaluation."""

    def __init__(self, held_out: Corpus, max_bytes: int) -> None:
        """Choose texts: the same number at the most of every source and label."""
        rng = random.Random(0)
        places = _balanced(held_out)
        self.max_bytes = max_bytes
        self.texts = [_labelled(held_out.texts[i], held_out.targets[i]) for i in places]
        self._sources = [held_out.names[held_out.sources[i]] for i in places]
        self.fragments = [LabelledText(fragment(row.text, rng), row.gold) for row in self.texts]

    def save(self, path: Path) -> None:
        """Write texts and fragments as Parquet, for export.py and ``scandid evaluate``."""
        rows = [*self.texts, *self.fragments]
        columns = {
            "text": [row.text for row in rows],
            "languages": [sorted(row.gold) for row in rows],
        }
        datasets.Dataset.from_dict(columns).to_parquet(path)

    def score(self, network: HashedTables) -> ValidationScores:
        """Identify every text and count."""
        identifier = Identifier(TorchModel(network, self.max_bytes))
        groups: dict[str, list[LabelledText]] = defaultdict(list)
        for row, source in zip(self.texts, self._sources, strict=True):
            groups[source].append(row)
        tallies = {source: _tally(identifier, rows) for source, rows in groups.items()}
        texts = sum_tallies(tallies.values())
        sources = {source: round(tally.accuracy(), 6) for source, tally in tallies.items()}
        return ValidationScores(texts, _tally(identifier, self.fragments), sources)


def sum_tallies(tallies: Iterable[Tally]) -> Tally:
    """One tally of what several have counted."""
    total = Tally()
    for tally in tallies:
        total.confusion += tally.confusion
        total.loose += tally.loose
        total.strict += tally.strict
    return total


def accuracy_on(network: HashedTables, corpus: Corpus, max_bytes: int) -> float:
    """Share of a corpus' texts that a network identifies rightly, 0 to 1."""
    rows = list(map(_labelled, corpus.texts, corpus.targets))
    return _tally(Identifier(TorchModel(network, max_bytes)), rows).accuracy()


def _balanced(corpus: Corpus) -> list[int]:
    label = corpus.targets.argmax(axis=1)
    places: list[int] = []
    for group in np.unique(corpus.sources * len(LABELS) + label):
        mine = np.flatnonzero(corpus.sources * len(LABELS) + label == group)
        places += mine[:_TEXTS_PER_SOURCE_AND_LABEL].tolist()
    return places


def _labelled(text: str, target: NDArray[np.float32]) -> LabelledText:
    return LabelledText(text, frozenset(labels_of(target)))


def _tally(identifier: Identifier, rows: list[LabelledText]) -> Tally:
    tally = Tally()
    for start in range(0, len(rows), _TEXTS_PER_CALL):
        part = rows[start : start + _TEXTS_PER_CALL]
        tally.add(part, identifier.identify_batch([row.text for row in part]))
    return tally
