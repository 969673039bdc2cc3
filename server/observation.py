"""Every request is seen here, whatever becomes of it: counted, logged, and given its id.

Stands around the application and not inside it: answers of the framework, and requests whose
clients leave in the middle, are seen as well.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter, time
from typing import Any, Final

from server.exchange import Exchange, open_exchange
from server.metrics import Metrics
from server.request_log import RequestLog
from server.tracing import Tracer

REPORT_S: Final = 0.1
"""How long a request that has ended may wait to be counted and logged."""

REPORTED_TOGETHER: Final = 64
"""Ended requests that wait for no more: to report them takes a third of a millisecond, in which the
worker answers nobody. What a tenth of a second brings under load, 960, took five milliseconds: the
99th percentile was twice as long (docs/LOG.md, "What the slowest waited for")."""

Scope = dict[str, Any]
Event = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class ObservedApp:
    """An ASGI application whose requests are reported when they end.

    Some dozens are reported together, or what a tenth of a second brings. Right after each request
    the same work costs four times as much: its code and data are out of the processor's caches,
    and every value is written once for each request. What a worker has not reported when it is
    killed is lost; one that ends in order reports everything.

    Args:
        app: The application.
        routes: Its paths.
        metrics: Counts them, where they are counted.
        log: Writes a line about each, where lines are wanted.
        tracer: Sends a span for each, where traces are wanted.
    """

    def __init__(
        self,
        app: Application,
        routes: frozenset[str],
        metrics: Metrics | None,
        log: RequestLog | None,
        tracer: Tracer | None = None,
    ) -> None:
        self._app = app
        self._routes = routes
        self._metrics = metrics
        self._log = log
        self._tracer = tracer
        self._reports = any((metrics, log, tracer))
        self._ended: list[Exchange] = []
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and report the end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return self._close()
        started = perf_counter()
        exchange = open_exchange(scope, self._routes)
        if self._metrics:
            self._metrics.requests_in_flight += 1
        try:
            await self._app(scope, receive, _noting(exchange, send))
        except Exception:
            exchange.status = 500
            raise
        finally:
            exchange.duration_s, exchange.ended_s = perf_counter() - started, time()
            if self._metrics:
                self._metrics.requests_in_flight -= 1
            if self._reports:
                self._end(exchange)

    def _end(self, exchange: Exchange) -> None:
        self._ended.append(exchange)
        if len(self._ended) == REPORTED_TOGETHER:
            # Not before the answers of this turn have left.
            asyncio.get_running_loop().call_soon(self._report)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(REPORT_S, self._report_rest)

    def _report_rest(self) -> None:
        self._timer = None
        self._report()

    def _report(self) -> None:
        ended, self._ended = self._ended, []
        if self._metrics:
            self._metrics.report(ended)
        if self._log:
            lost = self._log.write(ended)
            if lost and self._metrics:
                self._metrics.lost_lines.inc(lost)
        if self._tracer:
            self._tracer.trace(ended)

    def _close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._report_rest()
        if self._tracer:
            self._tracer.close()


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
