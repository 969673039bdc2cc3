"""Texts that neither fitting nor the choice of weights has seen: the run's test set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import datasets

from scandid.evaluation import Tally
from scandid.identifier import Identifier
from scandid.tables import LabelledText
from training.cleaning import hold_out
from training.contamination import check_contamination, corpus_letters
from training.corpora import Corpus, load_corpora
from training.hashed import HashedTables
from training.targets import labels_of
from training.validation import TorchModel, Validation, accuracy_on

LENGTHS: Final = (20, 50, 100, 200)
"""Upper ends, in characters, of the groups of lengths; a last group has no end."""

_TEXTS_PER_CALL: Final = 512

_SMALL_TEXTS: Final = 5000
"""A source left out with no more texts is asked about all of them: one in fifty may be none."""


class UnseenTexts:
    """Labelled texts to score once, at the end."""

    def __init__(self, rows: Sequence[LabelledText], max_bytes: int) -> None:
        """Keep the rows; texts are cut at ``max_bytes``."""
        self.rows = rows
        self._max_bytes = max_bytes

    @classmethod
    def choose(
        cls, test: Corpus | None, held_out: Corpus, validation: Validation, max_bytes: int
    ) -> "UnseenTexts":
        """Take the texts of ``--test``; without any, held-out texts that validation leaves."""
        if test is not None:
            return cls(_rows(test), max_bytes)
        chosen = {row.text for row in validation.texts}
        return cls([row for row in _rows(held_out) if row.text not in chosen], max_bytes)

    def save(self, path: Path) -> None:
        """Write the texts as Parquet, so that other models can be scored on the same ones."""
        if not self.rows:
            return
        columns = {
            "text": [row.text for row in self.rows],
            "languages": [sorted(row.gold) for row in self.rows],
        }
        datasets.Dataset.from_dict(columns).to_parquet(path)

    def score(self, network: HashedTables) -> dict[str, Any]:
        """All scores, and the accuracy by length, as JSON-ready values."""
        identifier = Identifier(TorchModel(network, self._max_bytes))
        tallies = {"all": Tally(), **{_name(length): Tally() for length in (*LENGTHS, 0)}}
        for start in range(0, len(self.rows), _TEXTS_PER_CALL):
            part = self.rows[start : start + _TEXTS_PER_CALL]
            answers = identifier.identify_batch([row.text for row in part])
            tallies["all"].add(part, answers)
            for row, answer in zip(part, answers, strict=True):
                tallies[_group(row.text)].add([row], [answer])
        scores = tallies.pop("all").as_dict()
        return scores | {
            "by_length": {
                name: {"n": tally.n, "accuracy": round(tally.accuracy(), 6)}
                for name, tally in tallies.items()
            }
        }


def load_test(sources: Sequence[str], corpus: Corpus, *, allowed: bool) -> Corpus | None:
    """The texts of ``--test``, which are none of the run's own; None where no source is named.

    Raises:
        InputError: a source cannot be read, or texts of the corpus stand in it and that is not
            allowed.
    """
    if not sources:
        return None
    test = load_corpora(sources)
    check_contamination(corpus, corpus_letters(test), "--test", allowed=allowed)
    return test


def _rows(corpus: Corpus) -> list[LabelledText]:
    return [
        LabelledText(text, frozenset(labels_of(target)))
        for text, target in zip(corpus.texts, corpus.targets, strict=True)
    ]


def _group(text: str) -> str:
    return _name(next((length for length in LENGTHS if len(text) <= length), 0))


def _name(length: int) -> str:
    return f"to {length}" if length else f"over {LENGTHS[-1]}"


def score_left_out(
    network: HashedTables, left: Corpus, max_bytes: int
) -> dict[str, tuple[float, int]]:
    """Accuracy on each source that was left out, and on how many texts: of many every fiftieth.

    Args:
        network: Asked about them.
        left: Texts of all sources that the run never saw.
        max_bytes: Bytes of a text that are read.
    """
    found = {}
    for name in [name for at, name in enumerate(left.names) if (left.sources == at).any()]:
        texts = left.split_off([name])[1]
        if len(texts) > _SMALL_TEXTS:
            texts = hold_out(texts)[1]
        found[name] = accuracy_on(network, texts, max_bytes), len(texts)
    return found
