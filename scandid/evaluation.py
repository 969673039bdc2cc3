"""Scores of answers against labelled texts: per class, folded, loose and strict."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scandid.answer import Answer
from scandid.labels import LABELS, LANGUAGES, OTHER, PLAIN_NAMES, UNDETERMINED
from scandid.tables import LabelledText

PREDICTED = (*LABELS, UNDETERMINED)


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Precision, recall, F1 (0 to 1; 0 where undefined) and number of texts of one label."""

    precision: float
    recall: float
    f1: float
    n: int


@dataclass(slots=True)
class Tally:
    """Counts that grow as answers arrive, so that a file is scored in constant memory.

    Attributes:
        confusion: int64 ``[labels, labels + 1]``: gold label by answered label (``und`` last). A
            text with several gold labels counts where the answer is, if that is right, else at the
            first of them in the order of the labels.
    """

    confusion: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(LABELS), len(PREDICTED)), np.int64)
    )
    loose: int = 0
    strict: int = 0

    def add(self, rows: Sequence[LabelledText], answers: Sequence[Answer]) -> None:
        """Count one answer per labelled text."""
        for row, answer in zip(rows, answers, strict=True):
            gold = answer.label if answer.label in row.gold else min(row.gold, key=LABELS.index)
            self.confusion[LABELS.index(gold), PREDICTED.index(answer.label)] += 1
            said = frozenset(answer.acceptable) or frozenset({OTHER})
            self.loose += said <= row.gold
            self.strict += said == row.gold

    @property
    def n(self) -> int:
        """Number of texts counted."""
        return int(self.confusion.sum())

    def accuracy(self) -> float:
        """Share of texts whose best label is a gold one; ``und`` is right for ``other``."""
        return float(np.trace(self._judged())) / max(1, self.n)

    def per_class(self) -> dict[str, ClassScores]:
        """Scores of each label."""
        return _class_scores(self._judged(), LABELS)

    def _judged(self) -> NDArray[np.int64]:
        """Confusion with ``und`` as ``other``: both say that none of the languages is there."""
        judged = self.confusion[:, :-1].copy()
        judged[:, LABELS.index(OTHER)] += self.confusion[:, -1]
        return judged

    def macro_f1(self) -> float:
        """Mean F1 of those of the four languages that occur."""
        return _mean_f1(self.per_class(), LANGUAGES)

    def macro_f1_folded(self) -> float:
        """Mean F1 with Bokmål and Nynorsk as one Norwegian: the plain question."""
        plain = list(dict.fromkeys(PLAIN_NAMES[label] for label in LABELS))
        place = [plain.index(PLAIN_NAMES[label]) for label in LABELS]
        folded = np.zeros((len(plain), len(plain)), np.int64)
        np.add.at(folded, np.ix_(place, place), self._judged())
        languages = dict.fromkeys(PLAIN_NAMES[label] for label in LANGUAGES)
        return _mean_f1(_class_scores(folded, plain), list(languages))

    def as_dict(self) -> dict[str, object]:
        """All scores as JSON-ready values, rounded to six decimals."""
        n = max(1, self.n)
        return {
            "n": self.n,
            "accuracy": round(self.accuracy(), 6),
            "macro_f1": round(self.macro_f1(), 6),
            "macro_f1_folded": round(self.macro_f1_folded(), 6),
            "loose": round(self.loose / n, 6),
            "strict": round(self.strict / n, 6),
            "per_class": {label: _rounded(scores) for label, scores in self.per_class().items()},
            "confusion": {
                gold: dict(zip(PREDICTED, counts, strict=True))
                for gold, counts in zip(LABELS, self.confusion.tolist(), strict=True)
            },
        }


def _class_scores(confusion: NDArray[np.int64], labels: Sequence[str]) -> dict[str, ClassScores]:
    scores = {}
    for place, label in enumerate(labels):
        right = float(confusion[place, place])
        precision = right / max(1, int(confusion[:, place].sum()))
        n = int(confusion[place].sum())
        recall = right / max(1, n)
        f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        scores[label] = ClassScores(precision, recall, f1, n)
    return scores


def _mean_f1(scores: dict[str, ClassScores], labels: Sequence[str]) -> float:
    present = [scores[label].f1 for label in labels if scores[label].n]
    return sum(present) / max(1, len(present))


def _rounded(scores: ClassScores) -> dict[str, float | int]:
    return {
        "precision": round(scores.precision, 6),
        "recall": round(scores.recall, 6),
        "f1": round(scores.f1, 6),
        "n": scores.n,
    }
