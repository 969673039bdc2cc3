"""Every request is seen here, whatever becomes of it: counted, logged, and given its id.

Stands around the application and not inside it: answers of the framework, and requests whose
clients leave in the middle, are seen as well.
"""

from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any

from server.exchange import Exchange, open_exchange
from server.metrics import Metrics
from server.request_log import RequestLog

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class ObservedApp:
    """An ASGI application whose requests are reported when they end.

    Args:
        app: The application.
        routes: Its paths.
        metrics: Counts them, where they are counted.
        log: Writes a line about each, where lines are wanted.
    """

    def __init__(
        self,
        app: Application,
        routes: frozenset[str],
        metrics: Metrics | None,
        log: RequestLog | None,
    ) -> None:
        self._app = app
        self._routes = routes
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and report the end."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = perf_counter()
        exchange = open_exchange(scope, self._routes)
        if self._metrics:
            self._metrics.opened()
        try:
            await self._app(scope, receive, _noting(exchange, send))
        except Exception:
            exchange.status = 500
            raise
        finally:
            duration_s = perf_counter() - started
            if self._metrics:
                self._metrics.closed(exchange, duration_s)
            if self._log:
                self._log.write(exchange, duration_s)


def _noting(exchange: Exchange, send: Send) -> Send:
    """A send that gives the answer its id and notes its status and length."""
    header = (b"x-request-id", exchange.request_id.encode())

    def send_noting(event: Event) -> Awaitable[None]:
        if event["type"] == "http.response.start":
            exchange.status = event["status"]
            event["headers"] = [*event["headers"], header]
        else:
            exchange.response_bytes += len(event.get("body") or b"")
        return send(event)

    return send_noting
