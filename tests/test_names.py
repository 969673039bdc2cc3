"""Foreign names put into Scandinavian training texts."""

import random

import numpy as np

from training.augmentation import AugmentationConfig
from training.corpora import Corpus
from training.names import find_names, foreign_names, put_in
from training.sampling import Sampler, SamplingConfig
from training.targets import target


def corpus() -> Corpus:
    """An English text with a name, and a Danish one with another."""
    texts = ["then came Alan Turing to town", "så kom Karen Blixen til byen"]
    rows = np.stack([target(["eng"], "1"), target(["dan"], "2")])
    return Corpus(texts, rows, np.zeros(2, np.int32), ("mine",))


def test_a_name_is_a_run_of_capitals_within_a_text() -> None:
    """Neither the first word, nor abbreviations, nor German nouns are taken for names."""
    texts = ["Then he met Maria de la Cruz in Rio, not the FBI", "ich sah die Katze auf dem Dach"]
    assert find_names(texts) == ["Maria de la Cruz", "Rio"]


def test_names_are_those_of_other_languages() -> None:
    """A Danish name in a Danish text stays evidence for Danish."""
    assert foreign_names(corpus()) == ["Alan Turing"]


def test_the_text_stays_with_names_beside_it() -> None:
    """All words of the text remain in order, with at most one word more of names."""
    rng = random.Random(1)
    for _ in range(50):
        words = put_in("en kulle här", ["Jabal", "El Majdel al Sham"], rng).split()
        assert [word for word in words if word in {"en", "kulle", "här"}] == ["en", "kulle", "här"]
        assert 3 <= len(words) <= 7


def test_a_single_word_gets_no_name() -> None:
    """With a name beside it a single word could be of any language."""
    assert put_in("kulle", ["Jabal"], random.Random(1)) == "kulle"


def test_only_texts_of_the_four_get_foreign_names() -> None:
    """A batch of the sampler has the name in Danish texts, and English ones as they were."""
    always = AugmentationConfig(0, 0, 0, 0, 0, foreign_names=1, only_stray=0)
    parts = Sampler(corpus(), SamplingConfig(batch=40, parts=1), always, seed=1).draw(0)
    (text, targets, _), *_ = parts
    lines = [bytes(row.tolist()).rstrip(b"\0").decode() for row in text]
    danish = [line for line, row in zip(lines, targets, strict=True) if row[0]]
    english = [line for line, row in zip(lines, targets, strict=True) if row[-1]]
    assert danish
    assert all("alan turing" in line for line in danish)
    assert set(english) == {" then came alan turing to town "}
