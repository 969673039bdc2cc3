"""One client's connection: uvicorn's HTTP over the C parser llhttp, with bounds of its own."""

import asyncio
from math import inf
from typing import TYPE_CHECKING, Final

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpRequestParser,
    parse_url,
)
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server import malformed
from server.expectation import Hesitation
from server.state import State
from server.transport import JoinedTransport, PatientFlow

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

MAX_UNREAD_BYTES: Final = 1 << 18
"""Most bytes of a request that nobody reads: its head, the framing of its chunks and trailers, for
none of which llhttp has a bound, or a body that goes on after its answer, whose connection is kept
where it is no longer than that."""

MAX_WAITING: Final = 32
"""Requests of one connection that stand in line, from which what is behind them is kept unread."""

_PIECE_BYTES: Final = 1 << 13
"""Of what arrives so much is parsed at a time, which may be hundreds of requests of 3 kB each."""

_MOST_SHOWN_CHARS: Final = 100


class Connection(HttpToolsProtocol):
    """One client: a request that grows or lasts too long, or that nobody waits for, is ended.

    Attributes:
        deadline_s: Until when the client may be silent, or its request arrive; by the event loop's
            clock.
    """

    server_state: State
    transport: JoinedTransport  # type: ignore[assignment]  # around the one that uvicorn is given
    deadline_s = inf
    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # None before the first request
    _running: RequestResponseCycle | None = None
    _is_open = False
    _head_is_open = False
    _is_refused = False
    _unread_bytes = 0
    _kept = b""
    _task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request as long as for a later one."""
        super().connection_made(transport)
        self.transport = JoinedTransport(transport, self.loop, self._arrives)
        self.flow = PatientFlow(transport, self._waits)
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for the answer: what would compute it is cancelled."""
        super().connection_lost(exc)
        self.server_state.share.add(-1)
        self._abandon()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._is_open = self._head_is_open = True
        self._unread_bytes = 0
        self.deadline_s = self.loop.time() + self.server_state.request_timeout_s

    def on_headers_complete(self) -> None:
        """A request can be answered; the last one of a worker that ends says so."""
        parser = self.parser
        if parser.should_upgrade():
            return  # it is read once more, as one that asks for no other protocol
        version = parser.get_http_version()
        if version != "1.1":
            if version != "1.0":
                raise HttpParserError(f"HTTP/{version} is not spoken here")
            self.expect_100_continue = False  # HTTP/1.0 has no such answer (RFC 9110, 10.1.1)
        if not self.url.startswith(b"/") and parse_url(self.url).path is None:
            # http://host?query, which is a path to who is that host (RFC 9112, 3.2.2)
            host, mark, query = self.url.partition(b"?")
            self.url = b"%b/%b%b" % (host, mark, query)
        super().on_headers_complete()
        self._head_is_open = False
        if self.expect_100_continue and self.cycle:
            self.cycle.receive = Hesitation(self.cycle, self.server_state)  # type: ignore[method-assign]
        # Trailers must not change what has been read by then (RFC 9110, 6.5.1).
        self.headers = []
        if self.server_state.draining and self.cycle:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A part of the body, which is read but where it has been answered without."""
        if not self._is_answered():
            self._unread_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        if self._head_is_open:
            return
        super().on_message_complete()
        self._is_open = False
        if self._is_answered():
            self._rest()
        else:
            self.deadline_s = inf
            # Paused since a body came faster than it was read: the client's leaving is unseen.
            self.flow.resume_reading()

    def on_response_complete(self) -> None:
        """As the overridden one, but without a timer for the silence after it."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self._is_open:
            self._rest()
        if self._kept and not self.pipeline:
            # It may hold the rest of the body that the last one in line waits for.
            kept, self._kept = self._kept, b""
            self._read(kept)
        self.flow.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Read what arrives, unless it comes after the last answer."""
        if self._is_refused or self.transport.is_closing():
            self.transport.pass_over(len(data))
        else:
            self._read(data)

    def end_if_overdue(self, now_s: float) -> None:
        """Close where the client is silent for too long, and cut where it takes nothing."""
        if self.transport.is_stuck(now_s, self.server_state.request_timeout_s):
            self.transport.abort()
        elif self._waits():  # who may not send on is not overdue
            self.deadline_s = max(self.deadline_s, now_s + self.server_state.request_timeout_s)
        elif self.deadline_s < now_s and not self.transport.is_closing():
            self.transport.close()
            self._abandon()

    def drain(self) -> None:
        """Announce the end of the connection with the answer that is being computed."""
        if self.cycle and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def cut(self) -> None:
        """Wait no longer for what the client has not sent, or not taken, by the worker's end."""
        if self._is_open or self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()

    def _read(self, data: bytes) -> None:
        """Parse piece by piece, and bound what is not read of a request."""
        for start in range(0, len(data), _PIECE_BYTES):
            if len(self.pipeline) >= MAX_WAITING:
                self._kept = data[start:]
                return
            piece = data if len(data) <= _PIECE_BYTES else data[start : start + _PIECE_BYTES]
            try:
                self._feed(piece)
            except HttpParserError as error:
                self._refuse(f"This cannot be read as HTTP/1.1: {self._reason(error)}.")
                return
            self._unread_bytes += len(piece)
            if self._is_open and self._unread_bytes > MAX_UNREAD_BYTES:
                self._refuse(
                    f"More than {MAX_UNREAD_BYTES} bytes of headers, chunks' sizes, trailers."
                )
            if self._is_refused or self.transport.is_closing():
                return

    def _reason(self, error: HttpParserError) -> str:
        """What a parser says, or what was raised in what it has called."""
        raised = error.__context__ if isinstance(error, HttpParserCallbackError) else None
        if raised and not isinstance(raised, HttpParserError):
            self.logger.error("a request could not be taken", exc_info=raised)
        return str(raised or error)[:_MOST_SHOWN_CHARS]

    def _feed(self, data: bytes) -> None:
        rest: bytes | memoryview = data
        while rest:
            try:
                self.parser.feed_data(rest)
            except HttpParserUpgrade as upgrade:
                rest = memoryview(rest)[upgrade.args[0] :]
                self._read_head_again()
            else:
                return

    def _read_head_again(self) -> None:
        """Read a request that offers another protocol as one that does not (RFC 9110, 7.8).

        llhttp leaves what follows such a head to the other protocol. Java's client and curl offer
        HTTP/2 like that: their bodies would be missing, and read as requests of their own.
        """
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        if method == b"CONNECT":
            raise HttpParserError("no tunnel is opened here")
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser.feed_data(b"\r\n".join([*lines, b"", b""]))

    def _refuse(self, detail: str) -> None:
        """Answer what cannot be read, as all else is and after what came before it, and close."""
        self._is_refused = True
        if self._is_open and not self._head_is_open:
            self._break_off(detail)
            return
        super().on_message_begin()
        what = {"method": "", "path": malformed.PATH, "query_string": b"", malformed.DETAIL: detail}
        self.scope.update(what)  # type: ignore[typeddict-item]  # a key of our own
        self.cycle = self._last_cycle()
        running = self._running
        if running is None or running.response_complete or running.disconnected:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def _last_cycle(self) -> RequestResponseCycle:
        cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,  # type: ignore[arg-type]
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        cycle.message_event.set()
        return cycle

    def _break_off(self, detail: str) -> None:
        """End a body in the middle: its request, which is counted already, answers for it."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            self.transport.close()
            return
        cycle.scope[malformed.DETAIL] = detail  # type: ignore[typeddict-unknown-key]
        cycle.keep_alive = cycle.more_body = cycle.waiting_for_100_continue = False
        cycle.message_event.set()

    def _abandon(self) -> None:
        """Cancel what computes an answer that nobody waits for."""
        if self._task and self._running and not self._running.response_complete:
            self._running.disconnected = True
            self._task.cancel()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        """As the overridden one, and remember the task, so that it can be cancelled."""
        self._running = cycle
        self._task = self.loop.create_task(cycle.run_asgi(app))
        self._task.add_done_callback(self.tasks.discard)
        self.tasks.add(self._task)

    def _arrives(self) -> bool:
        return self._is_open or self._is_refused or self._waits() or self.flow.read_paused

    def _waits(self) -> bool:
        return bool(self.pipeline or self._kept)

    def _is_answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_complete

    def _rest(self) -> None:
        self.deadline_s = self.loop.time() + self.timeout_keep_alive
