"""Whether this worker may answer: only after its model has repeated the golden examples."""

import logging
from collections.abc import Mapping
from typing import Any

from scandid import ModelError
from server.errors import Problem
from server.model import AwaitedModel, MissingModel, TextIdentifier

_log = logging.getLogger(__name__)


class Readiness:
    """The state behind ``/health/ready``; as a lifespan component, checked at worker start.

    Attributes:
        reason: Why the worker is not ready, or None where it is.
    """

    def __init__(self, identifier: TextIdentifier) -> None:
        self._identifier = identifier
        self.reason: str | None = "The golden examples have not been replayed yet."

    def check(self) -> None:
        """Replay the golden examples and remember the outcome."""
        try:
            self._identifier.verify()
        except ModelError as error:
            self.reason = str(error)
            # Whether a model can be had says the arbiter, which fetches it.
            awaited = isinstance(self._identifier, AwaitedModel)
            _log.log(logging.INFO if awaited else logging.ERROR, "not ready: %s", error)
        except Exception as error:  # of onnxruntime, numpy: gunicorn would end all of the server
            self.reason = f"The golden examples cannot be replayed: {error}."
            _log.exception("not ready")
        else:
            self.reason = None

    def require(self) -> None:
        """Raise the problem ``not_ready`` unless the worker may answer."""
        if self.reason is not None:
            model = self._identifier
            reason = model.reason if isinstance(model, MissingModel) else self.reason
            raise Problem("not_ready", reason)

    async def process_startup(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Check once the event loop runs and before the first connection is taken."""
        self.check()
