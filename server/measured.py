"""A model whose calls are counted and timed; to everybody else it is the model."""

from collections.abc import Sequence
from time import perf_counter

from scandid import Answer, ModelMetadata
from server.metrics import Metrics
from server.model import TextIdentifier


class MeasuredModel:
    """Passes everything on, and reports the answers.

    Args:
        identifier: The model.
        metrics: Where its calls are reported.
    """

    def __init__(self, identifier: TextIdentifier, metrics: Metrics) -> None:
        self._identifier = identifier
        self._metrics = metrics

    @property
    def metadata(self) -> ModelMetadata:
        """What the model file says about itself."""
        return self._identifier.metadata

    def identify_batch(self, texts: Sequence[str]) -> list[Answer]:
        """Answer texts in their order."""
        started = perf_counter()
        answers = self._identifier.identify_batch(texts)
        self._metrics.called(texts, answers, perf_counter() - started)
        return answers

    def verify(self) -> None:
        """Raise ModelError unless the model answers its golden examples as recorded."""
        self._identifier.verify()
