"""Connections over real sockets: what is unfinished, endless or abandoned is ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from uvicorn.config import Config

from server import malformed
from server.connection import MAX_UNREAD_BYTES, Connection, State
from server.sharing import Shares
from server.transport import LINGER_BYTES
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


def test_a_long_body_hides_no_leaving_client(caplog: pytest.LogCaptureFixture) -> None:
    """A client that leaves cancels its request, however fast its body came."""

    async def run() -> None:
        app = Echo(hold=True)
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (_, writer):
            writer.write(HEAD.replace(b": 4", b": 2000000") + b"a" * 2_000_000)
            await writer.drain()
            await app.started.wait()
            writer.close()
            await app.cancelled.wait()

    asyncio.run(run())
    assert not caplog.records


def test_a_client_that_takes_nothing_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    """Answers that nobody reads end their connection, and what waits to be sent on it."""

    async def run() -> None:
        app = Echo(times=2_000_000)
        state = State(TIMEOUT_S, Shares().take(1))
        async with connected(app, state) as (reader, writer):
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            writer.write((HEAD + b"abcd") * 9)
            await app.started.wait()
            while state.connections:
                await asyncio.sleep(TIMEOUT_S / 10)

    asyncio.run(run())
    assert not caplog.records


@pytest.mark.parametrize("pause", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
def test_an_offer_of_another_protocol_is_passed_over(chunked: bool, pause: bool) -> None:
    """Requests that offer HTTP/2 are answered with their bodies, as Java's client and curl ask."""
    offer = (
        b"Host: l\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
    )
    framing, body = b"Content-Length: 4", b"%b"
    if chunked:
        framing, body = b"Transfer-Encoding: chunked", b"4\r\n%b\r\n0\r\n\r\n"
    head = b"POST / HTTP/1.1\r\n" + offer + framing + b"\r\n\r\n"

    async def run() -> None:
        app = Echo()
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            for word in (b"GET ", b"abcd"):
                writer.write(head)
                if pause:
                    await asyncio.sleep(TIMEOUT_S / 10)
                writer.write(body % word + head + body % word[::-1])
                assert (await answer(reader)).endswith(word)
                assert (await answer(reader)).endswith(word[::-1])
        assert len(app.headers) == 4

    asyncio.run(run())


GARBAGE = b"\xff\x00 HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    "what",
    [GARBAGE, b"FOO / HTTP/1.1\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"],
)
def test_what_is_no_request_is_answered_in_its_turn(what: bytes) -> None:
    """After the answers to requests before it comes 400 with the reason, and the end."""

    async def run() -> None:
        app = Echo()
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(HEAD + b"abcd" + what)
            assert (await answer(reader)).endswith(b"abcd")
            refused = await reader.read()
            assert refused.startswith(b"HTTP/1.1 400 ")
            assert b"connection: close" in refused
            assert b"cannot be read as HTTP/1.1: " in refused
        assert len(app.headers) == 1

    asyncio.run(run())


def test_a_body_that_breaks_off_is_refused() -> None:
    """A chunk without a length ends the request it belongs to with 400, and what computes it."""

    async def run() -> None:
        app = Echo()
        head = HEAD.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(head + b"4\r\nabcd\r\n")
            await app.started.wait()
            writer.write(b"what\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
            await app.cancelled.wait()

    asyncio.run(run())


def test_trailers_are_passed_over() -> None:
    """What stands behind the last chunk is none of the request's headers."""

    async def run() -> None:
        app = Echo()
        head = HEAD.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(head)
            await app.started.wait()
            writer.write(b"4\r\nabcd\r\n0\r\nContent-Type: text/plain\r\n\r\n")
            assert (await answer(reader)).endswith(b"abcd")
        assert [name for name, _ in app.headers[0]] == [b"host", b"transfer-encoding"]

    asyncio.run(run())


@pytest.mark.parametrize(
    "piece", [b"1;" + b"a" * 99 + b"\r\na\r\n", b"0\r\n" + b"X: aaaa\r\n" * 99_999]
)
def test_endless_framing_is_refused(piece: bytes) -> None:
    """Of chunks' extensions and trailers as much is taken as of headers, whatever they frame."""

    async def run() -> None:
        app = Echo()
        head = HEAD.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(head + piece * (1 + 2 * MAX_UNREAD_BYTES // len(piece)))
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
            await app.cancelled.wait()

    asyncio.run(run())


def test_small_chunks_are_no_framing_too_long() -> None:
    """A body of as many bytes as its bound is taken in chunks of hundred bytes."""

    async def run() -> None:
        head = HEAD.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
        chunk = b"64\r\n" + b"a" * 100 + b"\r\n"
        async with connected(Echo(), State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(head + chunk * 41_943 + b"0\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            assert len(await reader.readexactly(4_194_300)) == 4_194_300

    asyncio.run(run())


def test_endless_headers_are_refused() -> None:
    """A header that never ends gets 400 and the end of the connection, within the bound."""

    async def run() -> None:
        async with connected(Echo(), State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(HEAD[:-4] + b"\r\nX: " + b"a" * (MAX_UNREAD_BYTES + 1))
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")

    asyncio.run(run())


@pytest.mark.parametrize(("length", "kept"), [(MAX_UNREAD_BYTES // 2, True), (2**24, False)])
def test_the_rest_of_a_refused_body(length: int, kept: bool) -> None:
    """A client that sends all of it first reads its answer, and on after a short rest alone."""

    async def run() -> None:
        app, state = Echo(refuse=True), State(DEADLINE_S, Shares().take(1))
        async with connected(app, state, keepalive_s=TIMEOUT_S) as (reader, writer):
            writer.write(HEAD.replace(b": 4", b": %d" % length) + b"a" * length)
            await writer.drain()
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            writer.write(HEAD + b"abcd")
            await writer.drain()
            assert bool(await rest(reader)) == kept

    asyncio.run(run())


def test_the_last_answer_is_read_though_its_body_still_arrives() -> None:
    """A client that wants its connection closed, and is refused early, is not reset meanwhile."""

    async def run() -> None:
        app, state = Echo(refuse=True), State(DEADLINE_S, Shares().take(1))
        async with connected(app, state) as (reader, writer):
            head = HEAD.replace(b": 4", b": %d" % 2**24).replace(
                b"Host", b"Connection: close\r\nHost"
            )
            writer.write(head + b"a" * 2**24)
            await writer.drain()
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")

    asyncio.run(run())


def test_a_body_without_end_is_cut() -> None:
    """A client that goes on sending after its answer is not listened to for ever."""

    async def run() -> None:
        app, state = Echo(refuse=True), State(DEADLINE_S, Shares().take(1))
        async with connected(app, state) as (_, writer):
            writer.write(HEAD.replace(b": 4", b": %d" % 2**40))
            sent = 0
            with suppress(ConnectionError):
                while sent < 4 * LINGER_BYTES:
                    writer.write(b"a" * 2**20)
                    await writer.drain()
                    sent += 2**20
            assert sent < 2 * LINGER_BYTES

    asyncio.run(run())
