"""One line of JSON for each request: what was asked and answered, never the text.

It takes a short path, past the logging module, which would cost more than the rest of a
request's bookkeeping together.
"""

import logging
import os
from datetime import UTC, datetime
from typing import Final

import orjson

from server.exchange import Exchange

STDOUT: Final = 1
_JSON: Final = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE

_log = logging.getLogger(__name__)


class RequestLog:
    """Writes one line for each request.

    Args:
        model_version: Version of the model that answers, None where there is none.
        file: Descriptor to write to. A line is one write of less than 4096 bytes, so lines of
            several processes do not mix in a pipe.
    """

    def __init__(self, model_version: str | None, file: int = STDOUT) -> None:
        self._model_version = model_version
        self._file = file

    def write(self, exchange: Exchange, duration_s: float) -> None:
        """Write the line of a request; one that cannot be written is lost, its answer is not."""
        line: dict[str, object] = {
            "time": datetime.now(UTC),
            "level": "info",
            "message": "request",
            "request_id": exchange.request_id,
            "method": exchange.method,
            "route": exchange.route,
            "status": exchange.status,
            "duration_ms": round(duration_s * 1_000, 3),
            "request_bytes": exchange.request_bytes,
            "response_bytes": exchange.response_bytes,
            "model": self._model_version,
        }
        if exchange.trace_id:
            line["trace_id"] = exchange.trace_id
            line["parent_id"] = exchange.parent_id
        if exchange.problem:
            line["problem"] = exchange.problem
        if exchange.answers:
            line |= exchange.summary()
        try:
            os.write(self._file, orjson.dumps(line, option=_JSON))
        except OSError:
            _log.warning("a line about a request could not be written")
