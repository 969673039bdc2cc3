"""Lines from a stream, as many at a time as are there: no line waits for later ones."""

import select
from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from scandid.errors import InputError

MAX_LINE_BYTES: Final = 1 << 20
"""Bytes kept of a line; the rest is dropped. A model reads far fewer and says it was cut."""

_READ_BYTES: Final = 1 << 18

_NO_TEXT: Final = {
    b"\xff\xfe": ("UTF-16", "iconv -f UTF-16 -t UTF-8 FILE | scandid identify"),
    b"\xfe\xff": ("UTF-16", "iconv -f UTF-16 -t UTF-8 FILE | scandid identify"),
    b"\x1f\x8b": ("gzip", "zcat FILE | scandid identify"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstdcat FILE | scandid identify"),
    b"PAR1\x15": ("Parquet", "one text a line"),
}
"""How what is no text begins, what it is called, and what to do."""


class ByteStream(Protocol):
    """A binary stream without a buffer, such as a file that is opened so."""

    def fileno(self) -> int:
        """Its descriptor, to be waited for."""

    def read(self, size: int, /) -> bytes | None:
        """Return what has arrived, ``size`` bytes at the most; empty at the end.

        None where nothing has, and whoever has opened the stream wants nobody to wait for it.
        """


class Lines(NamedTuple):
    """Lines that have arrived together.

    Attributes:
        texts: The lines, without their ends.
        size_bytes: How many bytes were read for them.
        latin1: How many of them are no UTF-8 and were read as Latin-1.
    """

    texts: list[str]
    size_bytes: int
    latin1: int


def read_lines(stream: ByteStream) -> Iterator[Lines]:
    """Yield the lines that have arrived.

    Memory stays constant: one read and one unfinished line of :data:`MAX_LINE_BYTES` at the most.
    A line that is no UTF-8 is read as Latin-1: 3% of lines with letters such as *å* get another
    label without these (docs/LOG.md, "Lines that are no UTF-8").

    Raises:
        InputError: the stream cannot be read, or begins as no text does.
    """
    rest, data = b"", _beginning(stream)
    while data:
        first, *others = data.split(b"\n")
        rest += first[: MAX_LINE_BYTES - len(rest)]
        lines = [rest, *others]
        rest = lines.pop()
        yield _decoded(lines, len(data))
        data = _read(stream)
    if rest:
        yield _decoded([rest], 0)


def _beginning(stream: ByteStream) -> bytes:
    """The first bytes, as many as tell whether they are text."""
    data = _read(stream)
    while any(len(data) < len(sign) and sign.startswith(data) for sign in _NO_TEXT) and data:
        more = _read(stream)
        if not more:
            break
        data += more
    for sign, (kind, hint) in _NO_TEXT.items():
        if data.startswith(sign):
            raise InputError(f"standard input is {kind}, expected lines of UTF-8: {hint}")
    return data


def _read(stream: ByteStream) -> bytes:
    try:
        while (data := stream.read(_READ_BYTES)) is None:
            select.select([stream], [], [])
    except OSError as error:
        raise InputError(f"standard input cannot be read: {error.strerror}") from error
    return data


def _decoded(lines: list[bytes], size_bytes: int) -> Lines:
    lines = [line.removesuffix(b"\r") for line in lines]
    try:
        return Lines([line.decode() for line in lines], size_bytes, latin1=0)
    except UnicodeDecodeError:
        texts = [_text(line) for line in lines]
        return Lines([text for text, _ in texts], size_bytes, sum(latin1 for _, latin1 in texts))


def _text(line: bytes) -> tuple[str, bool]:
    """The text of one line, and whether it is no UTF-8."""
    try:
        return line.decode(), False
    except UnicodeDecodeError as error:
        # The last letter of a line that was cut.
        if len(line) == MAX_LINE_BYTES and error.start > MAX_LINE_BYTES - 4:
            return line[: error.start].decode(), False
        return line.decode("latin-1"), True
