"""A pipe that nobody reads, as a log's consumer that has stopped leaves it."""

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
