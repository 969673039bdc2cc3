"""Standard output and error of the command: all that is written arrives, or its loss is told."""

import contextlib
import io
import os
import sys

from scandid.errors import InputError


def prepare() -> None:
    """Make standard output write UTF-8, whatever the locale says, and all of it.

    ``python -u`` takes the buffer away, and with it what a file does not take at once.

    Raises:
        InputError: it is closed.
    """
    if sys.stdout is None:
        raise InputError("standard output is closed")
    if isinstance(sys.stdout, io.TextIOWrapper):
        if isinstance(sys.stdout.buffer, io.RawIOBase):
            sys.stdout = io.TextIOWrapper(io.BufferedWriter(sys.stdout.buffer))
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def discard() -> None:
    """Forget what is not written yet: closing standard output would raise once more."""
    with contextlib.suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(words: str) -> None:
    """Tell people something, in one line on standard error if there is one."""
    if sys.stderr is not None:
        sys.stderr.write(f"scandid: {words}\n")
