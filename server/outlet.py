"""Standard output and error, written to without waiting: what nobody takes is lost.

The kernel makes a writer wait where a pipe is full, so a reader that stops would stop the server.
"""

import fcntl
import os
import stat
from contextlib import suppress
from select import PIPE_BUF, POLLOUT, poll
from typing import Final

STDOUT: Final = 1
STDERR: Final = 2

_PIPE_BYTES: Final = 1 << 20
"""What a pipe is asked to hold for a reader that lags: some 3,500 lines of requests. It is the most
that every user may ask for; the usual 64 kB are full within 40 ms under load."""


class Outlet:
    """A descriptor that is written to without waiting.

    Args:
        file: The descriptor. Others may share it, so its flags stay as they are.
    """

    def __init__(self, file: int) -> None:
        self._file = _reopened(file)
        self._given = file
        self._never_waits = self._file != file or _is_file(file)
        self._poll = poll()
        self._poll.register(self._file, POLLOUT)

    def close(self) -> None:
        """Write no more; the descriptor that was given stays open."""
        own, self._file = self._file, -1
        if own not in (self._given, -1):
            os.close(own)

    def put(self, piece: bytes) -> bool:
        """Write at most ``PIPE_BUF`` bytes, whole and apart from others'; whether they were."""
        try:
            return bool(self._poll.poll(0)) and os.write(self._file, piece) == len(piece)
        except OSError:
            return False

    def put_all(self, text: bytes) -> bool:
        """Write any number of bytes, as far as they are taken; whether all were.

        In one piece where that waits for nobody: between two comes what other processes write.
        """
        size = len(text) if self._never_waits else PIPE_BUF
        pieces = (text[start : start + size] for start in range(0, len(text), size))
        return all(map(self.put, pieces))


def _reopened(file: int) -> int:
    """A pipe by a description of our own: it alone does not wait, whoever else writes meanwhile.

    What is no pipe, or belongs to somebody else, is asked before it is written to; between question
    and answer another process may fill it.
    """
    with suppress(OSError):
        if stat.S_ISFIFO(os.fstat(file).st_mode):
            own = os.open(f"/proc/self/fd/{file}", os.O_WRONLY | os.O_NONBLOCK)
            with suppress(OSError):  # the user's pipes may hold no more
                if fcntl.fcntl(own, fcntl.F_GETPIPE_SZ) < _PIPE_BYTES:
                    fcntl.fcntl(own, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            return own
    return file


def _is_file(file: int) -> bool:
    with suppress(OSError):
        return stat.S_ISREG(os.fstat(file).st_mode)
    return False
