"""Answers: names, the set of acceptable languages, JSON, immutability."""

import json
import pickle

import pytest

from scandid import LABELS, NAMES, Answer

BOTH = Answer(
    "nob", 0.9, dict(zip(LABELS, (0.8, 0, 0.9, 0, 0), strict=True)), ("dan", "nob"), True, True
)


@pytest.mark.parametrize(
    ("label", "name", "language"),
    [
        ("dan", "Danish", "Danish"),
        ("swe", "Swedish", "Swedish"),
        ("nob", "Norwegian Bokmål", "Norwegian"),
        ("nno", "Norwegian Nynorsk", "Norwegian"),
        ("other", "Other", "Other"),
        ("und", "Undetermined", "Undetermined"),
    ],
)
def test_labels_have_names(label: str, name: str, language: str) -> None:
    """Each label has its English name and the plain answer the user asked for."""
    answer = Answer(label, 0.0, {}, (), reliable=False, truncated=False)
    assert (answer.name, answer.language) == (name, language)
    assert NAMES[label] == name


def test_an_answer_becomes_json() -> None:
    """The dictionary holds every documented key, in order, and survives JSON."""
    assert list(BOTH.as_dict()) == [
        "language",
        "label",
        "name",
        "confidence",
        "reliable",
        "probabilities",
        "acceptable",
        "ambiguous",
        "truncated",
    ]
    assert json.loads(json.dumps(BOTH.as_dict()))["acceptable"] == ["dan", "nob"]
    assert BOTH.as_dict()["truncated"] is True


@pytest.mark.parametrize("label", NAMES)
@pytest.mark.parametrize("acceptable", [(), ("nob",), ("dan", "nob", "nno")])
@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("confidence", [0.0, 1e-06, 0.1, 0.333333, 1.0])
def test_both_ways_to_json_are_one(
    label: str, acceptable: tuple[str, ...], flag: bool, confidence: float
) -> None:
    """The quick way writes what the standard library writes of the dictionary, in its order."""
    answer = Answer(label, confidence, BOTH.probabilities, acceptable, flag, not flag)
    written = json.loads(answer.as_json(), object_pairs_hook=list)
    assert written == json.loads(json.dumps(answer.as_dict()), object_pairs_hook=list)
    assert f'"confidence": {confidence:.6f}' in answer.as_json()
    assert f'"name": "{NAMES[label]}"' in answer.as_json()


@pytest.mark.parametrize(
    ("acceptable", "ambiguous"),
    [((), False), (("nob",), False), (("dan", "nob"), True), (("dan", "swe", "nob"), True)],
)
def test_two_acceptable_languages_are_ambiguous(
    acceptable: tuple[str, ...], *, ambiguous: bool
) -> None:
    """A text that is good in two languages is ambiguous, in JSON too; in one it is not."""
    answer = BOTH._replace(acceptable=acceptable)
    assert (answer.ambiguous, answer.as_dict()["ambiguous"]) == (ambiguous, ambiguous)


def test_an_answer_cannot_be_changed() -> None:
    """Answers are immutable and travel between processes."""
    with pytest.raises(AttributeError):
        BOTH.label = "dan"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(BOTH)) == BOTH  # noqa: S301 - our own bytes
