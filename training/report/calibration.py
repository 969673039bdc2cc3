"""Whether confidence can be believed: how often answers of a confidence are right."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

BINS: Final = 15
"""Bins of equal width from 0 to 1, as expected calibration error is mostly given."""


def calibration(confidence: Sequence[float], right: Sequence[bool]) -> dict[str, Any]:
    """Expected calibration error and the bins it is made of.

    Args:
        confidence: Confidence of each best label, 0 to 1.
        right: Whether that label was a gold one.

    Returns:
        ``n``, ``ece`` (0 to 1: mean over texts of the distance between a bin's mean confidence and
        its share of right answers) and ``bins`` with ``n``, ``confidence`` and ``accuracy`` of
        each bin that holds texts.
    """
    if not confidence:
        return {"n": 0, "ece": 0.0, "bins": []}
    values = np.asarray(confidence, np.float64)
    hits = np.asarray(right, np.float64)
    place = np.minimum((values * BINS).astype(int), BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    kept = counts > 0
    means = np.bincount(place, values, BINS)[kept] / counts[kept]
    shares = np.bincount(place, hits, BINS)[kept] / counts[kept]
    error = float((np.abs(means - shares) * counts[kept]).sum() / len(values))
    bins = [
        {"n": int(n), "confidence": round(float(mean), 6), "accuracy": round(float(share), 6)}
        for n, mean, share in zip(counts[kept], means, shares, strict=True)
    ]
    return {"n": len(values), "ece": round(error, 6), "bins": bins}
