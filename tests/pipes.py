"""Pipes as a log has them: one that nobody reads, and one that nobody can write to any more."""

import fcntl
import os
from contextlib import suppress

PIPE_BYTES = 2**20


def full_pipe() -> tuple[int, int]:
    """Both ends of a pipe that holds all it can; whoever writes to it waits."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"\n" * 4096)
    os.set_blocking(writer, True)
    return reader, writer


def is_ended(reader: int) -> bool:
    """Whether a pipe is at its end: every descriptor that could write to it has been closed."""
    os.set_blocking(reader, False)
    with suppress(BlockingIOError):
        return os.read(reader, 1) == b""
    return False
