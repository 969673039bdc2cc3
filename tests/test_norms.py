"""What a word that Nynorsk does not permit decides, and what it does not."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from scandid import Identifier
from scandid.norms import ONLY_BOKMAAL, ONLY_NYNORSK
from tests.fake_model import Rows

NYNORSK = (0.01, 0.02, 0.2, 0.7, 0.03)
"""What a network says of a text that it takes for Nynorsk."""


def label(text: str, row: Sequence[float] = NYNORSK) -> str:
    """The label of a text of which the network says this."""
    return Identifier(Rows(*row)).identify(text).label


@pytest.mark.parametrize("text", ["Jenta kasta boka og GIKK ut", "Ikke kasta", "hennes"])
def test_a_word_of_bokmaal_alone_decides(text: str) -> None:
    """The probabilities of the two norms are exchanged, so that the label is the likeliest one."""
    answer = Identifier(Rows(*NYNORSK)).identify(text)
    assert answer.label == "nob"
    assert answer.confidence == answer.probabilities["nob"] == pytest.approx(0.7)
    assert answer.probabilities["nno"] == pytest.approx(0.2)
    assert answer.acceptable == ("nob",)


@pytest.mark.parametrize(
    "text", ["Jenta kasta boka", "Ho sa «jeg går ikke» og gjekk", "Klikke på fikka", "Vi gjekk"]
)
def test_nothing_else_decides(text: str) -> None:
    """Forms of both norms, quotations among words of Nynorsk and parts of words change nothing."""
    assert label(text) == "nno"


@pytest.mark.parametrize(
    ("row", "expected"), [((0.7, 0, 0.2, 0.1, 0), "dan"), ((0, 0, 0, 0, 1), "other")]
)
def test_other_labels_are_left_alone(row: Sequence[float], expected: str) -> None:
    """*Ikke* is Danish too, and stands in texts of other languages."""
    assert label("Vi gikk ikke", row) == expected


def test_where_nynorsk_is_sure_no_word_is_asked() -> None:
    """A name such as *Jeg gikk* in a text of Nynorsk changes nothing."""
    assert label("Boka «Jeg gikk»", (0, 0, 0.001, 0.995, 0)) == "nno"
    assert label("Boka «Jeg gikk»", (0, 0, 0.1, 0.985, 0)) == "nob"


def test_no_word_is_of_both_norms() -> None:
    """What decides for one norm decides against the other."""
    assert ONLY_BOKMAAL.isdisjoint(ONLY_NYNORSK)
    assert {b"ikke", b"gikk", "gjør".encode()} <= ONLY_BOKMAAL
    assert {b"ikkje", b"gjekk", "køyre".encode()} <= ONLY_NYNORSK


def test_radical_bokmaal_is_bokmaal(shipped_model: Path) -> None:
    """Sentences with each choice that Bokmål shares with Nynorsk, and a word that it does not."""
    texts = [
        "Jenta mi kasta boka på golvet og gikk ut i sola.",
        "Dem som jobba på fabrikken, fikk lønna si for seint.",
        "Mora hennes snakka lenge om krigsåra.",
        "Bussen stoppa ved kirka, og alle gikk av.",
    ]
    identifier = Identifier.load(shipped_model)
    answers = identifier.identify_batch(texts)
    assert [answer.label for answer in answers] == ["nob"] * len(texts)
    nynorsk = identifier.identify("Jenta mi kasta boka på golvet og gjekk ut i sola.")
    assert nynorsk.label == "nno"
