"""The folder of the metrics' values: private or the operator's, and left by servers that died."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from server.settings import SettingsError
from server.values import ValuesFolder

HOLD = """
import os
from server.settings import SettingsError
from server.values import ValuesFolder
folder = ValuesFolder("")
(folder.path / "counter_1.db").touch()
if os.fork():
    print(folder.path, flush=True)
input()
"""


def hold(root: Path) -> tuple["subprocess.Popen[str]", Path]:
    """A process and its child that use a private folder until they are given a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_what_is_left_behind_is_removed(root: Path) -> None:
    """The next start removes a killed process's folder once those it forked have ended as well."""
    process, left = hold(root)
    process.kill()
    process.wait()
    ValuesFolder("").remove()
    assert left.exists()
    process.communicate()
    ValuesFolder("").remove()
    assert not left.exists()


def test_what_is_in_use_stays() -> None:
    """A start leaves alone the folder of a server that runs, and takes another."""
    first, second = ValuesFolder(""), ValuesFolder("")
    assert first.path != second.path
    assert first.path.exists()
    for folder in (first, second):
        folder.remove()
        assert not folder.path.exists()


def test_only_values_are_removed(root: Path) -> None:
    """An abandoned folder with anything else in it stays, with that."""
    process, left = hold(root)
    (left / "other").touch()
    process.communicate("\n" * 2)
    ValuesFolder("").remove()
    assert [path.name for path in left.iterdir()] == ["other"]
    (left / "other").unlink()
    ValuesFolder("").remove()
    assert not left.exists()


def test_a_named_folder_is_made(tmp_path: Path) -> None:
    """The operator's folder is made where it is missing, and only emptied at the end."""
    folder = ValuesFolder(str(tmp_path / "deep" / "values"))
    (folder.path / "counter_1.db").touch()
    folder.remove()
    assert list(folder.path.iterdir()) == []


def test_a_named_folder_begins_empty(tmp_path: Path) -> None:
    """What an earlier run has counted is not counted again; whatever else is there stays."""
    for name in ("counter_1.db", "notes.txt"):
        (tmp_path / name).touch()
    ValuesFolder(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_what_is_in_use_is_not_held_open() -> None:
    """A start that passes over the folder of another server keeps no file of it open."""
    first, before = ValuesFolder(""), set(Path("/proc/self/fd").iterdir())
    ValuesFolder("").remove()
    assert set(Path("/proc/self/fd").iterdir()) <= before
    first.remove()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_what_belongs_to_somebody_else_stays() -> None:
    """A folder of another user is left alone, abandoned or not."""
    own = ValuesFolder("")
    theirs = Path(tempfile.mkdtemp(prefix="scandid-metrics-", dir=own.path.parent))
    os.chown(theirs, 65_534, 65_534)
    ValuesFolder("").remove()
    assert theirs.exists()
    theirs.rmdir()
    own.remove()


def test_an_unusable_folder_is_an_error(tmp_path: Path) -> None:
    """A name that cannot be a folder is refused at the start."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"SCANDID_METRICS_DIR=.*: Not a directory"):
        ValuesFolder(str(tmp_path / "file" / "values"))
    with pytest.raises(SettingsError, match="SCANDID_METRICS_DIR=/proc: "):
        ValuesFolder("/proc")  # is there, and takes no file
