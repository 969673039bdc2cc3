"""Clients that send their body when they are told to: ``Expect: 100-continue``."""

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from server.state import State

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent


class Hesitation:
    """The receive of such a request, which tells the client only when its body is asked for.

    falcon receives once before it looks at a request: the client was told to send forty megabytes,
    and then that they are too many. Where the body is never asked for, the connection is closed: it
    may come all the same, or not (RFC 9110, 10.1.1).

    Args:
        cycle: The request.
        state: Says whether the worker ends, so that no other may follow.
    """

    def __init__(self, cycle: RequestResponseCycle, state: State) -> None:
        self._cycle = cycle
        self._state = state
        self._ask = cycle.receive
        self._keep_alive, cycle.keep_alive = cycle.keep_alive, False
        self._is_seen = False

    async def __call__(self) -> "ASGIReceiveEvent":
        """At first nothing of the body, then what comes of it."""
        if not self._is_seen:
            self._is_seen = True
            return {"type": "http.request", "body": b"", "more_body": True}
        if self._cycle.waiting_for_100_continue:
            self._cycle.keep_alive = self._keep_alive and not self._state.draining
        return await self._ask()
