"""Cleaning: merging copies, dropping, holding out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scandid import LABELS, InputError
from training.cleaning import clean, hold_out, missing, summary, text_key
from training.corpora import Corpus


def corpus(*rows: tuple[str, str, int]) -> Corpus:
    """A corpus of text, labels with blanks between, and source."""
    targets = [[label in labels.split() for label in LABELS] for _, labels, _ in rows]
    return Corpus(
        [text for text, _, _ in rows],
        np.array(targets, np.float32).reshape(-1, len(LABELS)),
        np.array([source for _, _, source in rows], np.int32),
        ("first", "second"),
    )


def test_copies_share_their_labels() -> None:
    """The same words under several labels are right in all of them, and other gives way."""
    merged, report = clean(
        corpus(
            ("Ja, da!", "dan", 0),
            ("ja da", "nob", 1),
            ("Ja, da.", "dan", 0),
            ("Okay", "other", 0),
            ("okay?", "swe", 1),
            ("Yes", "other", 0),
            ("12 !", "dan", 0),
            ("Halla", "other", 0),
            ("halla", "nno", 1),
        )
    )
    assert merged.texts == ["Ja, da!", "ja da", "Okay", "okay?", "Yes", "Halla", "halla"]
    found = [[LABELS[at] for at in np.flatnonzero(row)] for row in merged.targets]
    assert found == [["dan", "nob"]] * 2 + [["swe"]] * 2 + [["other"]] + [["nno"]] * 2
    assert merged.sources.tolist() == [0, 1, 0, 1, 0, 0, 1]
    assert (report.wordless, report.repeats, report.contradictions) == (1, 1, 3)


def test_words_in_another_script_are_dropped_and_named() -> None:
    """No text of the four languages is in Cyrillic alone; one that quotes some stays."""
    merged, report = clean(
        corpus(
            ("года", "swe nob", 0),
            ("что", "nno", 0),
            ("Где?", "nob", 1),
            ("Где?", "other", 1),
            ("Han spurte: Где?", "nob", 1),
        )
    )
    assert merged.texts == ["Где?", "Han spurte: Где?"]
    assert merged.targets.argmax(axis=1).tolist() == [LABELS.index("other"), LABELS.index("nob")]
    found = "texts are in another script than dan, swe, nob, nno and left out"
    assert f"first: 2 {found}: 'года'; 'что'\nsecond: 1 {found}: 'где'" in summary(merged, report)


def test_the_summary_counts_by_source_and_label() -> None:
    """The table holds each source's texts by label, and what was dropped."""
    merged, report = clean(corpus(("Ja", "dan", 0), ("Nej", "swe", 1), ("Nej", "swe", 1)))
    table = summary(merged, report)
    assert "first                            1         0         0         0         0" in table
    assert "2 texts kept; dropped 1 repeats and 0 without a letter" in table


def test_languages_without_a_text_are_named() -> None:
    """A label that stands beside another one counts; what is left out does not."""
    merged = clean(corpus(("Ja", "dan nob", 0), ("Nej", "swe", 1)))[0]
    lines = {name: f"no text is {name}: the model will not know it\n" for name in LABELS}
    assert missing(merged) == [lines["nno"], lines["other"]]
    trained_on, _ = merged.split_off(["second"])
    assert missing(trained_on) == [lines["swe"], lines["nno"], lines["other"]]


def test_texts_without_a_letter_contradict_nobody() -> None:
    """Digits alone under two labels are dropped, and are no text with several labels."""
    _, report = clean(corpus(("12", "dan", 0), ("34 !", "swe", 0), ("Ja", "dan", 0)))
    assert (report.wordless, report.contradictions) == (2, 0)


@pytest.mark.parametrize("text", ["12 !", "года"])
def test_where_no_text_is_left_the_data_is_named(text: str) -> None:
    """All without a letter, or all in another script: one line, and no traceback."""
    cleaned, _ = clean(corpus((text, "swe", 0), (text, "swe", 1)))
    with pytest.raises(InputError, match="--data: 0 texts with letters are too few"):
        hold_out(cleaned)


@given(st.lists(st.text("abæø ", min_size=1), min_size=1))
def test_cleaning_twice_is_cleaning_once(texts: list[str]) -> None:
    """Nothing is left for a second pass, and every text kept has a letter."""
    once, _ = clean(corpus(*((text, "dan", 0) for text in texts)))
    assert all(map(text_key, once.texts))
    if once.texts:
        twice, report = clean(once)
        assert twice.texts == once.texts
        assert (report.wordless, report.repeats) == (0, 0)


def test_held_out_texts_have_no_copy_in_training() -> None:
    """About one text in fifty is held out, together with its copies, the same ones each time."""
    words = [f"ord {''.join(chr(97 + int(digit)) for digit in str(n))}" for n in range(5000)]
    rows = [(text, "dan", 0) for text in words] + [(f"{text}!", "dan", 1) for text in words]
    training, held_out = hold_out(corpus(*rows))
    assert len(training) + len(held_out) == len(rows)
    assert not set(map(text_key, training.texts)) & set(map(text_key, held_out.texts))
    assert 60 < len(held_out) / 2 < 150
    assert hold_out(corpus(*rows))[1].texts == held_out.texts


@pytest.mark.parametrize("texts", [[], ["ja"]])
def test_too_few_texts_are_an_error(texts: list[str]) -> None:
    """Where none is held out, training could not be judged, and says so."""
    with pytest.raises(InputError, match="texts with letters are too few"):
        hold_out(corpus(*((text, "dan", 0) for text in texts)))
