"""What is written to standard output and error waits for nobody, and spoils it for nobody."""

import os
import pty
import socket
from pathlib import Path
from select import PIPE_BUF

import pytest

from server.outlet import Outlet
from tests.pipes import PIPE_BYTES, full_pipe, is_ended

PIECE = b"a" * (PIPE_BUF - 1) + b"\n"


def test_a_full_pipe_is_not_waited_for() -> None:
    """What finds no room is refused; when there is some again, it goes through, whole."""
    reader, writer = full_pipe()
    outlet = Outlet(writer)
    assert not outlet.put(PIECE)
    assert not outlet.put_all(PIECE * 3)
    os.read(reader, PIPE_BYTES)
    assert outlet.put_all(PIECE * 3)
    assert os.read(reader, PIPE_BYTES) == PIECE * 3


def test_others_wait_as_before() -> None:
    """The descriptor that was given, which other processes may share, still waits."""
    _, writer = os.pipe()
    Outlet(writer).put(PIECE)
    assert os.get_blocking(writer)


def test_a_pipe_holds_what_a_reader_misses_for_a_while() -> None:
    """Thousands of lines have room before the first is lost."""
    reader, writer = os.pipe()
    outlet = Outlet(writer)
    taken = sum(outlet.put(PIECE) for _ in range(1_000))
    assert taken == PIPE_BYTES // PIPE_BUF
    os.close(reader)
    assert not outlet.put(PIECE)


def test_a_closed_outlet_leaves_nothing_open(tmp_path: Path) -> None:
    """Its own description of a pipe goes, the one that was given stays, and no file gets a line."""
    reader, writer = os.pipe()
    outlet = Outlet(writer)
    outlet.close()
    outlet.close()
    with (tmp_path / "other").open("wb") as other:  # takes the number that is free again
        assert not outlet.put(PIECE)
        assert os.fstat(other.fileno()).st_size == 0
    os.close(writer)
    assert is_ended(reader)
    os.close(reader)


def test_a_socket_is_not_waited_for() -> None:
    """Neither is one whose other end does not read, as that of a journal."""
    journal, ours = socket.socketpair()
    with journal, ours:
        outlet = Outlet(ours.fileno())
        assert outlet.put(PIECE)
        assert not all(outlet.put(PIECE) for _ in range(10_000))
        assert journal.recv(PIPE_BUF) == PIECE


def test_a_file_is_continued(tmp_path: Path) -> None:
    """What others have written through the same descriptor stays."""
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        file.write(b"begin\n")
        assert Outlet(file.fileno()).put(b"end\n")
        file.write(b"more\n")
    assert path.read_bytes() == b"begin\nend\nmore\n"


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_a_long_line_is_written_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A traceback is one piece, between whose parts no other process can write."""
    _, pipe = os.pipe()
    writer = pipe if kind == "pipe" else os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY)
    write, pieces = os.write, list[bytes]()

    def noting(file: int, piece: bytes) -> int:
        pieces.append(piece)
        return write(file, piece)

    monkeypatch.setattr(os, "write", noting)
    assert Outlet(writer).put_all(3 * PIECE)
    assert pieces == [3 * PIECE]


def test_a_terminal_shows_lines() -> None:
    """Who starts the server by hand sees what it says."""
    screen, terminal = pty.openpty()
    assert Outlet(terminal).put(b"line\n")
    assert os.read(screen, 100) == b"line\r\n"


@pytest.mark.parametrize("mode", ["rb", "wb"])
def test_what_cannot_be_written_is_no_fault(tmp_path: Path, mode: str) -> None:
    """A descriptor for reading, or one that is closed, takes nothing, and nothing is raised."""
    path = tmp_path / "log"
    path.touch()
    with path.open(mode) as file:
        outlet = Outlet(file.fileno())
        if mode == "rb":
            assert not outlet.put(PIECE)
    assert not outlet.put(PIECE)
