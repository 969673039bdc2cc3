"""New connections go to the worker that has the fewest.

All workers wait at one socket, and libuv takes every connection that waits there: often one of two
workers took all of 64, and the second core stayed idle (docs/LOG.md, *Who takes a connection*).
Here a worker takes one at a time, and leaves it to the others where one of them has fewer.
"""

import asyncio
import logging
import mmap
import socket
from collections.abc import Callable
from time import monotonic
from typing import Final

PATIENCE_S: Final = 0.005
"""How long a connection is left to workers that have fewer, one that only starts included."""

BEAT_S: Final = 0.5
"""How long after a sign of life others wait for a worker."""

_START_S: Final = 2
"""How long others wait for a worker that starts: else the first to be ready takes all."""

_PAUSE_S: Final = 0.1
"""Until the next try where the process may open no more files."""

_PLACES: Final = 4_096
"""More than workers and their successors; the number 0 is no place and holds the highest one."""

_BYTES: Final = 8

_log = logging.getLogger(__name__)


class Shares:
    """How many connections each worker has, in memory that arbiter and workers share."""

    def __init__(self) -> None:
        memory = memoryview(mmap.mmap(-1, 2 * _PLACES * _BYTES))
        self._counts = memory[: _PLACES * _BYTES].cast("q")
        self._present_until_s = memory[_PLACES * _BYTES :].cast("d")

    def expect(self, place: int) -> None:
        """A worker without connections starts at a place, 1 or higher."""
        self._counts[0] = max(self._counts[0], place)
        self._counts[place] = 0
        self._present_until_s[place] = monotonic() + _START_S

    def free(self, place: int) -> None:
        """The worker at a place has ended."""
        self._present_until_s[place] = 0

    def take(self, place: int) -> "Share":
        """The part of the worker at a place."""
        return Share(self._counts, self._present_until_s, place)


class Share:
    """One worker's part of all connections."""

    def __init__(
        self, counts: "memoryview[int]", present_until_s: "memoryview[float]", place: int
    ) -> None:
        self._counts = counts
        self._present_until_s = present_until_s
        self._place = place
        self._ended = False

    def beat(self) -> None:
        """Give a sign of life."""
        self._present_until_s[self._place] = 0 if self._ended else monotonic() + BEAT_S

    def end(self) -> None:
        """Take no more: others need not wait for this worker."""
        self._ended = True
        self.beat()

    def add(self, change: int) -> None:
        """Note that a connection has been opened, 1, or has ended, -1."""
        self._counts[self._place] += change

    def is_ahead(self) -> bool:
        """Whether a worker that is there has fewer connections."""
        now, mine = monotonic(), self._counts[self._place]
        every = range(1, self._counts[0] + 1)
        return any(
            self._counts[place] < mine and self._present_until_s[place] > now for place in every
        )


class Listener:
    """Takes connections from one socket and gives each a protocol.

    Args:
        sock: Listens already, and does not block.
        protocol: Makes a protocol.
        share: The worker's part.
    """

    def __init__(
        self, sock: socket.socket, protocol: Callable[[], asyncio.Protocol], share: Share
    ) -> None:
        self._sock = sock
        self._protocol = protocol
        self._share = share
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._later: asyncio.TimerHandle | None = None
        self._share.beat()
        self._listen()

    def close(self) -> None:
        """Leave the port, which is closed when the last worker has left it.

        Whoever waits there by then is taken, as the kernel would reset them.
        """
        self._share.end()
        while self._take():
            pass
        self._loop.remove_reader(self._sock.fileno())
        if self._later:
            self._later.cancel()
        self._sock.close()

    async def wait_closed(self) -> None:
        """Wait until all that were taken have their protocols."""
        await asyncio.gather(*self._opening)

    def _listen(self) -> None:
        self._loop.add_reader(self._sock.fileno(), self._arrived)

    def _arrived(self) -> None:
        if self._share.is_ahead():
            self._pause(PATIENCE_S)
        else:
            self._take()

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._later = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._listen()
        self._take()

    def _take(self) -> bool:
        """Take one connection; whether there was one, as another worker may have been quicker."""
        try:
            connection, _ = self._sock.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            _log.error("no connection can be taken: %s", error.strerror)
            self._pause(_PAUSE_S)
            return False
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._share.add(1)
        task = self._loop.create_task(self._open(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return True

    async def _open(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:
            self._share.add(-1)
            connection.close()
