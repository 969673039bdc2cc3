"""A server of single connections over real sockets, with an application that answers as told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from uvicorn.config import Config

from server import malformed
from server.connection import Connection
from server.state import State
from server.worker import cancellable

TIMEOUT_S = 0.2
DEADLINE_S = 20
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """Reads a whole body and answers with it, and notes whether it was cancelled meanwhile."""

    def __init__(self, *, hold: bool = False, refuse: bool = False, times: int = 1) -> None:
        self.headers: list[list[tuple[bytes, bytes]]] = []
        self.paths: list[str] = []
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.released = asyncio.Event()
        self._hold = hold
        self._refuse = refuse
        self._times = times

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; held, when released; refusing, answer before the body is read."""
        if scope["path"] == malformed.PATH:
            assert not (await receive())["more_body"]
            await self._answer(send, 400, scope[malformed.DETAIL].encode())
            return
        self.headers.append(scope["headers"])
        self.paths.append(scope["path"])
        self.started.set()
        try:
            body, more = b"", not self._refuse
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            if self._hold:
                await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if malformed.DETAIL in scope:
            await self._answer(send, 400, scope[malformed.DETAIL].encode())
        else:
            await self._answer(send, 200, body * self._times)

    async def _answer(self, send: Send, status: int, body: bytes) -> None:
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [length]})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected(app: Echo, state: State, keepalive_s: float = 9) -> AsyncIterator[Streams]:
    """A client's streams to a server of one connection, which ends what is overdue."""
    config = Config(
        cancellable(app),
        ws="none",
        interface="asgi3",
        log_config=None,
        timeout_keep_alive=keepalive_s,  # type: ignore[arg-type]  # seconds may be parts of one
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(config, state, {}), "127.0.0.1", 0)

    async def look() -> None:
        while True:
            state.close_overdue(loop.time())
            await asyncio.sleep(TIMEOUT_S / 20)

    looking = loop.create_task(look())
    async with asyncio.timeout(DEADLINE_S), server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        yield reader, writer
        writer.close()
        while state.connections:
            await asyncio.sleep(0)
    looking.cancel()


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The head of the next answer and a body of four bytes."""
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(4)


async def rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the server closes, a byte that it has not read being no error."""
    with suppress(ConnectionResetError):
        return await reader.read()
    return b""
