"""Thresholds: how near a language must come to the likeliest one to be acceptable too."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scandid.labels import LABELS, LANGUAGES, OTHER
from scandid.reliability import KINDS

_CANDIDATES: Final = np.round(np.arange(0.95, 0.075, -0.025), 3)
"""Parts of the highest probability."""

Sets = NDArray[np.bool_]


def choose_thresholds(
    probabilities: NDArray[np.float32],
    several: NDArray[np.bool_],
    targets: NDArray[np.float32],
    weights: NDArray[np.float64],
) -> dict[str, float]:
    """For each kind of text the share of the likeliest one's probability that is enough.

    Where two languages are right, a network trained on texts that were found in one of them shares
    its belief out between them, so a language is measured by the likeliest one and not by a number
    of its own (docs/LOG.md).

    Several words: as many languages are named as are right, where precision and recall break even
    (Lewis 1991, "Evaluating Text Categorization"). Sets are as often exact over a wide range of
    shares, whose best one is chance, and people find fewer sentences right in several languages
    than a translation that changes nothing does (docs/LOG.md).

    One word: most sets are exact. Its languages are those in whose texts it was found, which are
    not all, so that as many would be too few. Of shares within one standard error of the best the
    highest is taken, which names fewest (Breiman et al. 1984, "Classification and Regression
    Trees", 3.4.3); the error is that of the difference, since all are judged on the same texts.

    Args:
        probabilities: float32 ``[texts, labels]``.
        several: Whether a text has more than one word, ``[texts]``.
        targets: float32 ``[texts, labels]``, above 0 for every label that is right.
        weights: Weight of each text, ``[texts]``.
    """
    known = probabilities.argmax(axis=1) != LABELS.index(OTHER)
    part = probabilities / probabilities.max(axis=1, keepdims=True)
    part, right = (each[:, : len(LANGUAGES)] for each in (part, targets > 0))
    chosen = {}
    rules = (_most_exact, _as_many)
    for kind, rule, mine in zip(KINDS, rules, (known & ~several, known & several), strict=True):
        named = np.array([part[mine] >= least for least in _CANDIDATES])
        place = rule(named, right[mine], weights[mine]) if mine.any() else 0
        chosen[kind] = float(_CANDIDATES[place])
    return chosen


def _as_many(named: Sets, right: Sets, weight: NDArray[np.float64]) -> int:
    """Place of the share with which as many languages are named as are right."""
    counts = named.sum(axis=2) @ weight
    return int(np.abs(counts - right.sum(axis=1) @ weight).argmin())


def _most_exact(named: Sets, right: Sets, weight: NDArray[np.float64]) -> int:
    """Place of the highest share whose exact sets cannot be told from the most there are."""
    exact = (named == right).all(axis=2).astype(np.float64)
    part_exact = exact @ weight / weight.sum()
    lost = exact[part_exact.argmax()] - exact
    mean = part_exact.max() - part_exact
    texts = weight.sum() ** 2 / np.square(weight).sum()  # as many as weights leave (Kish 1965)
    spread = np.square(lost - mean[:, None]) @ weight / weight.sum()
    return int(np.argmax(mean <= np.sqrt(spread / texts)))
