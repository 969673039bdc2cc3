"""From which confidence an answer is reliable: by label, length, one word or several."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from scandid.labels import LABELS

T = TypeVar("T")

PRECISION: Final = 0.95
"""Share of right answers that is expected, at the least, of those that are called reliable."""

KINDS: Final = ("one word", "several words")
"""Kinds of texts, by place. A word alone is right in every language that has it, several words are
right where they were said."""

NEVER: Final = float("inf")
"""Stands where no confidence is enough."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """What a model file promises, measured at export on texts it was not trained on.

    Attributes:
        ends: Most bytes, as the model reads them, of each class of lengths; a last one has no end.
        least: For each kind of text and each label the least confidence of a reliable answer in
            each class of lengths; None where no confidence was enough.
    """

    ends: tuple[int, ...]
    least: Mapping[str, Mapping[str, tuple[float | None, ...]]]

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Reliability":
        """Read what :meth:`as_dict` gave.

        Raises:
            ValueError: a kind or a label is missing, lengths do not rise, or numbers are too many
                or too few.
        """
        found = cls(tuple(fields["bytes"]), _each(fields["least"], tuple))
        if list(found.ends) != sorted(set(found.ends)):
            raise ValueError(f"reliable: bytes {found.ends} do not rise")
        numbers = _each(found.least, len)
        if numbers != dict.fromkeys(KINDS, dict.fromkeys(LABELS, len(found.ends) + 1)):
            raise ValueError(f"reliable: {numbers} numbers for {len(found.ends) + 1} lengths")
        return found

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {"bytes": list(self.ends), "least": _each(self.least, list)}

    def by_length(self, max_bytes: int) -> Mapping[str, Sequence[Sequence[float]]]:
        """For each label, by place of the kind: the least confidence for 0 to ``max_bytes``."""
        places = [bisect_left(self.ends, length) for length in range(max_bytes + 1)]
        return {
            label: [
                [NEVER if (least := by_label[label][place]) is None else least for place in places]
                for by_label in (self.least[kind] for kind in KINDS)
            ]
            for label in LABELS
        }


def _each(
    least: Mapping[str, Mapping[str, Sequence[float | None]]],
    change: Callable[[Sequence[float | None]], T],
) -> dict[str, dict[str, T]]:
    """The same for the numbers of each kind and label."""
    return {
        kind: {label: change(values) for label, values in by_label.items()}
        for kind, by_label in least.items()
    }


UNPROVEN: Final = Reliability((), dict.fromkeys(KINDS, dict.fromkeys(LABELS, (None,))))
"""Promises nothing: for a model that was never measured."""
