"""Thresholds from which a text counts as acceptable."""

import numpy as np

from scandid.labels import LANGUAGES
from scandid.tables import LabelledText
from training.thresholds import choose_thresholds


def test_the_threshold_parts_what_is_acceptable_from_what_is_not() -> None:
    """Each language gets a threshold with which the held-out sets are exactly the gold ones."""
    rows = [LabelledText("", frozenset({"dan", "nob"}))] * 20 + [
        LabelledText("", frozenset({"swe"}))
    ] * 20
    both, swedish = [0.7, 0.05, 0.5, 0.1, 0.0], [0.6, 0.9, 0.3, 0.1, 0.0]
    chosen = choose_thresholds(np.array([both] * 20 + [swedish] * 20, np.float32), rows)
    assert set(chosen) == set(LANGUAGES)
    assert 0.6 < chosen["dan"] <= 0.65
    assert 0.3 < chosen["nob"] <= 0.5
