"""What arrives over real sockets and is no HTTP, endless or not wanted: passed over or refused."""

import asyncio
from contextlib import suppress

import pytest

from server.connection import MAX_UNREAD_BYTES, MAX_WAITING
from server.sharing import Shares
from server.state import State
from server.transport import LINGER_BYTES
from tests.connections import DEADLINE_S, HEAD, TIMEOUT_S, Echo, answer, connected, rest


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
    ("what", "reason"),
    [
        (GARBAGE, b"Invalid method"),
        (b"FOO / HTTP/1.1\r\n\r\n", b"Invalid method"),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"no tunnel is opened here"),
    ],
)
def test_what_is_no_request_is_answered_in_its_turn(
    what: bytes, reason: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """After the answers to requests before it comes 400 with the reason, and the end."""

    async def run() -> None:
        app = Echo()
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(HEAD + b"abcd" + what)
            assert (await answer(reader)).endswith(b"abcd")
            refused = await reader.read()
            assert refused.startswith(b"HTTP/1.1 400 ")
            assert b"connection: close" in refused
            assert b"cannot be read as HTTP/1.1: " + reason in refused
        assert len(app.headers) == 1

    asyncio.run(run())
    assert not caplog.records


@pytest.mark.parametrize("line", [b"GET /", b"GET / HTTP/0.9", b"GET / HTTP/2.0"])
def test_other_versions_are_refused(line: bytes) -> None:
    """Who speaks another HTTP is told so, and is no fault of the service."""

    async def run() -> None:
        async with connected(Echo(), State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(line + b"\r\n\r\n")
            refused = await reader.read()
            assert refused.startswith(b"HTTP/1.1 400 ")
            assert b" is not spoken here" in refused

    asyncio.run(run())


def test_a_request_that_breaks_off_takes_no_other_with_it() -> None:
    """The one before it, which is being answered, gets its answer."""

    async def run() -> None:
        app = Echo(hold=True)
        head = HEAD.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(HEAD + b"abcd" + head + b"what\r\n")
            await app.started.wait()
            app.released.set()
            assert (await answer(reader)).endswith(b"abcd")
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")

    asyncio.run(run())


def test_requests_in_line_are_kept_unread() -> None:
    """Of thousands that come at once no more than a piece is taken, and all are answered."""
    count = 20_000

    async def run() -> None:
        app, state = Echo(hold=True), State(DEADLINE_S, Shares().take(1))
        async with connected(app, state) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n" * count)
            await app.started.wait()
            await asyncio.sleep(TIMEOUT_S)
            (connection,) = state.connections
            assert MAX_WAITING <= len(connection.pipeline) < count / 20
            app.released.set()
            for _ in range(count):
                await reader.readuntil(b"\r\n\r\n")
            assert not connection.pipeline

    asyncio.run(run())


def test_the_last_in_line_gets_its_body() -> None:
    """A body whose end is kept unread, as so many requests stand before it, is read in its turn."""
    body = bytes(range(97, 123)) * 4000

    async def run() -> None:
        async with connected(Echo(), State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            long = HEAD.replace(b": 4", b": %d" % len(body)) + body
            writer.write((HEAD + b"abcd") * 2 * MAX_WAITING + long + HEAD + b"last")
            for _ in range(2 * MAX_WAITING):
                assert (await answer(reader)).endswith(b"abcd")
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(len(body)) == body
            assert (await answer(reader)).endswith(b"last")

    asyncio.run(run())


def test_a_request_that_may_not_be_sent_on_is_not_overdue() -> None:
    """While another one is answered the next is not read, and its time does not pass."""

    async def run() -> None:
        app, state = Echo(hold=True), State(TIMEOUT_S, Shares().take(1))
        body = b"b" * 2**22
        async with connected(app, state) as (reader, writer):
            writer.write(HEAD + b"abcd" + HEAD.replace(b": 4", b": %d" % len(body)) + body)
            await asyncio.sleep(3 * TIMEOUT_S)
            app.released.set()
            assert (await answer(reader)).endswith(b"abcd")
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(len(body)) == body

    asyncio.run(run())


def test_a_body_that_breaks_off_is_refused() -> None:
    """A chunk without a length gets the request it belongs to answered with 400, and no other."""

    async def run() -> None:
        app = Echo()
        head = HEAD.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(head + b"4\r\nabcd\r\n")
            await app.started.wait()
            writer.write(b"what\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        assert len(app.headers) == 1
        assert not app.cancelled.is_set()

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
        assert len(app.headers) == 1

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
