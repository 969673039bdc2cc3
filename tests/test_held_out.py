"""The texts that calibration is fitted on: kept with sources, cut, weighed."""

from pathlib import Path

import numpy as np
import pytest

from scandid.errors import InputError
from scandid.labels import LABELS
from training.corpora import Corpus
from training.held_out import PIECES, WHOLE, Sample, load, save, with_pieces

ROWS = (
    ("Jeg ved ikke hvad der skete i morges", "dan", "subtitles"),
    ("Jeg vet ikke hva som skjedde i morges", "nob", "subtitles"),
    ("Eg veit ikkje kva som hende i dag", "nno", "news"),
    ("I do not know what happened this morning of all mornings", "other", "news"),
    ("Hei", "nob", "news"),
)


def corpus() -> Corpus:
    """The rows as a corpus."""
    targets = [[label == gold for label in LABELS] for _, gold, _ in ROWS]
    names = ("subtitles", "news")
    sources = [names.index(source) for *_, source in ROWS]
    texts = [text for text, *_ in ROWS]
    return Corpus(texts, np.array(targets, np.float32), np.array(sources, np.int32), names)


def test_texts_come_back_with_their_sources(tmp_path: Path) -> None:
    """What was saved is what is loaded."""
    save(corpus(), tmp_path / "held_out.parquet")
    found = load(tmp_path / "held_out.parquet")
    assert found.texts == corpus().texts
    assert found.names == ("subtitles", "news")
    np.testing.assert_array_equal(found.targets, corpus().targets)
    np.testing.assert_array_equal(found.sources, corpus().sources)


def test_a_missing_or_other_file_is_named(tmp_path: Path) -> None:
    """Neither is taken for held-out texts."""
    with pytest.raises(InputError, match=r"held_out\.parquet: held-out texts cannot be read"):
        load(tmp_path / "held_out.parquet")
    (tmp_path / "text.parquet").write_bytes(b"text")
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "text.parquet")


def test_pieces_of_every_length_are_cut() -> None:
    """A text stays, and gives a piece of each number of words that it is longer than."""
    found = with_pieces(corpus())
    assert found.texts[: len(ROWS)] == corpus().texts
    pieces = found.texts[len(ROWS) :]
    counts = [len(piece.split()) for piece in pieces]
    assert counts.count(1) == counts.count(5) == 4
    assert counts.count(9) == 1
    assert set(counts) == set(PIECES)
    assert all(any(piece in text for text in corpus().texts) for piece in pieces)


def test_a_word_is_good_wherever_it_stands() -> None:
    """A word is right in every language whose texts have it, longer pieces where they were cut."""
    found = with_pieces(corpus())
    gold = {
        text: {LABELS[at] for at in np.flatnonzero(row)}
        for text, row in zip(found.texts, found.targets, strict=True)
    }
    words = {text.lower() for text in found.texts if " " not in text}
    for word in words:
        homes = {label for text, label, _ in ROWS if word in text.lower().split()}
        assert gold[next(text for text in gold if text.lower() == word)] == (
            homes - {"other"} or homes
        )
    assert all(len(labels) == 1 for text, labels in gold.items() if " " in text)


def test_whole_texts_weigh_more_than_pieces() -> None:
    """A text of several words counts as many pieces, a word alone as one, whole or cut."""
    sample = Sample.of(corpus(), 64)
    count = len(ROWS)
    assert sample.several[:count].tolist() == [True] * 4 + [False]
    assert sample.weights[:count].tolist() == [WHOLE] * 4 + [1]
    assert (sample.weights[count:] == 1).all()


def test_a_sample_is_ready_for_fitting() -> None:
    """Encoded texts, their lengths, targets and weights belong together."""
    sample = Sample.of(corpus(), 16)
    assert sample.lengths.tolist() == [len(data) for data in sample.encoded]
    assert sample.lengths.max() <= 16
    assert sample.several.tolist() == [data.count(b" ") > 2 for data in sample.encoded]
    assert len(sample.targets) == len(sample.weights) == len(sample.encoded)
