"""Choosing from which confidence answers are reliable (:mod:`scandid.reliability`)."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scandid.labels import LABELS
from scandid.reliability import KINDS, PRECISION, Reliability

ENDS: Final = (8, 14, 26, 62, 210)
"""Most bytes of a class: a short word, a word, a word pair, a short sentence, a sentence."""

_APART: Final = 3
"""Classes in which one word and several are judged apart. Longer ones hold words of other
scripts, which write no spaces, and too few others to judge."""

DOUBT: Final = 1.645
"""Standard deviations below the measured precision that must still be enough: 95% of the time."""

LEAST: Final = 0.5
"""An answer that is as likely wrong as right is not reliable, however right surer ones are."""

_STEP: Final = 1e-4


def choose_reliable(
    probabilities: NDArray[np.float32],
    lengths: NDArray[np.integer[Any]],
    several: NDArray[np.bool_],
    targets: NDArray[np.float32],
    weights: NDArray[np.float64],
) -> Reliability:
    """For each kind, label and class of lengths, the least confidence that makes answers right.

    Args:
        probabilities: float32 ``[texts, labels]``, calibrated.
        lengths: Bytes of each text, ``[texts]``.
        several: Whether a text has more than one word, ``[texts]``.
        targets: float32 ``[texts, labels]``, 1 for each label that is right.
        weights: Weight of each text, ``[texts]``.

    Returns:
        Thresholds such that of the answers at or above them a share of at least
        :data:`~scandid.reliability.PRECISION` is expected to be right, by the lower bound of
        Wilson's interval, so that few texts do not promise much.
    """
    best = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    right = targets[np.arange(len(best)), best] > 0
    place = np.searchsorted(ENDS, lengths)
    least = {}
    for kind, judged in zip(KINDS, (~several, several), strict=True):
        kept = [(place == at) & (judged | (at >= _APART)) for at in range(len(ENDS) + 1)]
        least[kind] = {
            label: tuple(
                _least(confidence[mine], right[mine], weights[mine])
                for mine in ((best == number) & group for group in kept)
            )
            for number, label in enumerate(LABELS)
        }
    return Reliability(ENDS, least)


def _least(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> float | None:
    """The least confidence from which enough answers are right; None where there is none."""
    order = np.argsort(-confidence, kind="stable")
    sure, weight = confidence[order], weights[order]
    total = np.cumsum(weight)
    precision = np.cumsum(weight * right[order]) / total
    texts = total**2 / np.cumsum(weight**2)  # as many as uneven weights leave (Kish 1965)
    whole = np.append(sure[1:] != sure[:-1], True)[: len(sure)]  # equal confidences stay together
    enough = np.flatnonzero((wilson(precision, texts) >= PRECISION) & whole)
    if not len(enough):
        return None
    return min(1.0, max(LEAST, round(math.ceil(float(sure[enough[-1]]) / _STEP) * _STEP, 4)))


def wilson(share: NDArray[np.float64], texts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower end of Wilson's interval of a share that was measured on so many texts."""
    spread = DOUBT**2 / texts
    middle = share + spread / 2
    margin = DOUBT * np.sqrt(share * (1 - share) / texts + spread / texts / 4)
    lower: NDArray[np.float64] = (middle - margin) / (1 + spread)
    return lower
