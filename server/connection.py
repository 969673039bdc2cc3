"""One client's connection: uvicorn's HTTP over the C parser llhttp, with bounds of its own."""

import asyncio
from math import inf
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from server.sharing import Share

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

MAX_UNREAD_BYTES: Final = 1 << 18
"""Most bytes of a request's headers, for which llhttp has no bound, or of a body that goes on after
its answer: enough for a client to send all of a list that is refused and then read why."""


class State(ServerState):
    """What the connections of a worker share.

    Attributes:
        draining: The worker ends: every answer announces the end of its connection.
        request_timeout_s: Longest time for a request to arrive.
        share: How many they are.
    """

    connections: set["Connection"]  # type: ignore[assignment]  # the worker speaks nothing else

    def __init__(self, request_timeout_s: float, share: Share) -> None:
        super().__init__()
        self.draining = False
        self.request_timeout_s = request_timeout_s
        self.share = share

    def close_overdue(self, now_s: float) -> None:
        """Close connections whose time is over, by the clock of the event loop.

        Called every tenth of a second: timers of their own, set and cancelled with every request,
        cost a request 3 µs.
        """
        for connection in list(self.connections):
            if connection.deadline_s < now_s:
                connection.transport.close()


class JoinedTransport:
    """A transport that sends what is written in one turn of the event loop as one piece.

    uvicorn writes head and body of an answer separately, and uvloop hands each to the kernel: two
    system calls and two packets, each of which wakes the client.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        # Asked twice a request, where the way through __getattr__ takes ten times as long.
        self.is_closing = transport.is_closing
        self._loop = loop
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> object:
        """Everything else is the transport's."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send at the end of this turn."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)

    def close(self) -> None:
        """Send what is left, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._pieces:
            self._transport.write(b"".join(self._pieces))
            self._pieces.clear()


class Connection(HttpToolsProtocol):
    """One client: a request that grows or lasts too long, or that nobody waits for, is ended.

    Attributes:
        deadline_s: Until when the client may be silent, or its request arrive; by the event loop's
            clock.
    """

    server_state: State
    deadline_s = inf
    cycle: RequestResponseCycle | None  # type: ignore[assignment]  # None before the first request
    _is_open = False
    _head_is_open = False
    _unread_bytes = 0
    _task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request as long as for a later one."""
        super().connection_made(transport)
        self.transport = JoinedTransport(transport, self.loop)  # type: ignore[assignment]
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for the answer: what would compute it is cancelled."""
        super().connection_lost(exc)
        self.server_state.share.add(-1)
        if self._task and not self._is_answered():
            self._task.cancel()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._is_open = self._head_is_open = True
        self._unread_bytes = 0
        self.deadline_s = self.loop.time() + self.server_state.request_timeout_s

    def on_headers_complete(self) -> None:
        """A request can be answered; the last one of a worker that ends says so."""
        super().on_headers_complete()
        self._head_is_open = False
        if self.server_state.draining and self.cycle:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        super().on_message_complete()
        self._is_open = False
        if self._is_answered():
            self._rest()
        else:
            self.deadline_s = inf

    def on_response_complete(self) -> None:
        """As the overridden one, but without a timer for the silence after it."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif not self._is_open:
            self._rest()

    def data_received(self, data: bytes) -> None:
        """Bound what arrives and is not read."""
        super().data_received(data)
        if not self._is_open or self.transport.is_closing():
            return
        if self._head_is_open or self._is_answered():
            self._unread_bytes += len(data)
        if self._unread_bytes > MAX_UNREAD_BYTES and self._head_is_open:
            self.send_400_response(f"More than {MAX_UNREAD_BYTES} bytes of headers.")
        elif self._unread_bytes > MAX_UNREAD_BYTES:
            self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        """As the overridden one, and remember the task, so that it can be cancelled."""
        self._task = self.loop.create_task(cycle.run_asgi(app))
        self._task.add_done_callback(self.tasks.discard)
        self.tasks.add(self._task)

    def drain(self) -> None:
        """Announce the end of the connection with the answer that is being computed."""
        if self.cycle and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def _is_answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_complete

    def _rest(self) -> None:
        self.deadline_s = self.loop.time() + self.timeout_keep_alive
