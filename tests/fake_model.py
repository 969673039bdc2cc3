"""Models without a network: answers are fingerprints or given rows, and calls are remembered."""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scandid import LABELS, Answer, ModelError, ModelMetadata
from scandid.model import GoldenExample
from scandid.reliability import KINDS, UNPROVEN

METADATA = ModelMetadata(
    version="7",
    labels=LABELS,
    encoding="test/1",
    created="2026-01-02T03:04:05+00:00",
    data_digest="d" * 64,
    run_id="run",
    max_bytes=1024,
    thresholds=dict.fromkeys(KINDS, 0.5),
    scores={"macro_f1": 0.75},
    golden=(GoldenExample("Hej.", (0.5, 0.5, 0.0, 0.0, 0.0)),),
    sha256="5" * 64,
    reliable=UNPROVEN,
)


def fake_answer(text: str) -> Answer:
    """An answer whose confidence is a fingerprint of the text."""
    confidence = zlib.crc32(text.encode("utf-8", "replace")) / 2**32
    return Answer("dan", confidence, dict.fromkeys(LABELS, confidence), ("dan",), True, False)


class FakeModel:
    """Answers with fingerprints.

    Attributes:
        calls: The texts of every call, in order.

    Args:
        golden: Whether the golden examples match.
        poison: A text that makes its call fail.
    """

    def __init__(self, *, golden: bool = True, poison: str | None = None) -> None:
        self.calls: list[list[str]] = []
        self.metadata = METADATA
        self._golden = golden
        self._poison = poison

    def identify_batch(self, texts: Sequence[str]) -> list[Answer]:
        """Answer, or fail where the poison is among the texts."""
        self.calls.append(list(texts))
        if self._poison in texts:
            raise RuntimeError("a secret of the inside")
        return [fake_answer(text) for text in texts]

    def verify(self) -> None:
        """Fail where the golden examples do not match."""
        if not self._golden:
            raise ModelError("golden example 3 differs by 0.2")


class Rows:
    """A model that answers with one given row of probabilities, and remembers its calls."""

    metadata = METADATA

    def __init__(self, *row: float) -> None:
        self.row = row
        self.shapes: list[tuple[int, ...]] = []

    def probabilities(self, text: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The row, once a text."""
        self.shapes.append(text.shape)
        return np.tile(np.array(self.row, np.float32), (len(text), 1))
