"""The copy of the model file that workers load."""

import hashlib
import os
from pathlib import Path

import pytest

from server.snapshot import Snapshot, SnapshotError


def test_a_copy_stays_as_it_was(tmp_path: Path) -> None:
    """Whatever becomes of the file, the copy has its bytes of that moment, and their digest."""
    file = tmp_path / "model.onnx"
    file.write_bytes(b"first")
    copies = [Snapshot(str(file)), Snapshot(str(file), hashlib.sha256(b"first").hexdigest())]
    file.write_bytes(b"")
    file.unlink()
    assert [Path(copy.path).read_bytes() for copy in copies] == [b"first", b"first"]


def test_a_forked_process_has_the_copy(tmp_path: Path) -> None:
    """A process forked later opens the copy at the same path, as one does that replaces another."""
    file = tmp_path / "model.onnx"
    file.write_bytes(b"first")
    copy = Snapshot(str(file))
    file.write_bytes(b"other")
    pid = os.fork()
    if pid == 0:
        os._exit(0 if Path(copy.path).read_bytes() == b"first" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_copy_that_nobody_has_is_freed(tmp_path: Path) -> None:
    """The memory of a model goes with it, however many follow one another."""
    file = tmp_path / "model.onnx"
    file.write_bytes(b"first")
    before = set(Path("/proc/self/fd").iterdir())
    copy = Snapshot(str(file))
    for _ in range(9):
        copy = Snapshot(str(file))
    assert len(set(Path("/proc/self/fd").iterdir()) - before) <= 2
    assert Path(copy.path).read_bytes() == b"first"


def test_another_file_is_not_taken(tmp_path: Path) -> None:
    """A file that was changed after it had been checked is refused, by name."""
    file = tmp_path / "model.onnx"
    file.write_bytes(b"changed")
    with pytest.raises(SnapshotError, match=r"model\.onnx: was changed"):
        Snapshot(str(file), hashlib.sha256(b"checked").hexdigest())


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that is not there, and a folder, are refused with the name and the reason."""
    with pytest.raises(SnapshotError, match=r"absent\.onnx: cannot be copied: No such file"):
        Snapshot(str(tmp_path / "absent.onnx"))
    with pytest.raises(SnapshotError, match="Is a directory"):
        Snapshot(str(tmp_path))
