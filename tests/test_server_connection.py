"""Connections over real sockets: what is unfinished, endless or abandoned is ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from uvicorn.config import Config

from server.connection import MAX_UNREAD_BYTES, Connection, State
from server.sharing import Shares
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

    def __init__(self, *, hold: bool = False, refuse: bool = False) -> None:
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.released = asyncio.Event()
        self._hold = hold
        self._refuse = refuse

    async def __call__(self, _scope: object, receive: Receive, send: Send) -> None:
        """Answer one request; held, when released; refusing, answer before the body is read."""
        self.started.set()
        try:
            if self._hold:
                await self.released.wait()
            body, more = b"", not self._refuse
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
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


def test_a_connection_is_kept_until_the_worker_ends() -> None:
    """Answers leave it open, but for the first after the worker began to end, which says so."""

    async def run() -> None:
        state = State(DEADLINE_S, Shares().take(1))
        async with connected(Echo(), state) as (reader, writer):
            for word in (b"en", b"to"):
                writer.write(HEAD + word * 2)
                assert b"connection: close" not in await answer(reader)
            state.draining = True
            writer.write(HEAD + b"tre.")
            last = await answer(reader)
            assert b"connection: close" in last
            assert last.endswith(b"tre.")
            assert await reader.read() == b""

    asyncio.run(run())


def test_pieces_of_a_request_are_put_together() -> None:
    """A request may arrive byte by byte, and the next one on the same connection too."""

    async def run() -> None:
        async with connected(Echo(), State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            for body in (b"abcd", b"efgh"):
                for byte in HEAD + body:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0)
                assert (await answer(reader)).endswith(body)

    asyncio.run(run())


@pytest.mark.parametrize("beginning", [b"", HEAD[:9], HEAD[:-2], HEAD, HEAD + b"ab"])
def test_an_unfinished_request_is_ended(beginning: bytes) -> None:
    """Whatever part of it arrived, the connection is closed when its time is over."""

    async def run() -> None:
        app = Echo()
        state = State(TIMEOUT_S, Shares().take(1))
        async with connected(app, state, keepalive_s=TIMEOUT_S) as (reader, writer):
            writer.write(beginning)
            assert await reader.read() == b""
            if app.started.is_set():
                await app.cancelled.wait()

    asyncio.run(run())


def test_bytes_that_drip_do_not_extend_the_time() -> None:
    """A request has its time as a whole: a byte now and then keeps no connection open."""

    async def run() -> None:
        async with connected(Echo(), State(TIMEOUT_S, Shares().take(1))) as (reader, writer):
            ended = asyncio.create_task(rest(reader))
            for byte in HEAD:
                if ended.done():
                    break
                writer.write(bytes([byte]))
                await asyncio.sleep(TIMEOUT_S / 10)
            assert await ended == b""
            assert len(HEAD) * TIMEOUT_S / 10 > 2 * TIMEOUT_S

    asyncio.run(run())


@pytest.mark.parametrize("refuse", [False, True])
def test_silence_after_an_answer_is_bounded(refuse: bool) -> None:
    """A connection on which nothing follows is closed, wherever the last request was answered."""

    async def run() -> None:
        state = State(DEADLINE_S, Shares().take(1))
        app = Echo(refuse=refuse)
        async with connected(app, state, keepalive_s=TIMEOUT_S) as (reader, writer):
            writer.write(HEAD)
            if refuse:
                await reader.readuntil(b"\r\n\r\n")
            writer.write(b"text")
            if not refuse:
                assert (await answer(reader)).endswith(b"text")
            assert await reader.read() == b""

    asyncio.run(run())


def test_an_answer_has_its_time() -> None:
    """However long it takes to compute one, its connection is neither silent nor overdue."""

    async def run() -> None:
        app = Echo(hold=True)
        state = State(TIMEOUT_S, Shares().take(1))
        async with connected(app, state, keepalive_s=TIMEOUT_S) as (reader, writer):
            writer.write(HEAD + b"text")
            await asyncio.sleep(3 * TIMEOUT_S)
            app.released.set()
            assert (await answer(reader)).endswith(b"text")

    asyncio.run(run())


def test_nobody_computes_for_a_client_that_left(caplog: pytest.LogCaptureFixture) -> None:
    """A client that closes its connection cancels its request; the server says nothing of it."""

    async def run() -> None:
        app = Echo(hold=True)
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (_, writer):
            writer.write(HEAD + b"abcd")
            await app.started.wait()
            writer.close()
            await app.cancelled.wait()

    asyncio.run(run())
    assert not caplog.records


def test_endless_headers_are_refused() -> None:
    """A header that never ends gets 400 and the end of the connection, within the bound."""

    async def run() -> None:
        async with connected(Echo(), State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(HEAD[:-4] + b"\r\nX: " + b"a" * (MAX_UNREAD_BYTES + 1))
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")

    asyncio.run(run())


@pytest.mark.parametrize(("length", "kept"), [(MAX_UNREAD_BYTES // 2, True), (2**24, False)])
def test_the_rest_of_a_refused_body(length: int, kept: bool) -> None:
    """After an early answer a short rest is passed over, and a long one ends the connection."""

    async def run() -> None:
        app, state = Echo(refuse=True), State(DEADLINE_S, Shares().take(1))
        async with connected(app, state) as (reader, writer):
            writer.write(HEAD.replace(b": 4", b": %d" % length) + b"a")
            await reader.readuntil(b"\r\n\r\n")
            try:
                writer.write(b"a" * (length - 1) + HEAD + b"abcd")
                await writer.drain()
                rest = await reader.readuntil(b"\r\n\r\n")
            except (ConnectionError, asyncio.IncompleteReadError):
                rest = b""
            assert bool(rest) == kept

    asyncio.run(run())
