"""The regression gate: the shipped model against the figures recorded when it was accepted."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from scandid import Identifier
from scandid.evaluation import Tally
from scandid.tables import read_table

DATA = Path(__file__).parent / "data"
RECORDED = json.loads((DATA / "recorded.json").read_text(encoding="utf-8"))
SCORES = ("accuracy", "macro_f1", "macro_f1_folded", "loose", "strict")

ONE_TEXT = 1 / 400
"""Float sums differ between processors; a text on the edge may fall to the other side."""


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    """The shipped model."""
    return Identifier.load()


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_the_shipped_model_is_no_worse_than_recorded(identifier: Identifier, name: str) -> None:
    """A model that scores below the recorded figures on the sample benchmarks does not ship."""
    rows = list(read_table(DATA / f"{name}.parquet"))
    tally = Tally()
    tally.add(rows, identifier.identify_batch([row.text for row in rows]))
    scores: dict[str, Any] = tally.as_dict()
    fallen = {
        score: (RECORDED[name][score], scores[score])
        for score in SCORES
        if scores[score] < RECORDED[name][score] - ONE_TEXT
    }
    assert not fallen, f"{name}: recorded and now: {fallen}; see tests/data/README.md"


def test_case_and_decomposed_accents_change_nothing(identifier: Identifier) -> None:
    """All-capitals, lower case and NFD answer as the clean text does, to the last digit."""
    texts = [row.text for row in read_table(DATA / "flores_sample.parquet")]
    latin = [text for text in texts if text.upper().lower() == text.lower()]
    assert len(latin) > 400
    clean = identifier.identify_batch(latin)
    assert identifier.identify_batch([text.upper() for text in latin]) == clean
    assert identifier.identify_batch([text.lower() for text in latin]) == clean
    decomposed = [unicodedata.normalize("NFD", text) for text in latin]
    assert [a.label for a in identifier.identify_batch(decomposed)] == [a.label for a in clean]
