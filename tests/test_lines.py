"""Lines from a stream: nothing lost, nothing waited for, nothing piled up."""

import gzip
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scandid.errors import InputError
from scandid.lines import MAX_LINE_BYTES, read_lines


class Drops:
    """A stream that yields what it was given, piece by piece."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter([piece for piece in pieces if piece])

    def fileno(self) -> int:
        """None: these pieces are there."""
        raise NotImplementedError

    def read(self, size: int, /) -> bytes:
        """The next piece."""
        piece = next(self._pieces, b"")
        assert len(piece) <= size
        return piece


@given(st.lists(st.text("aåæ \r").map(str.encode) | st.just(b"\n")))
def test_lines_do_not_depend_on_how_they_arrive(pieces: list[bytes]) -> None:
    """Whatever the pieces, the lines are those of the whole."""
    whole = b"".join(pieces)
    lines = whole.split(b"\n")
    expected = [line.removesuffix(b"\r").decode() for line in (lines if lines[-1] else lines[:-1])]
    assert [line for part in read_lines(Drops(pieces)) for line in part.texts] == expected


def test_a_line_is_yielded_before_the_next_arrives() -> None:
    """A complete line is handed on at once; the rest waits for its end."""
    parts = read_lines(Drops([b"one\ntw", b"o\n", b"three"]))
    assert [each[:2] for each in parts] == [(["one"], 6), (["two"], 2), ([], 5), (["three"], 0)]


def test_sizes_add_up() -> None:
    """The bytes reported are the bytes of the stream, for a bar that ends at 100%."""
    content = b"line\n" * 50_000
    assert sum(part.size_bytes for part in read_lines(io.BytesIO(content))) == len(content)


def test_lines_that_are_no_utf8_are_latin1() -> None:
    """A line of another encoding keeps its letters, and is counted."""
    content = "på\n".encode("latin-1") + "på\n".encode() + b"\xff\xc3"
    parts = list(read_lines(io.BytesIO(content)))
    assert [text for part in parts for text in part.texts] == ["på", "på", "ÿÃ"]
    assert sum(part.latin1 for part in parts) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Hej\n".encode("utf-16"), "is UTF-16, expected lines of UTF-8: iconv"),
        (gzip.compress(b"Hej\n"), "is gzip, expected lines of UTF-8: zcat"),
        (b"PAR1\x15", "is Parquet, expected"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, message: str) -> None:
    """Other files are not answered line by line, however they arrive; the error says what to do."""
    for pieces in ([content], [bytes([byte]) for byte in content]):
        with pytest.raises(InputError, match=message):
            list(read_lines(Drops(pieces)))


@pytest.mark.parametrize("content", ["PAR1 er navnet på et format.", "P", "PAR1"])
def test_what_only_begins_alike_is_text(content: str) -> None:
    """A text about a format is no file of it, at the end of the stream either."""
    parts = read_lines(Drops([bytes([byte]) for byte in content.encode()]))
    assert [text for part in parts for text in part.texts] == [content]


def test_a_line_without_end_is_bounded() -> None:
    """Of a line longer than the bound only the beginning is kept, and the next line is whole."""
    content = b"x" * (3 * MAX_LINE_BYTES) + b"\nnext\n"
    lines = [line for part in read_lines(io.BytesIO(content)) for line in part.texts]
    assert [len(line) for line in lines] == [MAX_LINE_BYTES, 4]


def test_a_letter_that_the_bound_cuts_is_left_out() -> None:
    """A long line stays UTF-8 where its last letter is cut."""
    for start in range(3):
        content = b"x" * start + "€".encode() * MAX_LINE_BYTES
        (part,) = list(read_lines(io.BytesIO(content)))[-1:]
        assert set(part.texts[0][start:]) == {"€"}
        assert part.latin1 == 0


def test_a_long_line_of_latin1_keeps_its_letters() -> None:
    """A line that the bound cuts is read as Latin-1 where a letter before its end is no UTF-8."""
    content = "på ".encode("latin-1") * MAX_LINE_BYTES
    (part,) = list(read_lines(io.BytesIO(content)))[-1:]
    assert part.texts[0].startswith("på på ")
    assert (len(part.texts[0]), part.latin1) == (MAX_LINE_BYTES, 1)
