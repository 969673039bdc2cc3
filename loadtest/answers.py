"""What an answer must look like, and how many labels were right."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from loadtest.texts import LANGUAGES, KnownText

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

    def clear(self) -> None:
        """Begin anew."""
        self.texts = self.wrong = 0

    def read(self, asked: Sequence[KnownText], body: bytes, *, listed: bool) -> str | None:
        """Count the answers in a body; what is wrong with its form, or None.

        Args:
            asked: The texts that were asked, in order.
            body: What the server sent with its 200.
            listed: Whether the texts were asked as a list.
        """
        try:
            document = json.loads(body)
        except ValueError:
            return f"the answer is no JSON: {body[:100]!r}"
        if not isinstance(document, dict):
            return f"the answer is no object: {str(document)[:100]}"
        return self.add(asked, document.get("answers") if listed else [document])

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
    probabilities, label = answer["probabilities"], answer["label"]
    if not isinstance(probabilities, dict) or tuple(probabilities) != LABELS:
        return f"probabilities are {str(probabilities)[:100]}"
    if not all(isinstance(p, int | float) and 0 <= p <= 1 for p in probabilities.values()):
        return f"a probability is no number from 0 to 1: {probabilities}"
    if not isinstance(label, str) or LANGUAGES.get(label) != answer["language"]:
        return f"the label of {str(answer['language'])[:50]} is {str(label)[:50]}"
    if answer["confidence"] != probabilities.get(label, 0):
        return f"the confidence is not that of {label}: {answer['confidence']}"
    return None
