"""Which texts make up a batch: balanced by label and source, repeatable from seed and step."""

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scandid.encoding import encode_texts, pad
from scandid.errors import InputError
from scandid.labels import LABELS
from training.augmentation import AugmentationConfig, only_stray, roughen, shorten
from training.corpora import Corpus
from training.names import foreign_names

LABEL_SHARES: Final = {"dan": 0.19, "swe": 0.18, "nob": 0.19, "nno": 0.19, "other": 0.25}
"""Share of each label among the texts drawn; nothing to do with how many texts there are."""


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """How texts are drawn.

    Attributes:
        batch: Texts per step.
        source_power: A source of n texts of a label weighs ``n ** source_power`` within the label:
            1 takes texts as they come, 0 gives every source the same share.
        factors: Factors of single sources' weights, by name.
        max_bytes: Texts are cut at this many bytes.
        parts: A batch is sorted by length and computed in this many parts, to save padding.
    """

    batch: int = 1024
    source_power: float = 0.5
    factors: Mapping[str, float] = field(default_factory=dict)
    max_bytes: int = 512
    parts: int = 4


class Part(NamedTuple):
    """Texts of like length.

    Attributes:
        text: uint8 ``[n, time]``.
        targets: float32 ``[n, labels]``.
        asked: uint8 ``[n, time]``, what teachers are asked about: the same texts before they were
            made rough. Who reads *sjoen* for *sjøen* has to guess; who saw both need not.
    """

    text: Tensor
    targets: Tensor
    asked: Tensor


class Sampler:
    """Draws batches; the batch of a step depends on seed and step alone, so a run can resume."""

    def __init__(
        self, corpus: Corpus, config: SamplingConfig, augmentation: AugmentationConfig, seed: int
    ) -> None:
        """Weigh every text; labels that no source is left to teach are told.

        Raises:
            InputError: a factor names a source that is not there, or every source weighs nothing.
        """
        self._corpus = corpus
        self._config = config
        self._augmentation = augmentation
        self._seed = seed
        weights = weigh(corpus, config)
        sys.stderr.writelines(
            f"--weight: every source of {name} weighs 0: the model will not learn it\n"
            for name in _unweighed(corpus, weights)
        )
        self._cumulative = np.cumsum(weights)
        self._names = foreign_names(corpus) if augmentation.foreign_names else []

    def draw(self, step: int) -> list[Part]:
        """Draw one batch."""
        rng = random.Random(f"{self._seed}/{step}")
        total = self._cumulative[-1]
        at = [rng.random() * total for _ in range(self._config.batch)]
        picked = np.searchsorted(self._cumulative, at).clip(max=len(self._corpus) - 1)
        variants = [self._variant(place, rng) for place in picked]
        rough, clean = (
            [data for data, _ in encode_texts(texts, self._config.max_bytes)]
            for texts in zip(*variants, strict=True)
        )
        order = np.argsort([len(data) for data in rough], kind="stable")
        return [
            Part(
                to_tensor([rough[i] for i in part]),
                torch.from_numpy(self._corpus.targets[picked[part]]),
                to_tensor([clean[i] for i in part]),
            )
            for part in np.array_split(order, self._config.parts)
            if len(part)
        ]

    def _variant(self, place: int, rng: random.Random) -> tuple[str, str]:
        """A text made rough, and as it was; names of other languages are foreign in the four."""
        foreign = self._corpus.targets[place, LABELS.index("other")] == 0
        if not foreign and rng.random() < self._augmentation.only_stray:
            code = only_stray(rng)
            return code, code
        text = shorten(self._corpus.texts[place], self._augmentation, rng)
        return roughen(text, self._augmentation, rng, self._names if foreign else ()), text


def to_tensor(encoded: Sequence[bytes]) -> Tensor:
    """Pad encoded texts into a uint8 tensor ``[texts, time]``."""
    return torch.from_numpy(pad(encoded).copy())


def weigh(corpus: Corpus, config: SamplingConfig) -> NDArray[np.float64]:
    """Weight of each text; the weights of a label sum to its share.

    Raises:
        InputError: a factor names a source that is not there, or every source weighs nothing.
    """
    places = corpus.places(config.factors, "--weight")
    factors = dict(zip(places, config.factors.values(), strict=True))
    label = corpus.targets.argmax(axis=1)
    weights = np.zeros(len(corpus))
    for place, name in enumerate(LABELS):
        for number in range(len(corpus.names)):
            mine = (label == place) & (corpus.sources == number)
            if count := int(mine.sum()):
                factor = factors.get(number, 1.0)
                weights[mine] = factor * count**config.source_power / count
        total = weights[label == place].sum()
        if total:
            weights[label == place] *= LABEL_SHARES[name] / total
    if not weights.any():
        raise InputError(
            f"--weight: all of {', '.join(corpus.names)} weigh 0, expected one source above 0"
        )
    return weights


def _unweighed(corpus: Corpus, weights: NDArray[np.float64]) -> list[str]:
    """Labels that have texts, and none that is ever drawn."""
    there, drawn = corpus.targets.any(axis=0), corpus.targets[weights > 0].any(axis=0)
    return [LABELS[place] for place in np.flatnonzero(there & ~drawn)]
