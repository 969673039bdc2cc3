"""What the load suite takes for a right answer, and the texts it asks."""

import json
from typing import Any

import pytest

from loadtest.answers import LABELS, MEMBERS, AnswerTally, malformed
from loadtest.texts import LANGUAGES, KnownText, known_texts, list_bodies, single_bodies, texts_of
from scandid import LABELS as CORE_LABELS
from scandid import Answer, Identifier
from scandid.labels import PLAIN_NAMES

DANISH = KnownText("Hvad hedder du?", "dan")
SWEDISH = KnownText("Vad heter du?", "swe")
NYNORSK = KnownText("Kva heiter du?", "nno")


def answer(label: str = "dan") -> dict[str, Any]:
    """An answer as the service gives it."""
    probabilities = {name: 0.9 if name == label else 0.1 for name in CORE_LABELS}
    confidence = probabilities.get(label, 0.0)
    answer = Answer(label, confidence, probabilities, (label,), reliable=True, truncated=False)
    return answer.as_dict()


def test_a_real_answer_is_well_formed() -> None:
    """What the core says passes, so labels and members are those of the core."""
    assert LABELS == CORE_LABELS
    assert LANGUAGES == PLAIN_NAMES
    assert answer().keys() == MEMBERS
    assert malformed(answer()) is None
    assert malformed(answer("und") | {"confidence": 0}) is None


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {"language": "Danish"},
        answer() | {"probabilities": {"dan": 1.0}},
        answer() | {"probabilities": dict.fromkeys(LABELS, 1.5)},
        answer() | {"probabilities": dict.fromkeys(LABELS, "0.5")},
        answer() | {"confidence": 0.5},
        answer() | {"language": "Swedish"},
        answer() | {"label": ["dan"]},
        answer() | {"label": "norwegian", "language": None},
    ],
)
def test_a_malformed_answer_is_a_fault(broken: Any) -> None:  # noqa: ANN401
    """An answer without its members, or with impossible values, is named as such."""
    assert malformed(broken)
    assert AnswerTally().add([DANISH], [broken])


def test_wrong_languages_are_counted_and_no_fault() -> None:
    """The tally tells wrong languages from faults."""
    tally = AnswerTally()
    assert tally.add([DANISH, SWEDISH], [answer("dan"), answer("nob")]) is None
    assert (tally.texts, tally.wrong, tally.wrong_share) == (2, 1, 0.5)


def test_the_other_norwegian_is_wrong() -> None:
    """The plain language is the same, but telling the two apart is what the service is for."""
    tally = AnswerTally()
    assert tally.add([NYNORSK, NYNORSK], [answer("nob"), answer("nno")]) is None
    assert tally.wrong == 1


@pytest.mark.parametrize("answers", [None, [], [answer()] * 3])
def test_an_answer_a_text_is_expected(answers: object) -> None:
    """Too few and too many answers are a fault."""
    assert "2 texts were asked" in (AnswerTally().add([DANISH, SWEDISH], answers) or "")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"<html>Down for maintenance</html>", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"", "no JSON"),
        (b"[1]", "no object"),
        (b'{"answer": []}', "1 texts were asked"),
    ],
)
def test_a_body_that_is_no_answer_is_a_fault(body: bytes, fault: str) -> None:
    """Whatever a server sends with a 200 is judged, and ends no user."""
    assert fault in (AnswerTally().read([DANISH], body, listed=True) or "")


def test_a_body_is_one_answer_or_a_list_of_them() -> None:
    """Both forms are counted, each only where it was asked for."""
    one, several = json.dumps(answer()).encode(), json.dumps({"answers": [answer()]}).encode()
    tally = AnswerTally()
    assert tally.read([DANISH], one, listed=False) is None
    assert tally.read([DANISH], several, listed=True) is None
    assert tally.texts == 2
    assert tally.read([DANISH], several, listed=False)
    assert tally.read([DANISH], one, listed=True)


def test_the_texts_are_many_and_mixed() -> None:
    """All languages occur, in short and in long texts, and none twice."""
    texts = known_texts()
    assert {known.label for known in texts} == set(CORE_LABELS)
    assert all(known.language == PLAIN_NAMES[known.label] for known in texts)
    assert len({known.text for known in texts}) == len(texts) >= 200
    sizes = sorted(len(known.text.encode()) for known in texts)
    assert sizes[0] < 40
    assert sizes[-1] > 1_000


@pytest.mark.usefixtures("shipped_model")
def test_the_model_knows_the_texts() -> None:
    """The shipped model is right on nearly all: wrong answers then point at the service."""
    texts = known_texts()
    answers = Identifier.load().identify_batch([known.text for known in texts])
    wrong = sum(found.label != known.label for known, found in zip(texts, answers, strict=True))
    assert wrong <= len(texts) / 100


@pytest.mark.parametrize("size_bytes", [1, 60, 320, 2_000])
def test_texts_have_the_size_asked_for(size_bytes: int) -> None:
    """Every text is exactly as long, in UTF-8."""
    texts = texts_of(size_bytes, 40)
    assert {len(text.encode()) for text in texts} == {size_bytes}


def test_bodies_are_different() -> None:
    """A load does not ask the same text again and again."""
    assert len(set(single_bodies(320, 64))) == 64
    assert len(set(list_bodies(130, 1_000, 4))) == 4
