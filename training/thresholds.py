"""Thresholds: from which probability on a text counts as acceptable in a language."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scandid.labels import LABELS, LANGUAGES, OTHER
from scandid.tables import LabelledText

_CANDIDATES: Final = np.round(np.arange(0.3, 0.66, 0.025), 3)
"""None is higher: held-out texts name a second language only where a copy of them shows it, so the
number of exact sets goes on to rise as doubt is given up."""

_ROUNDS: Final = 2


def choose_thresholds(
    probabilities: NDArray[np.float32], rows: Sequence[LabelledText]
) -> dict[str, float]:
    """The thresholds with which most sets of acceptable languages are exactly the gold ones.

    That is what SLIDE's strict accuracy counts (Fedorova et al. 2025, arXiv 2502.06692). They are
    chosen one language at a time, twice round.

    Args:
        probabilities: float32 ``[texts, labels]``.
        rows: The same texts with their gold labels.
    """
    gold = np.array([[language in row.gold for language in LANGUAGES] for row in rows])
    best = probabilities.argmax(axis=1)
    is_other = best == LABELS.index(OTHER)
    chosen = np.full(len(LANGUAGES), 0.5)
    said = _said(probabilities, best, chosen)
    for place in list(range(len(LANGUAGES))) * _ROUNDS:
        others = np.arange(len(LANGUAGES)) != place
        exact = (said[:, others] == gold[:, others]).all(axis=1) & ~is_other
        right = [
            (
                exact & (((probabilities[:, place] >= least) | (best == place)) == gold[:, place])
            ).sum()
            for least in _CANDIDATES
        ]
        chosen[place] = _CANDIDATES[int(np.argmax(right))]
        said = _said(probabilities, best, chosen)
    return dict(zip(LANGUAGES, chosen.tolist(), strict=True))


def _said(
    probabilities: NDArray[np.float32], best: NDArray[np.int64], thresholds: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """The sets an identifier would say, bool ``[texts, languages]``, but for *other*."""
    places = np.arange(len(LANGUAGES))
    said: NDArray[np.bool_] = (probabilities[:, places] >= thresholds) | (best[:, None] == places)
    return said
