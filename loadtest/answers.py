"""What an answer must look like, and how many labels were right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from loadtest.texts import KnownText

LABELS: Final = ("dan", "swe", "nob", "nno", "other")
MEMBERS: Final = {
    *("language", "label", "name", "confidence", "probabilities"),
    *("reliable", "acceptable", "ambiguous", "truncated"),
}


@dataclass(slots=True)
class AnswerTally:
    """Texts that were answered, and those of them whose label was wrong."""

    texts: int = 0
    wrong: int = 0

    @property
    def wrong_share(self) -> float:
        """Share of wrong labels, 0 to 1."""
        return self.wrong / max(1, self.texts)

    def add(self, asked: Sequence[KnownText], answers: object) -> str | None:
        """Count the answers to these texts; what is malformed in them, or None."""
        if not isinstance(answers, list) or len(answers) != len(asked):
            return f"{len(asked)} texts were asked, the answer is {str(answers)[:100]}"
        for known, answer in zip(asked, answers, strict=True):
            if fault := malformed(answer):
                return fault
            self.texts += 1
            self.wrong += answer["label"] != known.label
        return None


def malformed(answer: Any) -> str | None:  # noqa: ANN401  # it is what a server sent
    """What is wrong with the form of one answer, whatever its language; None if nothing is."""
    if not isinstance(answer, dict) or not answer.keys() >= MEMBERS:
        return f"an answer lacks members: {str(answer)[:100]}"
    probabilities = answer["probabilities"]
    if not isinstance(probabilities, dict) or tuple(probabilities) != LABELS:
        return f"probabilities are {str(probabilities)[:100]}"
    if not all(0 <= value <= 1 for value in probabilities.values()):
        return f"a probability is not within 0 and 1: {probabilities}"
    if answer["confidence"] != probabilities.get(answer["label"], 0):
        return f"the confidence is not that of {answer['label']}: {answer['confidence']}"
    return None
