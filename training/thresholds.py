"""Thresholds: how near a language must come to the likeliest one to be acceptable too."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scandid.labels import LABELS, LANGUAGES, OTHER
from scandid.reliability import KINDS

_CANDIDATES: Final = np.round(np.arange(0.95, 0.075, -0.025), 3)
"""Parts of the highest probability."""


def choose_thresholds(
    probabilities: NDArray[np.float32],
    several: NDArray[np.bool_],
    targets: NDArray[np.float32],
    weights: NDArray[np.float64],
) -> dict[str, float]:
    """For each kind of text the share with which most sets of acceptable languages are exact.

    That is what SLIDE's strict accuracy counts (Fedorova et al. 2025, arXiv 2502.06692). Where two
    languages are right, a network trained on texts that were found in one of them shares its
    belief out between them, so a language is measured by the likeliest one and not by a number of
    its own (docs/LOG.md). Of shares within one standard error of the best the highest is taken,
    which names fewest (Breiman et al. 1984, "Classification and Regression Trees", 3.4.3); the
    error is that of the difference, since all shares are judged on the same texts.

    Args:
        probabilities: float32 ``[texts, labels]``.
        several: Whether a text has more than one word, ``[texts]``.
        targets: float32 ``[texts, labels]``, above 0 for every label that is right.
        weights: Weight of each text, ``[texts]``.
    """
    return {
        kind: _of_kind(probabilities[mine], targets[mine] > 0, weights[mine])
        for kind, mine in zip(KINDS, (~several, several), strict=True)
    }


def _of_kind(
    probabilities: NDArray[np.float32], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> float:
    known = probabilities.argmax(axis=1) != LABELS.index(OTHER)
    part = probabilities / probabilities.max(axis=1, keepdims=True)
    named, gold = (each[known, : len(LANGUAGES)] for each in (part, right))
    weight = weights[known]
    if not len(weight):
        return float(_CANDIDATES[0])
    exact = np.array([((named >= least) == gold).all(axis=1) for least in _CANDIDATES], np.float64)
    part_exact = exact @ weight / weight.sum()
    lost = exact[part_exact.argmax()] - exact
    mean = part_exact.max() - part_exact
    texts = weight.sum() ** 2 / np.square(weight).sum()  # as many as weights leave (Kish 1965)
    spread = np.square(lost - mean[:, None]) @ weight / weight.sum()
    error = np.sqrt(spread / texts)
    return float(_CANDIDATES[np.argmax(mean <= error)])
