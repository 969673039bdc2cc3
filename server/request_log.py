"""One line of JSON for each request: what was asked and answered, never the text.

It takes a short path, past the logging module, which would cost more than the rest of a
request's bookkeeping together.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from select import PIPE_BUF
from typing import Final

import orjson

from server.exchange import Exchange
from server.outlet import STDOUT, Outlet

_JSON: Final = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE

_log = logging.getLogger(__name__)


class RequestLog:
    """Writes one line for each request.

    Args:
        model_version: Version of the model that answers, None where there is none.
        file: Descriptor to write to.
    """

    def __init__(self, model_version: str | None, file: int = STDOUT) -> None:
        self._model_version = model_version
        self._outlet = Outlet(file)
        self._lost = 0

    def write(self, ended: Sequence[Exchange]) -> int:
        """Write the lines of requests that have ended, in pieces that do not mix in a pipe.

        Lines that nobody takes are lost; the answers are not. How many were lost.
        """
        lost, piece = 0, b""
        for exchange in ended:
            line = self._line(exchange)
            if len(piece) + len(line) > PIPE_BUF:
                lost += self._put(piece)
                piece = b""
            piece += line
        if piece:
            lost += self._put(piece)
        if ended:  # where nothing was written nobody has taken it
            self._tell(lost)
        return lost

    def _put(self, piece: bytes) -> int:
        """Write some lines; how many were lost."""
        return 0 if self._outlet.put(piece) else piece.count(b"\n")

    def _tell(self, lost: int) -> None:
        """Say when lines begin to be lost, and how many were when that has ended."""
        if lost and not self._lost:
            _log.warning("lines about requests are lost: nobody takes them")
        elif self._lost and not lost:
            _log.warning("%d lines about requests were lost", self._lost)
            self._lost = 0
        self._lost += lost

    def _line(self, exchange: Exchange) -> bytes:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(exchange.ended_s, UTC),
            "level": "info",
            "message": "request",
            "request_id": exchange.request_id,
            "method": exchange.method,
            "route": exchange.route,
            "status": exchange.status,
            "duration_ms": round(exchange.duration_s * 1_000_000) / 1_000,
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
        return orjson.dumps(line, option=_JSON)
