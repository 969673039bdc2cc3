"""Calibration: figures that can be worked out by hand."""

import pytest

from scandid import Answer
from scandid.tables import LabelledText
from training.report.calibration import calibration
from training.report.scoring import by_length, calibrated, folded_accuracy, length_curve, tally


def judged(text: str, gold: str, label: str, confidence: float) -> tuple[LabelledText, Answer]:
    """A text and an answer to it."""
    answer = Answer(label, confidence, {}, (label,), reliable=True, truncated=False)
    return LabelledText(text, frozenset({gold})), answer


def test_confidence_that_is_kept_has_no_error() -> None:
    """Three of four answers right at 0.75 is perfect calibration."""
    found = calibration([0.75] * 4, [True, True, True, False])
    assert found["ece"] == pytest.approx(0)
    assert found["bins"] == [{"n": 4, "confidence": 0.75, "accuracy": 0.75}]


def test_error_is_weighed_by_texts() -> None:
    """One bin of three texts that is 0.1 off and one of a text that is 0.5 off make 0.2."""
    found = calibration([0.9, 0.9, 0.9, 0.5], [True, True, True, True])
    assert found["ece"] == pytest.approx(0.75 * 0.1 + 0.25 * 0.5)


def test_full_confidence_belongs_to_the_last_bin() -> None:
    """A confidence of exactly 1 is counted, and no texts make no error."""
    assert calibration([1.0], [True])["ece"] == 0
    assert calibration([], []) == {"n": 0, "ece": 0.0, "bins": []}


def test_a_text_without_letters_makes_no_claim() -> None:
    """Undetermined answers, whose confidence is 0 by definition, are left out."""
    rows = [judged("12", "other", "und", 0.0), judged("hej", "swe", "swe", 1.0)]
    assert calibrated(rows)["n"] == 1


def test_folded_accuracy_takes_norwegian_as_one() -> None:
    """Bokmål for Nynorsk is a mistake, and right for Norwegian; Danish is neither."""
    rows = [
        judged("a", "nno", "nob", 1),
        judged("b", "nob", "nob", 1),
        judged("c", "nob", "dan", 1),
    ]
    counts = tally(rows)
    assert counts.accuracy() == pytest.approx(1 / 3)
    assert folded_accuracy(counts) == pytest.approx(2 / 3)


def test_lengths_part_the_texts() -> None:
    """Each text counts in the bucket and at the point of its length, and in no other."""
    rows = [judged("hej", "swe", "swe", 1), judged("x" * 90, "dan", "nob", 1)]
    buckets = by_length(rows)
    assert {name: found["n"] for name, found in buckets.items()} == {"word": 1, "sentence": 1}
    assert buckets["word"]["accuracy"] == 1
    curve = length_curve(rows)
    assert sum(point["n"] for point in curve["all"]) == 2
    assert [point for point in curve["dan"] if point["n"]] == [{"n": 1, "accuracy": 0.0}]
