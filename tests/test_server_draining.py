"""A worker's server that ends: what it still does while connections are open, over real sockets."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from uvicorn.config import Config

from server.draining import DrainingServer
from server.sharing import Shares
from tests.connections import DEADLINE_S, HEAD, Echo, Streams, answer


class Ending:
    """A server with one client, whose connection it keeps.

    Attributes:
        server: The server.
        address: Where it listens.
        beats: Its signs of life, by the time of the event loop.
    """

    def __init__(self, sock: socket.socket, *, drain_s: float) -> None:
        self.address = sock.getsockname()
        self.beats: list[float] = []
        config = Config(
            Echo(),
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            callback_notify=self._beat,
            timeout_notify=0,
            timeout_graceful_shutdown=1,
        )
        self.server = DrainingServer(
            config,
            arbiter=os.getppid(),
            share=Shares().take(1),
            drain_s=drain_s,
            request_timeout_s=DEADLINE_S,
        )

    async def _beat(self) -> None:
        self.beats.append(asyncio.get_running_loop().time())

    async def connect(self) -> Streams:
        """A connection on which a request has been answered."""
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(HEAD + b"text")
        assert (await answer(reader)).endswith(b"text")
        return reader, writer

    def end(self) -> None:
        """Tell it to end, as gunicorn does."""
        os.kill(os.getpid(), signal.SIGTERM)


@asynccontextmanager
async def ending(drain_s: float) -> AsyncIterator[Ending]:
    """A server that runs, and is left to end."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.setblocking(False)
        found = Ending(sock, drain_s=drain_s)
        serving = asyncio.create_task(found.server.serve(sockets=[sock]))
        async with asyncio.timeout(DEADLINE_S):
            while not found.server.started:
                await asyncio.sleep(0)
            yield found
            await serving


def test_an_open_connection_holds_the_end_up_for_a_while() -> None:
    """It is served until it closes by itself, or its time is over."""

    async def run() -> float:
        loop = asyncio.get_running_loop()
        async with ending(drain_s=1) as worker:
            _, writer = await worker.connect()
            begin = loop.time()
            worker.end()
        writer.close()
        return loop.time() - begin

    assert 1 <= asyncio.run(run()) < DEADLINE_S / 2


def test_a_worker_that_ends_gives_signs_of_life() -> None:
    """gunicorn, who kills a worker without any, sees them for as long as a connection is open."""

    async def run() -> tuple[float, list[float]]:
        async with ending(drain_s=2) as worker:
            _, writer = await worker.connect()
            worker.end()
            begin = asyncio.get_running_loop().time()
        writer.close()
        return begin, worker.beats

    begin, beats = asyncio.run(run())
    assert max(beats) > begin + 1


def test_the_port_is_closed_at_once() -> None:
    """While a connection is open others are refused, and not left waiting to be reset."""

    async def run() -> None:
        async with ending(drain_s=DEADLINE_S) as worker:
            reader, writer = await worker.connect()
            worker.end()
            while not worker.server.server_state.draining:
                await asyncio.sleep(0)
            with pytest.raises(ConnectionRefusedError):
                await worker.connect()
            writer.write(HEAD + b"last")
            assert (await answer(reader)).endswith(b"last")
            writer.close()

    asyncio.run(run())


def test_answers_of_a_worker_that_ends_have_the_date() -> None:
    """It moves on while connections are open."""

    async def run() -> bool:
        async with ending(drain_s=DEADLINE_S) as worker:
            first, second = await worker.connect(), await worker.connect()
            worker.end()
            dates = []
            for wait_s, (reader, writer) in ((0, first), (2.5, second)):
                await asyncio.sleep(wait_s)
                writer.write(HEAD + b"text")
                head = await answer(reader)
                dates.append(head.partition(b"date: ")[2].partition(b"\r\n")[0])
                writer.close()
        return dates[0] != dates[1]

    assert asyncio.run(run())
