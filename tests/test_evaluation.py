"""Scores, against figures computed by hand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scandid import LABELS, LANGUAGES, Answer
from scandid.evaluation import Tally
from scandid.scorecard import scorecard
from scandid.tables import LabelledText


def answer(label: str, *acceptable: str) -> Answer:
    """An answer with a label and the languages it names."""
    named = acceptable or (() if label in ("other", "und") else (label,))
    return Answer(label, 1.0, {}, named, reliable=True, truncated=False)


def tally(*pairs: tuple[str, Answer]) -> Tally:
    """Count answers to texts whose gold labels are given with blanks between."""
    total = Tally()
    total.add(
        [LabelledText("", frozenset(gold.split())) for gold, _ in pairs], [a for _, a in pairs]
    )
    return total


BY_HAND = tally(
    ("dan", answer("dan")),
    ("dan", answer("dan", "dan", "nob")),
    ("dan", answer("nob")),
    ("swe", answer("swe")),
    ("nob", answer("nno")),
    ("nob", answer("nob")),
    ("nno", answer("nob")),
    ("other", answer("und")),
    ("other", answer("swe")),
    ("dan nob", answer("nob", "nob", "dan")),
)


def test_scores_by_class() -> None:
    """Precision, recall, F1 and counts are those computed by hand."""
    scores = BY_HAND.as_dict()["per_class"]
    assert scores == {
        "dan": {"precision": 1.0, "recall": 0.666667, "f1": 0.8, "n": 3},
        "swe": {"precision": 0.5, "recall": 1.0, "f1": 0.666667, "n": 1},
        "nob": {"precision": 0.5, "recall": 0.666667, "f1": 0.571429, "n": 3},
        "nno": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n": 1},
        "other": {"precision": 1.0, "recall": 0.5, "f1": 0.666667, "n": 2},
    }


def test_accuracy_and_macro_f1() -> None:
    """Accuracy takes any gold label, and no language for other; macro F1 leaves other out."""
    assert BY_HAND.n == 10
    assert BY_HAND.accuracy() == pytest.approx(6 / 10)
    assert BY_HAND.macro_f1() == pytest.approx((0.8 + 2 / 3 + 4 / 7 + 0) / 4)


def test_folded_macro_f1_takes_norwegian_as_one() -> None:
    """Bokmål taken for Nynorsk is right for the plain question."""
    norwegian = 2 * (4 / 5) * (4 / 4) / (4 / 5 + 4 / 4)
    assert BY_HAND.macro_f1_folded() == pytest.approx((0.8 + 2 / 3 + norwegian) / 3)


def test_confusion_has_a_column_for_undetermined() -> None:
    """Each text stands once, under its gold label and the answer it got."""
    confusion = BY_HAND.as_dict()["confusion"]
    assert isinstance(confusion, dict)
    assert confusion["dan"] == {"dan": 2, "swe": 0, "nob": 1, "nno": 0, "other": 0, "und": 0}
    assert confusion["nob"] == {"dan": 0, "swe": 0, "nob": 2, "nno": 1, "other": 0, "und": 0}
    assert confusion["other"] == {"dan": 0, "swe": 1, "nob": 0, "nno": 0, "other": 0, "und": 1}


@pytest.mark.parametrize(
    ("gold", "said", "loose", "strict"),
    [
        ("dan nob", answer("dan", "dan", "nob"), 1, 1),
        ("dan nob", answer("dan", "dan"), 1, 0),
        ("dan", answer("dan", "dan", "nob"), 0, 0),
        ("dan nob", answer("swe", "swe"), 0, 0),
        ("dan nob nno", answer("nno", "nno", "nob"), 1, 0),
        ("other", answer("other"), 1, 1),
        ("other", answer("und"), 1, 1),
        ("dan", answer("other"), 0, 0),
        ("other", answer("dan"), 0, 0),
    ],
)
def test_loose_and_strict(gold: str, said: Answer, loose: int, strict: int) -> None:
    """Loose: the languages named lie within the gold ones; strict: they are the gold ones."""
    counted = tally((gold, said))
    assert (counted.loose, counted.strict) == (loose, strict)


def test_a_class_that_does_not_occur_is_left_out_of_the_mean() -> None:
    """Macro F1 is over those of the four languages that the file holds."""
    assert tally(("dan", answer("dan")), ("swe", answer("swe"))).macro_f1() == 1
    assert tally(("dan", answer("dan")), ("other", answer("dan"))).macro_f1() == pytest.approx(
        2 / 3
    )


def test_scores_have_six_decimals() -> None:
    """A third of anything is written as 0.333333, and a sixth as 0.166667."""
    scores = tally(*((gold, answer("dan")) for gold in ("dan", "swe", "nob"))).as_dict()
    assert {scores[key] for key in ("accuracy", "loose", "strict")} == {0.333333}
    assert {scores[key] for key in ("macro_f1", "macro_f1_folded")} == {0.166667}
    per_class = scores["per_class"]
    assert isinstance(per_class, dict)
    assert per_class["dan"] == {"precision": 0.333333, "recall": 1.0, "f1": 0.5, "n": 1}


def test_nothing_counted_scores_nothing() -> None:
    """Without texts all scores are 0, and none divides by it."""
    assert Tally().as_dict()["accuracy"] == 0
    assert (Tally().macro_f1(), Tally().macro_f1_folded(), Tally().n) == (0, 0, 0)


GOLD = st.sampled_from([*LABELS, "dan nob", "nob nno", "dan nob nno"])
SAID = st.sampled_from([*LABELS, "und"]).map(answer)


@given(st.lists(st.tuples(GOLD, SAID)), st.integers(0, 20))
def test_counts_add_up(pairs: list[tuple[str, Answer]], at: int) -> None:
    """Counting in two parts is counting at once, and no score leaves 0 to 1."""
    whole, parts = tally(*pairs), tally(*pairs[:at])
    parts.add(
        [LabelledText("", frozenset(gold.split())) for gold, _ in pairs[at:]],
        [said for _, said in pairs[at:]],
    )
    assert parts.as_dict() == whole.as_dict()
    assert whole.n == len(pairs)
    assert whole.strict <= whole.loose
    assert 0 <= whole.macro_f1() <= 1
    assert 0 <= whole.accuracy() <= 1


@given(st.lists(GOLD, min_size=1))
def test_right_answers_score_one(golds: list[str]) -> None:
    """Answers that name exactly the gold labels score 1 throughout."""
    pairs = []
    for gold in golds:
        languages = [code for code in gold.split() if code in LANGUAGES]
        pairs.append((gold, answer(gold.split()[0], *languages)))
    scores = tally(*pairs).as_dict()
    assert {scores[key] for key in ("accuracy", "loose", "strict")} == {1}


def test_the_scorecard_is_a_page_for_people() -> None:
    """The page shows every headline, class and count, and JSON holds the same numbers."""
    scores = {"file": "a.tsv", **BY_HAND.as_dict(), "texts_per_cpu_s": 12_345}
    page = scorecard(json.loads(json.dumps(scores)))
    assert page.startswith("a.tsv: 10 texts, 12,345 texts per CPU second\n")
    assert "accuracy (best label is right)                60.00%" in page
    assert "dan Danish                 100.00%    66.67%    80.00%         3" in page
    assert "gold \\ answer       dan      swe      nob      nno    other      und" in page
    assert "  dan                   2        0        1        0        0        0\n" in page
    assert "  other                 0        1        0        0        0        1\n" in page
