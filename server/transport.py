"""A connection's transport: writes in one piece, and closes so that the last answer arrives."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.flow_control import FlowControl

LINGER_S: Final = 5
"""How long a client that still sends may go on before its connection is cut: nginx's
``lingering_timeout``."""

LINGER_BYTES: Final = 1 << 26
"""How much it may send meanwhile: many times a body that is long by mistake."""


class JoinedTransport:
    """A transport that sends what is written in one turn of the event loop as one piece.

    uvicorn writes head and body of an answer separately, and uvloop hands each to the kernel: two
    system calls and two packets, each of which wakes the client.

    Args:
        transport: The connection's own.
        loop: Its event loop.
        arrives: Whether there is more to come of a request.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        arrives: Callable[[], bool],
    ) -> None:
        self._transport = transport
        # Asked twice a request, where the way through __getattr__ takes ten times as long.
        self.is_closing = transport.is_closing
        self._loop = loop
        self._arrives = arrives
        self._pieces: list[bytes] = []
        self._unsent_bytes = 0
        self._passed_bytes = 0
        self._moved_s = 0.0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever it has
        """Everything else is the transport's."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send at the end of this turn."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)

    def close(self) -> None:
        """Send what is left, and close, where a request still arrives only the sending side.

        A socket that is closed over bytes it has not read is reset, and the client loses the answer
        that says why (RFC 9112, 9.6).
        """
        self._flush()
        self._moved_s = self._loop.time()
        if not self._arrives():
            self._transport.close()
        elif not self.is_closing():
            self._transport.write_eof()
            self._transport.resume_reading()
            self.is_closing = _yes

    def pass_over(self, count: int) -> None:
        """Take note of bytes that arrive after the last answer, and cut where they are too many."""
        self._passed_bytes += count
        if self._passed_bytes > LINGER_BYTES:
            self._transport.abort()

    def is_stuck(self, now_s: float, patience_s: float) -> bool:
        """Whether nothing has been taken of what is to be sent, or the end takes too long.

        Args:
            now_s: Time by the event loop's clock.
            patience_s: How long a client may take nothing.
        """
        unsent_bytes = self._transport.get_write_buffer_size()
        if unsent_bytes != self._unsent_bytes:
            self._unsent_bytes, self._moved_s = unsent_bytes, now_s
        if unsent_bytes:
            return now_s - self._moved_s > patience_s
        return self.is_closing() and now_s - self._moved_s > LINGER_S

    def _flush(self) -> None:
        if self._pieces:
            if not self.is_closing():
                self._transport.write(b"".join(self._pieces))
            self._pieces.clear()


class PatientFlow(FlowControl):
    """Reads no further while requests stand in line.

    uvicorn reads on with every answer, and what came meanwhile took a gigabyte of memory.
    """

    def __init__(self, transport: asyncio.Transport, waits: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._waits = waits

    def resume_reading(self) -> None:
        """Read on, if nothing waits."""
        if not self._waits():
            super().resume_reading()


def _yes() -> bool:
    return True
