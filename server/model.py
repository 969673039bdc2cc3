"""What the server needs of a model, and what stands in for a model that cannot be loaded."""

from collections.abc import Sequence
from typing import Protocol

from scandid import Answer, Identifier, ModelError, ModelMetadata
from server.notice import MODEL_NOTICE
from server.settings import STORE_SCHEME
from server.snapshot import SERVED_MODEL


class TextIdentifier(Protocol):
    """The part of :class:`scandid.Identifier` that the server uses."""

    @property
    def metadata(self) -> ModelMetadata:
        """What the model file says about itself."""
        ...

    def identify_batch(self, texts: Sequence[str]) -> list[Answer]:
        """Answer texts in their order."""
        ...

    def verify(self) -> None:
        """Raise ModelError unless the model answers its golden examples as recorded."""
        ...


class MissingModel:
    """Stands in for a model that could not be loaded, so that the server can say why.

    Args:
        error: Why there is no model; every use raises it.
    """

    def __init__(self, error: ModelError) -> None:
        self._error = error

    @property
    def reason(self) -> str:
        """Why there is no model, at this moment."""
        return str(self._error)

    @property
    def metadata(self) -> ModelMetadata:
        """Raise the error."""
        raise self._error

    def identify_batch(self, texts: Sequence[str]) -> list[Answer]:  # noqa: ARG002
        """Raise the error."""
        raise self._error

    def verify(self) -> None:
        """Raise the error."""
        raise self._error


class AwaitedModel(MissingModel):
    """Stands in for a model that the arbiter still fetches; the workers after this one have it."""

    def __init__(self) -> None:
        super().__init__(ModelError(MODEL_NOTICE.read()))

    @property
    def reason(self) -> str:
        """What the arbiter says of it, at this moment."""
        return MODEL_NOTICE.read()


def load_model(path: str) -> TextIdentifier:
    """Load the model that the arbiter has taken; else ``path``, or the shipped one without any.

    A model in a store is fetched by the arbiter, whose later workers find it taken.
    """
    taken = SERVED_MODEL.snapshot
    if taken is None and path.startswith(STORE_SCHEME):
        return AwaitedModel()
    file, name = (taken.path, taken.source) if taken else (path, path)
    try:
        return Identifier.load(file or None)
    except ModelError as error:
        return MissingModel(ModelError(str(error).replace(file, name)))
