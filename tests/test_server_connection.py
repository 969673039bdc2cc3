"""Connections over real sockets: what is unfinished or abandoned is ended, in its time."""

import asyncio

import pytest

from server.sharing import Shares
from server.state import State
from tests.connections import DEADLINE_S, HEAD, TIMEOUT_S, Echo, answer, connected, rest


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


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (b"http://localhost", "/"),
        (b"http://localhost?a=b", "/"),
        (b"http://localhost/?a=b", "/"),
        (b"http://localhost/c?a=/b", "/c"),
    ],
)
def test_a_whole_url_is_a_path(url: bytes, path: str) -> None:
    """A request for http://host is one for its first path, with or without a query."""

    async def run() -> None:
        app = Echo()
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (reader, writer):
            writer.write(HEAD.replace(b"POST /", b"POST " + url) + b"abcd")
            assert (await answer(reader)).endswith(b"abcd")
        assert app.paths == [path]

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


@pytest.mark.parametrize("length", [4, 2_000_000])
def test_nobody_computes_for_a_client_that_left(
    length: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that leaves cancels its request, however fast its body came, and nothing is said."""

    async def run() -> None:
        app = Echo(hold=True)
        async with connected(app, State(DEADLINE_S, Shares().take(1))) as (_, writer):
            writer.write(HEAD.replace(b": 4", b": %d" % length) + b"a" * length)
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


def test_a_slow_reader_is_not_cut() -> None:
    """Who takes some of an answer now and then gets all of it, however long that takes."""

    async def run() -> None:
        app, state = Echo(times=1_000_000), State(TIMEOUT_S, Shares().take(1))
        async with connected(app, state) as (reader, writer):
            writer.write((HEAD + b"abcd") * 5)
            got = 0
            while got < 20_000_000:
                got += len(await reader.read(2**20))
                await asyncio.sleep(TIMEOUT_S / 20)
        assert not app.cancelled.is_set()

    asyncio.run(run())


def test_a_client_that_never_closes_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that neither sends the rest of a refused body nor closes is waited for some seconds."""
    monkeypatch.setattr("server.transport.LINGER_S", TIMEOUT_S)

    async def run() -> None:
        app, state = Echo(refuse=True), State(DEADLINE_S, Shares().take(1))
        head = HEAD.replace(b"Host", b"Connection: close\r\nHost")
        async with connected(app, state) as (reader, writer):
            writer.write(head + b"a")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
            assert state.connections
            while state.connections:
                await asyncio.sleep(TIMEOUT_S / 10)

    asyncio.run(run())
