"""Excerpts: what of a long text is read first, and when the rest of it is."""

from pathlib import Path
from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scandid import LABELS, Identifier
from scandid.encoding import TIME_MULTIPLE, encode_texts, pad
from scandid.excerpt import LONG_BYTES, SURE, excerpt
from scandid.model import Model
from scandid.tables import read_table
from tests.fake_model import METADATA

SAMPLE = Path(__file__).parent / "data" / "flores_sample.parquet"
IN_ENGLISH = "Dear all, please find below what we received from our customer this morning. {} \
Kind regards, and have a nice weekend. This message is confidential."

FRAMED_CHANGED = 0.04
"""Share of texts between English ones that may get another label than all of the text gives; 0.02
was measured, and 0.99 for excerpts of both ends alone."""


class Judge:
    """A model sure of Danish in what has up to a number of bytes, of Swedish in longer texts."""

    metadata = METADATA

    def __init__(self, confidence: float) -> None:
        self.confidence = confidence
        self.shapes: list[tuple[int, ...]] = []

    def probabilities(self, text: NDArray[np.uint8]) -> NDArray[np.float32]:
        """One of two rows for all of them."""
        self.shapes.append(text.shape)
        long = text.shape[1] > LONG_BYTES
        row = (0, 1, 0, 0, 0) if long else (self.confidence, 0, 0, 0, 0)
        return np.tile(np.array(row, np.float32), (len(text), 1))


@pytest.fixture(scope="module")
def model() -> Model:
    """The shipped model."""
    return Model.load()


@pytest.fixture(scope="module")
def sentences() -> dict[str, list[str]]:
    """Wikipedia-like sentences by label."""
    rows = list(read_table(SAMPLE))
    return {label: [row.text for row in rows if row.gold == {label}] for label in LABELS}


def strung(texts: list[str], count: int) -> list[str]:
    """So many texts in a row as one, for all of them."""
    return [" ".join(texts[at : at + count]) for at in range(0, len(texts), count)]


def best(model: Model, texts: list[str]) -> list[str]:
    """The label that reading all of each text gives."""
    encoded = encode_texts(texts, model.metadata.max_bytes)
    return [LABELS[int(model.probabilities(pad([data]))[0].argmax())] for data, _ in encoded]


@given(st.binary(min_size=LONG_BYTES + 1, max_size=METADATA.max_bytes))
def test_an_excerpt_goes_from_beginning_to_end(data: bytes) -> None:
    """It starts where the text does, ends within a piece of its end, and is at most half of it."""
    found = excerpt(data)
    assert found[:42] == data[:42]
    assert found[-42:] in data[-42 - 10 :]
    assert 2 * 42 < len(found) <= len(data) * 2 / 3


def test_an_excerpt_of_a_short_page_fits_four_windows() -> None:
    """Up to a length at which a fourth piece is worth it, the model reads 128 bytes."""
    sizes = {len(excerpt(b"x" * length)) for length in range(LONG_BYTES + 1, 336)}
    assert max(sizes) <= 4 * TIME_MULTIPLE


@pytest.mark.parametrize(("confidence", "label"), [(SURE, "dan"), (SURE - 0.001, "swe")])
def test_in_doubt_all_of_a_text_is_read(confidence: float, label: str) -> None:
    """An excerpt answers where the model is sure of it, and nowhere else."""
    judge = Judge(confidence)
    answer = Identifier(judge).identify("ord " * 100)
    assert answer.label == label
    assert [time for _, time in judge.shapes] == [192, 416][: 1 if label == "dan" else 2]


def test_short_texts_are_read_whole_and_once() -> None:
    """Up to the limit there is one call, however unsure the model is."""
    judge = Judge(0.3)
    answers = Identifier(judge).identify_batch(["ord " * 47, "ord"])
    assert [answer.label for answer in answers] == ["dan", "dan"]
    assert judge.shapes == [(2, 192)]


def test_only_texts_in_doubt_are_read_again(
    model: Model, sentences: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many long texts, which mostly leave no doubt, few are read twice."""
    calls: list[int] = []
    ask = model.probabilities

    def counted(text: NDArray[np.uint8]) -> NDArray[np.float32]:
        calls.append(len(text))
        return ask(text)

    monkeypatch.setattr(model, "probabilities", counted)
    texts = strung(sentences["swe"], 3)
    Identifier(model).identify_batch(texts)
    assert sum(calls) <= 1.1 * len(texts)


@pytest.mark.parametrize("label", ["dan", "swe", "nob", "nno"])
def test_an_excerpt_says_what_all_of_the_text_says(
    model: Model, sentences: dict[str, list[str]], label: str
) -> None:
    """Strings of sentences of one language get the label that reading all of them gives."""
    texts = [text for count in (2, 3, 6) for text in strung(sentences[label], count)]
    found = [answer.label for answer in Identifier(model).identify_batch(texts)]
    assert found == best(model, texts)


def test_the_middle_of_a_text_is_seen(model: Model, sentences: dict[str, list[str]]) -> None:
    """A text of the four between English ones gets the label that reading all of it gives."""
    texts = [
        IN_ENGLISH.format(text)
        for label in ("dan", "swe", "nob", "nno")
        for text in strung(sentences[label], 2)
    ]
    found = [answer.label for answer in Identifier(model).identify_batch(texts)]
    whole = best(model, texts)
    assert mean(f == w for f, w in zip(found, whole, strict=True)) >= 1 - FRAMED_CHANGED
