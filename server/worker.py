"""gunicorn's worker: uvicorn's HTTP on uvloop, made to end without losing a request.

Used by gunicorn.conf.py only. gunicorn's own ``asgi`` worker parses and writes HTTP in Python,
which was half of what a request cost (docs/LOG.md, *HTTP in C*).
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from gunicorn.arbiter import Arbiter
from uvicorn.config import Config
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from server.connection import Connection
from server.memory import give_back_what_is_freed
from server.sharing import Listener, Share
from server.state import State

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_POLL_S: Final = 0.05
_FORCE_S: Final = 2
"""Before the graceful timeout, at which gunicorn kills: time to close what is left in order."""

_LAST_ANSWERS_S: Final = 1
"""How much of it those requests get whose answers are being computed."""

_YOUNG_OBJECTS: Final = 10_000
"""Objects made, and not freed, from which garbage is looked for. Python's 700 are those of some
twenty requests at once, which are no garbage; at 100,000 they leave the processor's caches."""


class DrainingServer(Server):
    """Ends in two steps: announce the end on every connection, then close.

    The plain server closes kept connections right after SIGTERM, one that has just been promised
    to stay open included: the request its client sends at that moment is lost.
    """

    server_state: State

    servers: list[Listener]  # type: ignore[assignment]  # closed and waited for, as asyncio's are

    def __init__(
        self, config: Config, *, share: Share, drain_s: float, request_timeout_s: float
    ) -> None:
        super().__init__(config)
        self.server_state = State(request_timeout_s, share)
        self._drain_s = drain_s
        self._parent = os.getppid()

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
        for number in _ENDING:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        yield

    def handle_exit(self, sig: int, frame: object) -> None:  # noqa: ARG002  # a handler takes both
        """Leave the main loop."""
        self.should_exit = True
        self.force_exit = self.force_exit or sig != signal.SIGTERM

    async def on_tick(self, counter: int) -> bool:
        """Whether to end: also where the arbiter is gone, who could not replace this worker."""
        self.server_state.share.beat()
        self.server_state.close_overdue(asyncio.get_running_loop().time())
        return await super().on_tick(counter) or os.getppid() != self._parent

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connections, let those there are end, and close what is left."""
        for server in self.servers:
            server.close()
        state = self.server_state
        state.draining = True
        for connection in state.connections:
            connection.drain()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._drain_s
        while state.connections and loop.time() < deadline and not self.force_exit:
            state.close_overdue(loop.time())
            await asyncio.sleep(_POLL_S)
        for connection in state.connections:
            connection.cut()
        await super().shutdown(sockets)


class DrainingWorker(UvicornWorker):  # type: ignore[misc]  # the package ships no types
    """A gunicorn worker around :class:`DrainingServer`.

    Attributes:
        share: Its part of all connections; gunicorn.conf.py sets it after the fork.
    """

    share: Share

    CONFIG_KWARGS: dict[str, Any] = {  # noqa: RUF012  # the name and form that uvicorn_worker reads
        "loop": "uvloop",
        "http": Connection,
        "ws": "none",
        "lifespan": "on",
        "interface": "asgi3",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": _LAST_ANSWERS_S,
    }

    def init_process(self) -> None:
        """Hold back the signals that end a worker until its event loop can hear them.

        uvloop drops what arrives earlier: a worker told to end while it loads the model would
        serve on after the others have ended, and be killed with its requests.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        # uvicorn's warnings go where gunicorn's handlers are, which are none: past our JSON.
        logger = logging.getLogger("uvicorn.error")
        logger.propagate = True
        logger.setLevel(max(logger.level, logging.WARNING))
        give_back_what_is_freed()
        super().init_process()

    async def _serve(self) -> None:
        look_for_less_garbage()
        self.config.app = cancellable(self.wsgi)
        drain_s = self.cfg.graceful_timeout - _FORCE_S
        server = DrainingServer(
            self.config,
            share=self.share,
            drain_s=drain_s,
            request_timeout_s=self.cfg.timeout,
        )
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)


def look_for_less_garbage() -> None:
    """Leave out of every search what is there before the first request, and search less often.

    A request costs a tenth less, and its 99th percentile under load is half as long: that was a
    search through all of the libraries (docs/LOG.md, *Garbage*).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)


def cancellable(app: Application) -> Application:
    """An application whose requests can be cancelled, which is no error to be logged."""

    async def answer(scope: Scope, receive: object, send: object) -> None:
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise

    return answer
