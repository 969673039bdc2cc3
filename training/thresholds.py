"""Thresholds: from which probability on a text counts as acceptable in a language."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scandid.labels import LANGUAGES
from scandid.tables import LabelledText

_CANDIDATES: Final = np.round(np.arange(0.2, 0.81, 0.02), 2)


def choose_thresholds(
    probabilities: NDArray[np.float32], rows: Sequence[LabelledText]
) -> dict[str, float]:
    """For each language the threshold with the best F1 of "acceptable" on held-out texts.

    Args:
        probabilities: float32 ``[texts, labels]``.
        rows: The same texts with their gold labels.
    """
    chosen = {}
    for place, language in enumerate(LANGUAGES):
        gold = np.array([language in row.gold for row in rows])
        scores = [_f1(probabilities[:, place] >= candidate, gold) for candidate in _CANDIDATES]
        chosen[language] = float(_CANDIDATES[int(np.argmax(scores))])
    return chosen


def _f1(said: NDArray[np.bool_], gold: NDArray[np.bool_]) -> float:
    return 2 * float((said & gold).sum()) / max(1, int(said.sum() + gold.sum()))
