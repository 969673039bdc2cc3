"""uvicorn's server, made to end without losing a request."""

import asyncio
import os
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Final

from uvicorn.config import Config
from uvicorn.server import Server

from server.connection import Connection
from server.sharing import Listener, Share
from server.state import State

ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
"""Signals that end a worker: the first in order, the others at once."""

_POLL_S: Final = 0.05


class DrainingServer(Server):
    """Ends in two steps: announce the end on every connection, then close.

    The plain server closes kept connections right after SIGTERM, one that has just been promised
    to stay open included: the request its client sends at that moment is lost.

    Args:
        config: uvicorn's.
        arbiter: Process that started this one, and whose end is that of the server.
        share: Its part of all connections.
        drain_s: How long connections may stay open at the end.
        request_timeout_s: Longest time for a request to arrive.
    """

    server_state: State

    servers: list[Listener]  # type: ignore[assignment]  # closed and waited for, as asyncio's are

    def __init__(
        self,
        config: Config,
        *,
        arbiter: int,
        share: Share,
        drain_s: float,
        request_timeout_s: float,
    ) -> None:
        super().__init__(config)
        self.server_state = State(request_timeout_s, share)
        self._drain_s = drain_s
        self._arbiter = arbiter

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As the overridden one, but listen in a way that shares connections among workers."""
        await super().startup(sockets=[])
        protocol = partial(
            Connection,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        share = self.server_state.share
        self.servers = [Listener(sock, protocol, share) for sock in sockets or []]

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Hear the signals that end a worker from now on: SIGTERM in order, the others at once."""
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        yield

    def handle_exit(self, sig: int, frame: object) -> None:  # noqa: ARG002  # a handler takes both
        """Leave the main loop."""
        self.should_exit = True
        self.force_exit = self.force_exit or sig != signal.SIGTERM

    async def on_tick(self, counter: int) -> bool:
        """Whether to end: also where the arbiter is gone, who could not replace this worker."""
        self.server_state.share.beat()
        self.server_state.close_overdue(asyncio.get_running_loop().time())
        return await super().on_tick(counter) or os.getppid() != self._arbiter

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave the port, let the connections there are end, and close what is left."""
        state = self.server_state
        state.draining = True
        for listener in self.servers:
            listener.close()
            await listener.wait_closed()
        self.servers.clear()  # the overridden one would close them again
        for connection in state.connections:
            connection.drain()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._drain_s
        ticks = count()
        while state.connections and loop.time() < deadline and not self.force_exit:
            # As before the end: gunicorn sees signs of life, answers the date, the overdue close.
            await self.on_tick(next(ticks))
            await asyncio.sleep(_POLL_S)
        for connection in state.connections:
            connection.cut()
        await super().shutdown(sockets)
