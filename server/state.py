"""What the connections of a worker share."""

from typing import TYPE_CHECKING

from uvicorn.server import ServerState

from server.sharing import Share

if TYPE_CHECKING:
    from server.connection import Connection


class State(ServerState):
    """What the connections of a worker share.

    Attributes:
        draining: The worker ends: every answer announces the end of its connection.
        request_timeout_s: Longest time for a request to arrive.
        share: How many they are.
    """

    connections: set["Connection"]  # type: ignore[assignment]  # the worker speaks nothing else

    def __init__(self, request_timeout_s: float, share: Share) -> None:
        super().__init__()
        self.draining = False
        self.request_timeout_s = request_timeout_s
        self.share = share

    def close_overdue(self, now_s: float) -> None:
        """Close connections whose time is over, by the clock of the event loop.

        Called every tenth of a second: timers of their own, set and cancelled with every request,
        cost a request 3 µs.
        """
        for connection in list(self.connections):
            connection.end_if_overdue(now_s)
