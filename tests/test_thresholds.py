"""Thresholds from which a text counts as acceptable."""

import numpy as np
import pytest

from scandid.labels import LABELS
from scandid.reliability import KINDS
from training.thresholds import choose_thresholds

BOTH = [0.7, 0.05, 0.49, 0.1, 0.0]
SWEDISH = [0.36, 0.9, 0.09, 0.1, 0.0]
UNSURE = [0.1, 0.4, 0.28, 0.0, 0.1]
OTHER = [0.6, 0.1, 0.1, 0.1, 0.7]


def targets(*languages: str) -> list[bool]:
    """Targets of a text that is right in these languages."""
    return [label in languages for label in LABELS]


def test_languages_are_measured_by_the_likeliest_one() -> None:
    """Half of a weak belief counts as half of a strong one does; what is other has no say."""
    rows = np.array([BOTH, SWEDISH, UNSURE, OTHER] * 5, np.float32)
    gold = [targets("dan", "nob"), targets("swe"), targets("swe", "nob"), targets("other")]
    several = np.arange(20) < 12
    chosen = choose_thresholds(rows, several, np.array(gold * 5, np.float32), np.ones(20))
    assert list(chosen) == list(KINDS)
    assert all(0.4 < share <= 0.7 for share in chosen.values())


@pytest.mark.parametrize(("second", "share"), [(1, 0.95), (4, 0.65), (9, 0.15)])
def test_of_several_words_as_many_languages_are_named_as_are_right(
    second: int, share: float
) -> None:
    """Of ten texts with second languages of 0.96 to 0.06 the likeliest are named, right or not."""
    part = 0.96 - 0.1 * np.arange(10)[:, None]
    rows = np.concatenate([np.ones((10, 1)), part, np.zeros((10, 3))], axis=1).astype(np.float32)
    gold = [targets("dan")] * (10 - second) + [targets("dan", "swe")] * second
    chosen = choose_thresholds(rows, np.ones(10, np.bool_), np.array(gold, np.float32), np.ones(10))
    assert chosen["several words"] == pytest.approx(share)
    assert chosen["one word"] == pytest.approx(0.95), "nothing to judge by"


@pytest.mark.parametrize(("weight", "named"), [(1, False), (300, True)])
def test_texts_count_by_their_weight(weight: int, *, named: bool) -> None:
    """Of two that contradict each other the heavier one decides; of equals, fewer are named."""
    rows = np.array([[0.8, 0.0, 0.4, 0.0, 0.0]] * 2, np.float32)
    gold = np.array([targets("dan", "nob"), targets("dan")], np.float32)
    chosen = choose_thresholds(rows, np.ones(2, np.bool_), gold, np.array([weight, 1.0]))
    assert (chosen["several words"] <= 0.5) == named


def test_of_one_word_what_cannot_be_told_from_the_best_names_fewer() -> None:
    """Seven sets more and five less are within one standard error of none, twelve and two are not.

    The error is that of the difference: of one share alone it would be five texts here.
    """
    near, far = [0.8, 0.0, 0.4, 0.0, 0.0], [0.8, 0.0, 0.7, 0.0, 0.0]
    for more, less, share in ((7, 5, 0.875), (12, 2, 0.5), (6, 2, 0.5)):
        alike = 50 - more - less
        rows = np.array([near] * (more + less) + [far] * 50 + [SWEDISH] * alike, np.float32)
        gold = [targets("dan", "nob")] * more + [targets("dan")] * less
        gold += [targets("dan", "nob")] * 30 + [targets("dan")] * 20 + [targets("swe")] * alike
        chosen = choose_thresholds(
            rows, np.zeros(100, np.bool_), np.array(gold, np.float32), np.ones(100)
        )
        assert chosen["one word"] == pytest.approx(share)
        assert chosen["several words"] == pytest.approx(0.95), "nothing to judge by"
