"""The identifier: decisions, order, batches; with random weights and with the shipped model."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scandid import LABELS, Answer, Identifier, ModelError
from scandid.encoding import pad
from scandid.identifier import MAX_BATCH_BYTES
from scandid.litter import may_hold_markup
from scandid.model import Model
from tests.fake_model import Rows

SENTENCES = {
    "dan": [
        "Jeg ved ikke, hvad jeg skal gøre ved det.",
        "Vi mødtes på caféen og snakkede hele aftenen.",
    ],
    "swe": [
        "Jag vet inte vad jag ska göra åt det.",
        "Vi träffades på kaféet och pratade hela kvällen.",
    ],
    "nob": [
        "Jeg vet ikke hva jeg skal gjøre med det.",
        "Vi møttes på kafeen og snakket sammen hele kvelden.",
    ],
    "nno": [
        "Eg veit ikkje kva eg skal gjere med det.",
        "Vi møttest på kafeen og prata saman heile kvelden.",
    ],
    "other": [
        "I have no idea what to do about it.",
        "Я не знаю, что с этим делать.",
        "Ich weiß nicht, was ich damit machen soll.",
        "Ég veit ekki hvað ég á að gera við þetta.",
        "今日はとても良い天気ですね。",
    ],
}

LETTERLESS = ["", " ", "\n\t", "12 345", "1.2.3", "?!", "😀👍", "\0", "½²", "___", "٣٤", "\u0301"]

MIXES = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from([text for texts in SENTENCES.values() for text in texts]),
        st.builds(
            lambda word, n: f"{word} " * n, st.text("aeiknorstæøå", min_size=1), st.integers(0, 90)
        ),
    ),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> Identifier:
    """Random weights."""
    return Identifier.load(tiny_model)


@pytest.fixture(scope="module")
def shipped(shipped_model: Path) -> Identifier:
    """The shipped model, loaded as a user does."""
    assert shipped_model.exists()
    return Identifier.load()


def same(one: Answer, other: Answer) -> bool:
    """Same label and set of languages, and probabilities within 1e-5."""
    nearness = [abs(one.probabilities[k] - other.probabilities[k]) for k in LABELS]
    return (
        (one.label, one.acceptable, one.truncated)
        == (other.label, other.acceptable, other.truncated)
        and max(nearness) <= 1e-5
        and one.confidence == one.probabilities.get(one.label, 0)
    )


@given(MIXES)
def test_an_answer_does_not_depend_on_its_neighbours(tiny: Identifier, texts: list[str]) -> None:
    """With random weights, alone or in any batch, a text gets the same answer, in order."""
    together = tiny.identify_batch(texts)
    assert len(together) == len(texts)
    assert all(map(same, together, map(tiny.identify, texts)))


@settings(max_examples=40)
@given(MIXES)
def test_the_shipped_model_ignores_neighbours(shipped: Identifier, texts: list[str]) -> None:
    """With the shipped model too, alone or in any batch, a text gets the same answer."""
    assert all(map(same, shipped.identify_batch(texts), map(shipped.identify, texts)))


def test_order_is_kept_over_many_calls(tiny: Identifier) -> None:
    """Texts of mixed lengths, sorted into several calls inside, come back in their order."""
    rng = random.Random(1)
    texts = [f"{'ord ' * rng.randrange(1, 60)}{number}" for number in range(400)]
    assert all(map(same, tiny.identify_batch(texts), map(tiny.identify, texts)))


def test_calls_are_bounded() -> None:
    """However many texts there are, one call of the model is small."""
    model = Rows(1, 0, 0, 0, 0)
    Identifier(model).identify_batch(["a" * 500] * 100 + ["b"] * 3000)
    assert sum(batch for batch, _ in model.shapes) == 3100
    assert max(batch * time for batch, time in model.shapes) <= MAX_BATCH_BYTES


def test_no_texts_no_answers(tiny: Identifier) -> None:
    """An empty batch is fine."""
    assert tiny.identify_batch([]) == []


@pytest.mark.parametrize("text", LETTERLESS)
def test_a_text_without_a_letter_is_undetermined(text: str) -> None:
    """Whatever the model would say, no letter means no language, and the model is not asked."""
    model = Rows(1, 1, 1, 1, 1)
    answer = Identifier(model).identify(text)
    assert (answer.label, answer.confidence, answer.acceptable) == ("und", 0.0, ())
    assert answer.probabilities == dict.fromkeys(LABELS, 0.0)
    assert not answer.reliable
    assert not answer.truncated
    assert model.shapes == []


@given(st.text().filter(lambda text: not may_hold_markup(text)))
def test_undetermined_is_exactly_no_letter(text: str) -> None:
    """A text is undetermined where it has no letter, and only there; *Â©* is a misread sign."""
    answer = Identifier(Rows(1, 0, 0, 0, 0)).identify(text)
    assert (answer.label == "und") == (not any(map(str.isalpha, text)))


def test_letters_beyond_the_cut_are_not_read() -> None:
    """Where the part that is read has no letter, the answer is undetermined and says it was cut."""
    answer = Identifier(Rows(1, 0, 0, 0, 0)).identify("1" * 70_000 + " hej")
    assert (answer.label, answer.truncated) == ("und", True)


def test_long_texts_say_they_were_cut(tiny: Identifier) -> None:
    """Only a text longer than the model reads is truncated, and its end changes nothing."""
    limit = tiny.metadata.max_bytes
    short, long = tiny.identify("a" * (limit - 2)), tiny.identify("a" * 100_000)
    assert (short.truncated, long.truncated) == (False, True)
    end = tiny.identify("a" * 100_000 + " og noe annet")
    assert end == long


@pytest.mark.parametrize(
    ("row", "label", "acceptable"),
    [
        ((0.9, 0.1, 0.1, 0.1, 0.1), "dan", ("dan",)),
        ((0.9, 0.1, 0.95, 0.1, 0.1), "nob", ("dan", "nob")),
        ((0.1, 0.1, 0.2, 0.3, 0.1), "nno", ("nob", "nno")),
        ((0.1, 0.1, 0.14, 0.3, 0.1), "nno", ("nno",)),
        ((0.8, 0.39, 0.1, 0.1, 0.0), "dan", ("dan",)),
        ((0.7, 0.39, 0.1, 0.1, 0.0), "dan", ("dan", "swe")),
        ((0.5, 0.5, 0.5, 0.5, 0.0), "dan", ("dan", "swe", "nob", "nno")),
        ((0.6, 0.1, 0.1, 0.1, 0.7), "other", ()),
        ((0.0, 0.0, 0.0, 0.0, 0.0), "dan", ("dan",)),
    ],
)
def test_the_decision(row: tuple[float, ...], label: str, acceptable: tuple[str, ...]) -> None:
    """The likeliest label wins; languages with half of its probability hold too, none for other."""
    answer = Identifier(Rows(*row)).identify("hej")
    assert (answer.label, answer.acceptable) == (label, acceptable)
    assert answer.confidence == pytest.approx(max(row))


def test_any_string_is_fine(tiny: Identifier) -> None:
    """Surrogates, controls, and a megabyte raise nothing."""
    texts = ["\ud800a", "a\x00b", "\x1b[0m", "ﷺ" * 1000, "a" * 1_000_000, "\u202eabc", "İ", "ß"]
    assert len(tiny.identify_batch(texts)) == len(texts)


@pytest.mark.parametrize("label", LABELS)
def test_plain_sentences_are_identified(shipped: Identifier, label: str) -> None:
    """The shipped model gives plain sentences of every label that label."""
    assert [shipped.identify(text).label for text in SENTENCES[label]] == [label] * len(
        SENTENCES[label]
    )


def test_capitals_and_decomposed_accents_change_nothing(shipped: Identifier) -> None:
    """All capitals and NFD get the very same answer as the plain text."""
    text = "Vi träffades på kaféet och åt smörgåsar."
    decomposed = "Vi tra\u0308ffades pa\u030a kafe\u0301et och a\u030at smo\u0308rga\u030asar."
    plain, *others = shipped.identify_batch([text, text.upper(), decomposed])
    assert others == [plain, plain]


def test_golden_examples_are_replayed(tiny: Identifier, shipped: Identifier) -> None:
    """The models as they were written answer as recorded."""
    tiny.verify()
    shipped.verify()


def test_verify_refuses_other_answers() -> None:
    """A model that answers otherwise than recorded, or with no number, is refused by name."""
    for value in (0.9, float("nan")):
        with pytest.raises(ModelError, match=r"model 7: golden example 'Hej\.' is off by"):
            Identifier(Rows(value, 0.5, 0, 0, 0)).verify()
    Identifier(Rows(0.5, 0.5, 0, 0, 0)).verify()


def test_padding_alone_changes_nothing(tiny_model: Path) -> None:
    """More zeros behind a text leave its probabilities within 1e-5."""
    model, data = Model.load(tiny_model), b" noen ord til "
    long = np.zeros((1, 640), np.uint8)
    long[0, : len(data)] = list(data)
    np.testing.assert_allclose(
        model.probabilities(long), model.probabilities(pad([data])), atol=1e-5
    )
