"""Lines from a stream: nothing lost, nothing waited for, nothing piled up."""

import io
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from scandid.lines import MAX_LINE_BYTES, read_lines


class Drops:
    """A stream that yields what it was given, piece by piece."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter([piece for piece in pieces if piece])

    def read1(self, size: int, /) -> bytes:
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
    assert [line for part, _ in read_lines(Drops(pieces)) for line in part] == expected


def test_a_line_is_yielded_before_the_next_arrives() -> None:
    """A complete line is handed on at once; the rest waits for its end."""
    parts = read_lines(Drops([b"one\ntw", b"o\n", b"three"]))
    assert list(parts) == [(["one"], 6), (["two"], 2), ([], 5), (["three"], 0)]


def test_sizes_add_up() -> None:
    """The bytes reported are the bytes of the stream, for a bar that ends at 100%."""
    content = b"line\n" * 50_000
    assert sum(size for _, size in read_lines(io.BytesIO(content))) == len(content)


def test_bytes_that_are_no_text_are_replaced() -> None:
    """Invalid UTF-8 becomes U+FFFD and ends nothing."""
    assert next(read_lines(io.BytesIO(b"a\xff\xc3\nb\n"))) == (["a\ufffd\ufffd", "b"], 6)


def test_a_line_without_end_is_bounded() -> None:
    """Of a line longer than the bound only the beginning is kept, and the next line is whole."""
    content = b"x" * (3 * MAX_LINE_BYTES) + b"\nnext\n"
    lines = [line for part, _ in read_lines(io.BytesIO(content)) for line in part]
    assert [len(line) for line in lines] == [MAX_LINE_BYTES, 4]
