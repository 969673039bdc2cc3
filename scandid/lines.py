"""Lines from a stream, as many at a time as are there: no line waits for later ones."""

from collections.abc import Iterator
from typing import Final, Protocol

from scandid.errors import InputError

MAX_LINE_BYTES: Final = 1 << 20
"""Bytes kept of a line; the rest is dropped. A model reads far fewer and says it was cut."""

_READ_BYTES: Final = 1 << 18


class ByteStream(Protocol):
    """A buffered binary stream, such as an open file."""

    def read1(self, size: int, /) -> bytes:
        """Return what has arrived, ``size`` bytes at the most; empty at the end."""


def read_lines(stream: ByteStream) -> Iterator[tuple[list[str], int]]:
    """Yield the lines that have arrived, and how many bytes were read for them.

    Memory stays constant: one read and one unfinished line of :data:`MAX_LINE_BYTES` at the most.
    Bytes that are no UTF-8 become U+FFFD.

    Raises:
        InputError: the stream cannot be read.
    """
    rest = b""
    while data := _read(stream):
        first, *others = data.split(b"\n")
        rest += first[: MAX_LINE_BYTES - len(rest)]
        lines = [rest, *others]
        rest = lines.pop()
        yield [_text(line) for line in lines], len(data)
    if rest:
        yield [_text(rest)], 0


def _read(stream: ByteStream) -> bytes:
    try:
        return stream.read1(_READ_BYTES)
    except OSError as error:
        raise InputError(f"standard input cannot be read: {error.strerror}") from error


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
