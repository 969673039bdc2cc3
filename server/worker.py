"""gunicorn's ASGI worker, made to end without losing a request. Used by gunicorn.conf.py only."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from gunicorn.workers.gasgi import ASGIWorker

Event = Mapping[str, Any]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Event, object, Send], Awaitable[None]]

_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_POLL_S: Final = 0.05
_FORCE_S: Final = 2
"""Before the graceful timeout, at which gunicorn kills: time to close what is left in order."""


class DrainingWorker(ASGIWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Ends in two steps: announce the end on every connection, then close.

    The plain worker closes kept connections right after SIGTERM, one that has just been promised
    to stay open included: the request its client sends at that moment is lost.
    """

    asgi: Application
    draining = False
    _drain_task: asyncio.Task[None] | None = None

    def init_process(self) -> None:
        """Hold back the signals that end a worker until its event loop can hear them.

        uvloop drops what arrives earlier: a worker told to end while it loads the model would
        serve on after the others have ended, and be killed with its requests.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        super().init_process()

    def run(self) -> None:
        """Let the signals through as the first thing the event loop does."""
        self.loop.call_soon(signal.pthread_sigmask, signal.SIG_UNBLOCK, _ENDING)
        super().run()

    def load_wsgi(self) -> None:
        """Load the application, wrapped so that it can say ``Connection: close``."""
        super().load_wsgi()
        app = self.asgi

        def announcing(scope: Event, receive: object, send: Send) -> Awaitable[None]:
            return app(scope, receive, _closing(send) if self.draining else send)

        self.asgi = announcing

    def handle_exit_signal(self) -> None:
        """SIGTERM: take no new connections, and end when those there are have ended."""
        if not self.draining:
            self.draining = True
            self._drain_task = self.loop.create_task(self._drain())

    async def _drain(self) -> None:
        for server in self.servers:
            server.close()
        deadline = self.loop.time() + self.cfg.graceful_timeout - _FORCE_S
        while self.nr_conns and self.loop.time() < deadline:
            await asyncio.sleep(_POLL_S)
        self.alive = False


def _closing(send: Send) -> Send:
    """A send that announces the connection's end with the response."""

    async def send_closing(event: Event) -> None:
        if event["type"] == "http.response.start":
            event = {**event, "headers": [*event.get("headers", ()), (b"connection", b"close")]}
        await send(event)

    return send_closing
