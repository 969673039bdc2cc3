"""gunicorn's worker: uvicorn's HTTP on uvloop, in a server that drains.

Used by gunicorn.conf.py only. gunicorn's own ``asgi`` worker parses and writes HTTP in Python,
which was half of what a request cost (docs/LOG.md, *HTTP in C*).
"""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from gunicorn.arbiter import Arbiter
from uvicorn_worker import UvicornWorker

from server.connection import Connection
from server.draining import ENDING, DrainingServer
from server.memory import give_back_what_is_freed
from server.sharing import Share

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

_FORCE_S: Final = 2
"""Before the graceful timeout, at which gunicorn kills: time to close what is left in order."""

_LAST_ANSWERS_S: Final = 1
"""How much of it those requests get whose answers are being computed."""

_YOUNG_OBJECTS: Final = 10_000
"""Objects made, and not freed, from which garbage is looked for. Python's 700 are those of some
twenty requests at once, which are no garbage; at 100,000 they leave the processor's caches."""


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
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
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
            arbiter=self.ppid,  # as it was at the fork: it may have died since
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
