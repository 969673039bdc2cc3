"""Sampling and augmentation: balance, repeatability, and changes that keep the language."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scandid import LABELS
from scandid.errors import InputError
from training.augmentation import AugmentationConfig, fragment, roughen, shorten, stray, typo
from training.corpora import Corpus
from training.sampling import LABEL_SHARES, Sampler, SamplingConfig

PLAIN = AugmentationConfig(0, 0, 0, 0, 0, 0, 0)
EVERYTHING = AugmentationConfig(1, 1, 1, 1, 1, 1, 1)
SENTENCE = "Vi mødtes på caféen, og så snakkede vi hele aftenen!"


def corpus() -> Corpus:
    """Danish from a large and a small source, and a little of every other label."""
    counts = {("dan", 0): 900, ("dan", 1): 100, ("swe", 0): 10, ("nob", 1): 50, ("nno", 1): 5}
    counts["other", 0] = 300
    rows = [pair for pair, n in counts.items() for _ in range(n)]
    targets = np.array([[name == label for name in LABELS] for label, _ in rows], np.float32)
    texts = [f"{label} {'ab'[source]}" for label, source in rows]
    return Corpus(texts, targets, np.array([source for _, source in rows], np.int32), ("a", "b"))


def drawn(
    config: SamplingConfig, steps: int, seed: int = 1, augmentation: AugmentationConfig = PLAIN
) -> list[tuple[str, tuple[float, ...]]]:
    """The texts and targets of some steps."""
    sampler = Sampler(corpus(), config, augmentation, seed)
    return [
        (bytes(row.tolist()).rstrip(b"\0").decode().strip(), tuple(target.tolist()))
        for step in range(steps)
        for text, targets, _ in sampler.draw(step)
        for row, target in zip(text, targets, strict=True)
    ]


def test_labels_are_drawn_by_their_share() -> None:
    """However many texts a label has, it gets its share of the batch."""
    counts = Counter(text.split()[0] for text, _ in drawn(SamplingConfig(batch=1000), 20))
    for label, share in LABEL_SHARES.items():
        assert abs(counts[label] / 20_000 - share) < 0.02


def test_sources_are_drawn_by_a_power_of_their_size() -> None:
    """Within a label, a source nine times as large weighs 9, 3 or 1 times as much."""
    for power, ratio in ((1.0, 9), (0.5, 3), (0.0, 1)):
        config = SamplingConfig(batch=2000, source_power=power)
        counts = Counter(text for text, _ in drawn(config, 20))
        assert abs(counts["dan a"] / counts["dan b"] / ratio - 1) < 0.25


def test_targets_stay_with_their_texts() -> None:
    """Sorting by length and splitting into parts mixes nothing up."""
    rows = drawn(SamplingConfig(batch=100), 3)
    for text, target in rows:
        assert target == tuple(float(label == text.split()[0]) for label in LABELS)


def test_only_other_texts_become_pieces_of_code() -> None:
    """Addresses and code stand in place of texts of other languages, and of none of the four."""
    rows = drawn(SamplingConfig(batch=400), 2, augmentation=replace(PLAIN, only_stray=1))
    other = [text for text, target in rows if target[LABELS.index("other")]]
    assert other
    assert not any(text.startswith("other") for text in other)
    assert len(set(other)) > len(other) / 2
    assert all(text.split()[0] in LABELS for text, target in rows if not target[-1])


def test_a_batch_follows_from_seed_and_step() -> None:
    """The same seed draws the same, so that a run can resume; another seed draws otherwise."""
    config = SamplingConfig(batch=64)
    assert drawn(config, 2) == drawn(config, 2)
    assert drawn(config, 2) != drawn(config, 2, seed=2)


def test_teachers_read_what_was_there_before_it_was_rough() -> None:
    """The text to be asked about has the same words, with accents and spaces where they were."""
    rough = replace(PLAIN, no_diacritics=1, joined=1)
    texts = [f"sjøen er grå nå {place}" for place in "abcdefgh"]
    targets = np.tile(np.array([[0, 0, 1, 0, 0]], np.float32), (len(texts), 1))
    norwegian = Corpus(texts, targets, np.zeros(len(texts), np.int32), ("a",))
    for part in Sampler(norwegian, SamplingConfig(batch=40), rough, 1).draw(0):
        for text, asked in zip(part.text, part.asked, strict=True):
            sent, meant = (bytes(row.tolist()).rstrip(b"\0").decode() for row in (text, asked))
            assert meant.startswith(" sjøen er grå nå ")
            assert "ø" not in sent
            assert sent.strip()[-1] == meant.strip()[-1]


def test_batches_smaller_than_their_parts() -> None:
    """A batch of one text has one part and no empty ones."""
    sampler = Sampler(corpus(), SamplingConfig(batch=1), PLAIN, 1)
    ((text, target, _),) = sampler.draw(0)
    assert (len(text), len(target)) == (1, 1)
    assert text.dtype == torch.uint8


def test_nothing_asked_for_changes_nothing() -> None:
    """With all shares at 0 the text stays as it is."""
    assert shorten(SENTENCE, PLAIN, random.Random(1)) == SENTENCE
    assert roughen(SENTENCE, PLAIN, random.Random(1)) == SENTENCE


@given(st.text(), st.integers())
def test_any_text_can_be_augmented(text: str, seed: int) -> None:
    """All changes at once raise nothing on any text, and repeat with the same random numbers."""
    first, second = (roughen(text, EVERYTHING, random.Random(seed)) for _ in range(2))
    assert first == second


@given(st.integers())
def test_a_fragment_is_a_few_words_of_the_text(seed: int) -> None:
    """One to four neighbouring words are cut out."""
    piece = fragment(SENTENCE, random.Random(seed))
    assert piece in SENTENCE
    assert 1 <= len(piece.split()) <= 4


@given(st.text(), st.integers())
def test_a_typo_is_one_change(text: str, seed: int) -> None:
    """At most one character more or less, and never in a text too short to lose one."""
    changed = typo(text, random.Random(seed))
    assert abs(len(changed) - len(text)) <= 1
    assert len(text) >= 4 or changed == text


@given(st.integers())
def test_a_stray_leaves_the_words(seed: int) -> None:
    """What is put in between is one to six words more; all others stay in order."""
    words = stray(SENTENCE, random.Random(seed)).split(" ")
    assert 1 <= len(words) - len(SENTENCE.split(" ")) <= 6
    rest = iter(words)
    assert all(word in rest for word in SENTENCE.split(" "))


def test_diacritics_are_written_otherwise() -> None:
    """With that share alone, å ä ö æ ø become digraphs or bare letters."""
    config = AugmentationConfig(0, 1, 0, 0, 0)
    found = {roughen("Blåbærgrød på ö", config, random.Random(seed)) for seed in range(20)}
    assert found == {"Blaabaergroed paa oe", "Blabargrod pa o", "Blabaergrod pa o"}


def test_other_languages_lose_their_accents_too() -> None:
    """Icelandic without accents is seen, or a model takes it for Nynorsk."""
    config = AugmentationConfig(0, 1, 0, 0, 0)
    found = {roughen("Það kólnar ýmist", config, random.Random(seed)) for seed in range(20)}
    assert found == {"Það kólnar ýmist", "Það kolnar ymist", "THad kolnar ymist"}


def test_a_factor_changes_the_weight_of_its_source_alone() -> None:
    """A source with factor 0 is never drawn, and a factor for a source not there is an error."""
    only_b = SamplingConfig(batch=64, factors={"a": 0.0})
    parts = Sampler(corpus(), only_b, PLAIN, seed=1).draw(0)
    drawn = {bytes(row.tolist()).strip(b"\0 ") for text, *_ in parts for row in text}
    assert drawn == {b"dan b", b"nob b", b"nno b"}
    with pytest.raises(InputError, match="no source 'c'; there are a, b"):
        Sampler(corpus(), SamplingConfig(factors={"c": 2.0}), PLAIN, seed=1)


def test_weights_that_leave_nothing_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Every source at 0 is an error; one that alone has a language is told by the language."""
    with pytest.raises(InputError, match="--weight: all of a, b weigh 0, expected one source"):
        Sampler(corpus(), SamplingConfig(factors={"a": 0.0, "b": 0.0}), PLAIN, seed=1)
    Sampler(corpus(), SamplingConfig(factors={"b": 0.0}), PLAIN, seed=1)
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"--weight: every source of {name} weighs 0: the model will not learn it"
        for name in ("nob", "nno")
    ]
