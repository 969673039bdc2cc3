"""How a model's answers are spread over labels and confidences, to compare traffic with."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Final

from scandid.labels import LABELS

CONFIDENCE_EDGES: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
"""Where one bin of confidence ends and the next begins; dense where most answers are."""


def bin_names() -> tuple[str, ...]:
    """The lower edge of every bin, as people read it: ``0``, ``0.5`` to ``0.999``."""
    return ("0", *map(str, CONFIDENCE_EDGES))


def reference_shares(answers: Iterable[tuple[str, float]]) -> Mapping[str, list[float]]:
    """Share of each label in each bin of confidence; all shares together are 1.

    Args:
        answers: Label and confidence of each answer; labels are those of the model's outputs.

    Returns:
        For every label, shares in the order of :func:`bin_names`; zeros where there is no answer.
    """
    counts = {label: [0] * (len(CONFIDENCE_EDGES) + 1) for label in LABELS}
    for label, confidence in answers:
        counts[label][bisect_right(CONFIDENCE_EDGES, confidence)] += 1
    total = sum(map(sum, counts.values())) or 1
    return {label: [count / total for count in bins] for label, bins in counts.items()}
