"""Lines from a stream, as many at a time as are there: no line waits for later ones."""

from collections.abc import Iterator
from typing import Protocol

_READ_BYTES = 1 << 16


class ByteStream(Protocol):
    """A buffered binary stream, such as ``sys.stdin.buffer``."""

    def read1(self, size: int, /) -> bytes:
        """Return what has arrived, ``size`` bytes at the most; empty at the end."""


def read_lines(stream: ByteStream) -> Iterator[tuple[list[str], int]]:
    """Yield the lines that have arrived, and how many bytes were read for them.

    Memory stays constant: one read and one unfinished line. Bytes that are no UTF-8 become U+FFFD.
    """
    rest = b""
    while data := stream.read1(_READ_BYTES):
        *lines, rest = (rest + data).split(b"\n")
        yield [_text(line) for line in lines], len(data)
    if rest:
        yield [_text(rest)], 0


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
