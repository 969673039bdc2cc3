"""Which worker takes a connection: over real sockets, several workers' listeners in one process."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest

from server import sharing
from server.sharing import BEAT_S, PATIENCE_S, Listener, Share, Shares

DEADLINE_S = 20


class Counted(asyncio.Protocol):
    """Counts the connections of a worker, as a server's protocol does."""

    def __init__(self, share: Share, names: list[str], name: str) -> None:
        self._share = share
        self._names = names
        self._name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: ARG002
        """Note whose connection it is."""
        self._names.append(self._name)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """One less."""
        self._share.add(-1)


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket that listens and does not block."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as sock:
        sock.setblocking(False)
        yield sock


async def until(names: list[str], count: int) -> None:
    """Wait until so many connections have been taken."""
    async with asyncio.timeout(DEADLINE_S):
        while len(names) < count:
            await asyncio.sleep(PATIENCE_S / 10)


def shares_of(*connections: int) -> tuple[Shares, list[Share]]:
    """Workers that start, with so many connections each."""
    shares = Shares()
    every = []
    for place, count in enumerate(connections, 1):
        shares.expect(place)
        every.append(shares.take(place))
        every[-1].add(count)
    return shares, every


def test_a_worker_is_ahead_of_those_with_fewer_connections() -> None:
    """It is no longer where the others have as many, or it has lost some."""
    _, (first, second, third) = shares_of(1, 1, 2)
    assert [first.is_ahead(), second.is_ahead(), third.is_ahead()] == [False, False, True]
    second.add(1)
    assert [first.is_ahead(), second.is_ahead(), third.is_ahead()] == [False, True, True]
    first.add(1)
    assert not any((first.is_ahead(), second.is_ahead(), third.is_ahead()))
    third.add(-1)
    assert first.is_ahead()


def test_nobody_waits_for_a_worker_that_ends_or_has_ended() -> None:
    """A worker that takes no more, and one that is gone, are not waited for."""
    shares, (first, second, third) = shares_of(5, 0, 1)
    second.end()
    second.beat()
    assert first.is_ahead()
    shares.free(3)
    assert not first.is_ahead()
    shares.expect(3)
    assert third.is_ahead() is False
    assert first.is_ahead()


def test_a_successor_begins_without_connections() -> None:
    """A worker that takes the place of one that was killed has none of its connections."""
    shares, (first, _) = shares_of(5, 0)
    assert first.is_ahead()
    shares.free(1)
    shares.expect(1)
    assert not shares.take(1).is_ahead()


def test_nobody_waits_for_a_worker_that_hangs() -> None:
    """Without a sign of life for a while a worker does not count."""
    _, (first, second) = shares_of(1, 0)
    second.beat()
    assert first.is_ahead()
    time.sleep(BEAT_S + 0.05)
    assert not first.is_ahead()
    second.beat()
    assert first.is_ahead()


def test_connections_that_arrive_at_once_are_shared() -> None:
    """Of forty connections at once each of two workers takes half."""

    async def run() -> list[str]:
        _, every = shares_of(0, 0)
        names: list[str] = []
        with listening() as sock, ExitStack() as clients:
            # A descriptor for each, as processes have: an event loop watches one only once.
            listeners = [
                Listener(
                    clients.enter_context(sock.dup()), partial(Counted, share, names, name), share
                )
                for share, name in zip(every, "ab", strict=True)
            ]
            for _ in range(40):
                clients.enter_context(socket.create_connection(sock.getsockname()))
            await until(names, 40)
            for listener in listeners:
                listener.close()
        return names

    names = asyncio.run(run())
    assert abs(names.count("a") - 20) <= 1


def test_a_worker_that_is_ahead_takes_what_nobody_takes() -> None:
    """A connection waits for the other worker, and no longer, however lively that one is."""

    async def run() -> float:
        _, (share, other) = shares_of(3, 0)
        names: list[str] = []
        with listening() as sock:
            listener = Listener(sock, partial(Counted, share, names, "a"), share)
            begin = time.perf_counter()
            with socket.create_connection(sock.getsockname()):
                async with asyncio.timeout(DEADLINE_S):
                    while not names:
                        other.beat()
                        await asyncio.sleep(PATIENCE_S / 10)
            waited_s = time.perf_counter() - begin
            listener.close()
        return waited_s

    assert asyncio.run(run()) >= PATIENCE_S


def test_a_connection_that_cannot_be_opened_does_not_count() -> None:
    """One that ends while it is taken is closed, and the worker has one less again."""

    def fail() -> asyncio.Protocol:
        raise OSError(107, "Transport endpoint is not connected")

    async def run() -> Share:
        _, (share, _) = shares_of(0, 0)
        with listening() as sock:
            listener = Listener(sock, fail, share)
            reader, writer = await asyncio.open_connection(*sock.getsockname())
            async with asyncio.timeout(DEADLINE_S):
                assert await reader.read() == b""
            writer.close()
            listener.close()
        return share

    share = asyncio.run(run())
    assert not share.is_ahead()
    share.add(1)
    assert share.is_ahead()


def test_a_listener_that_closes_takes_who_waits() -> None:
    """Connections that it had put off are opened, and then nobody listens any more."""

    async def run() -> list[str]:
        _, (share, _) = shares_of(3, 0)
        names: list[str] = []
        with listening() as sock, ExitStack() as clients:
            address = sock.getsockname()
            listener = Listener(sock, partial(Counted, share, names, "a"), share)
            for _ in range(3):
                clients.enter_context(socket.create_connection(address))
            listener.close()
            await listener.wait_closed()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address)
            await asyncio.sleep(2 * PATIENCE_S)
        return names

    assert asyncio.run(run()) == ["a"] * 3


def test_too_many_open_files_are_said_and_waited_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no file can be opened the worker says so, and takes the connection when one can.

    The system's error is feigned: a process without free files could not run the test.
    """
    monkeypatch.setattr(sharing, "_PAUSE_S", PATIENCE_S)

    class Full:
        """A socket whose first accept fails."""

        def __init__(self, sock: socket.socket) -> None:
            self._sock = sock
            self._failed = False
            self.fileno = sock.fileno
            self.close = sock.close

        def accept(self) -> tuple[socket.socket, object]:
            """Fail once."""
            if not self._failed:
                self._failed = True
                raise OSError(24, "Too many open files")
            return self._sock.accept()

    async def run() -> None:
        _, (share,) = shares_of(0)
        names: list[str] = []
        with listening() as sock:
            listener = Listener(Full(sock), partial(Counted, share, names, "a"), share)  # type: ignore[arg-type]
            with socket.create_connection(sock.getsockname()):
                await until(names, 1)
            listener.close()

    asyncio.run(run())
    assert "Too many open files" in caplog.text
