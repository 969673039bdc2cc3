"""Request bodies, read within two bounds: one for each body, one for all that a worker holds.

A body counts from its admission to its answer: first its bytes are held, then the texts in it. It
counts for the length that it declares, so that one which was admitted is never refused half-way,
however slowly it comes; a client that sends nothing more loses its place with its request's time.
"""

from typing import Final

from falcon.asgi import Request
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from server import malformed
from server.errors import Problem, shown
from server.exchange import Exchange

FREE_BYTES: Final = HIGH_WATER_LIMIT
"""Bodies up to this length, 64 kB, do not count: so much of every body is in memory before it is
asked for, and no long bodies may keep out the short ones, which nearly all are."""

_CODINGS: Final = ("", "identity")


class Bodies:
    """Reads the bodies of one worker.

    Args:
        max_bytes: Most bytes of a body.
        max_queue_bytes: Most bytes of all bodies longer than :data:`FREE_BYTES` that are admitted
            and not yet answered. A body that is alone is admitted whatever its length.
    """

    def __init__(self, max_bytes: int, max_queue_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._max_queue_bytes = max_queue_bytes
        self._queued_bytes = 0

    @property
    def queued_bytes(self) -> int:
        """Bytes of long bodies admitted and not yet released."""
        return self._queued_bytes

    async def read(self, req: Request, exchange: Exchange) -> bytes:
        """Read the whole body, never holding much more than allowed, and note its length.

        Whoever calls it calls :meth:`release` when the request has been answered, or has failed.

        Raises:
            Problem: ``body_too_large``, ``overloaded``, ``incomplete_body``, ``empty_body``,
                ``unsupported_media_type`` where it is compressed, or ``bad_request`` where it
                cannot be read as HTTP.
        """
        # Where there is no such header, which is nearly always, get_header takes 0.5 µs to say so.
        if b"content-encoding" in req._asgi_headers:
            _require_identity(req)
        declared = req.content_length
        if declared is None:
            body = await self._read_undeclared(req, exchange)
            _require_wellformed(req)
        else:
            if declared > self._max_bytes:
                raise self._too_large(f"Content-Length is {declared} bytes")
            if declared > FREE_BYTES:
                self._admit(declared, exchange)
            body = await req.stream.read(declared)
            exchange.request_bytes = len(body)
            if len(body) < declared:
                _require_wellformed(req)
                detail = f"Content-Length is {declared} bytes, but only {len(body)} arrived."
                raise Problem("incomplete_body", detail)
        if not body:
            raise Problem("empty_body", 'Send {"text": "..."} or {"texts": ["...", "..."]}.')
        return body

    def release(self, exchange: Exchange) -> None:
        """Make room: the body of this request is held no more."""
        self._queued_bytes -= exchange.queued_bytes

    async def _read_undeclared(self, req: Request, exchange: Exchange) -> bytes:
        """A chunked body counts for the longest there may be, until its end tells its length."""
        # One byte more than allowed tells a body that is too long.
        limit = self._max_bytes + 1
        body = await req.stream.read(min(limit, FREE_BYTES + 1))
        exchange.request_bytes = len(body)
        if FREE_BYTES < len(body) < limit:
            self._admit(self._max_bytes, exchange)
            body += await req.stream.read(limit - len(body))
            exchange.request_bytes = len(body)
            self.release(exchange)
            self._queued_bytes += len(body)
            exchange.queued_bytes = len(body)
        if len(body) > self._max_bytes:
            raise self._too_large("The body is longer")
        return body

    def _admit(self, count: int, exchange: Exchange) -> None:
        if self._queued_bytes and self._queued_bytes + count > self._max_queue_bytes:
            detail = "Too many long bodies wait for an answer already; try again shortly."
            raise Problem("overloaded", detail)
        self._queued_bytes += count
        exchange.queued_bytes = count

    def _too_large(self, what: str) -> Problem:
        detail = f"{what}; at most {self._max_bytes} bytes are read."
        return Problem("body_too_large", detail, limit=self._max_bytes)


def _require_wellformed(req: Request) -> None:
    """A body that the connection could not read on has only seemed to end."""
    if malformed.DETAIL in req.scope:
        raise Problem("bad_request", req.scope[malformed.DETAIL])


def _require_identity(req: Request) -> None:
    """A compressed body may be a thousand times as long as what bounds it."""
    coding = req.get_header("Content-Encoding", default="")
    if coding.lower() not in _CODINGS:
        detail = f"Content-Encoding is {shown(coding)}; send the body as it is, not compressed."
        headers = {"Accept-Encoding": "identity"}
        raise Problem("unsupported_media_type", detail, headers=headers)
