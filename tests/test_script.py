"""Texts in other scripts than Latin: other, whatever the model would say."""

import pytest

from scandid import Identifier
from scandid.encoding import encode_texts
from scandid.script import SURE, in_other_scripts
from tests.fake_model import Rows

FOREIGN = (
    "Я не знаю, что с этим делать.",
    "Δεν ξέρω τι να κάνω με αυτό.",
    "אני לא יודע מה לעשות עם זה",
    "今日はとても良い天気ですね。",
    "나는 그것으로 무엇을 해야 할지 모르겠다.",
    "ᱛᱚᱨᱚᱞ ᱨᱮᱱᱟᱜ ᱯᱚᱨᱤᱢᱟᱱ ᱟᱫᱷᱟᱨ ᱨᱮ",
    "იცოდა რა უნდა გაეკეთებინა",
    "𐌰𐍄𐍄𐌰 𐌿𐌽𐍃𐌰𐍂",
    "Он купил себе новый iPhone вчера утром",
    "ἐν ἀρχῇ ἦν",
)

LATIN = (
    "Sjøen var speilblank, ærlig talt.",
    "Tôi không biết phải làm gì với điều này, ạ ả ấ ầ ẩ.",
    "Källan (persiska: چشمه روباه, چشمه ريبات, ريبات) är torr",
    "Ṭhē ŋǝw ƿøð",
    "12 345",
    "",
)


SWEDISH = (0, 1, 0, 0, 0)
"""What a model says that takes every text for Swedish."""


def test_scripts_are_told_from_letters() -> None:
    """Three quarters of foreign letters are a foreign script; accents and quotations are not."""
    folded = [data for data, _ in encode_texts([*FOREIGN, *LATIN, *FOREIGN], 999)]
    ends = len(FOREIGN), len(FOREIGN) + len(LATIN)
    assert in_other_scripts(folded) == [*range(ends[0]), *range(ends[1], len(folded))]


def test_additional_latin_letters_are_no_other_script() -> None:
    """Texts of nothing but accented letters, as Vietnamese words may be, are left to the model."""
    letters = [chr(code) for code in range(0x1E00, 0x1F00)]
    folded = [data for data, _ in encode_texts([*letters, "".join(letters)], 999)]
    assert in_other_scripts(folded) == []


@pytest.mark.parametrize(("text", "places"), [("ёжикёж ab", [0]), ("ёжикё abc", [])])
def test_three_quarters_are_another_script(text: str, places: list[int]) -> None:
    """Six of eight letters are enough, five of eight are not."""
    assert in_other_scripts([encode_texts([text], 999)[0][0]]) == places


@pytest.mark.parametrize("text", FOREIGN)
def test_another_script_is_other_without_the_model(text: str) -> None:
    """Whatever the model would say of bytes it has never seen, it is not asked."""
    model = Rows(*SWEDISH)
    answer = Identifier(model).identify(text)
    assert (answer.label, answer.confidence, answer.acceptable) == ("other", SURE, ())
    assert answer.probabilities == {"dan": 0, "swe": 0, "nob": 0, "nno": 0, "other": SURE}
    assert answer.reliable
    assert not answer.truncated
    assert model.shapes == []


def test_neighbours_in_latin_letters_are_asked() -> None:
    """Of a mixed batch the model gets those in Latin letters, and every answer has its place."""
    model = Rows(*SWEDISH)
    texts = [text for pair in zip(FOREIGN, LATIN, strict=False) for text in pair]
    labels = [answer.label for answer in Identifier(model).identify_batch(texts)]
    assert labels == ["other", "swe"] * 4 + ["other", "und"] * 2
    assert sum(batch for batch, _ in model.shapes) == 4


def test_the_end_of_a_long_foreign_text_is_said_to_be_cut() -> None:
    """What was read of it tells its script; the answer says that there was more."""
    answer = Identifier(Rows(*SWEDISH)).identify("Где дом? " * 1000)
    assert (answer.label, answer.truncated) == ("other", True)
