"""Model files on disk: what is kept, what is noted for an address, what a killed process leaves."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scandid import ModelError
from server.cache import ModelCache

URI = "s3://models/champion.onnx"

HOLD = """
import sys
from pathlib import Path
from server.cache import ModelCache
with ModelCache(Path(sys.argv[1])).room() as part:
    part.write_bytes(b"half of it")
    print(part, flush=True)
    input()
"""


def kept(cache: ModelCache, content: bytes, *, age_s: int = 0) -> str:
    """Bring a file to the cache, some time ago; its digest."""
    digest = hashlib.sha256(content).hexdigest()
    with cache.room() as part:
        part.write_bytes(content)
        path = cache.keep(part, digest)
    now = path.stat().st_mtime
    os.utime(path, (now, now - age_s))
    return digest


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    """A cache in a folder that is not there yet."""
    return ModelCache(tmp_path / "deep" / "cache")


def test_what_was_accepted_last_is_found(cache: ModelCache) -> None:
    """Each address has its own file, and a later one takes its place."""
    first, second = kept(cache, b"first"), kept(cache, b"second")
    assert cache.accepted(URI) is None
    cache.accept(URI, first)
    cache.accept("s3://models/other.onnx", second)
    assert cache.accepted(URI) == cache.find(first)
    cache.accept(URI, second)
    assert cache.accepted(URI) == cache.find(second) == cache.folder / f"{second}.onnx"


def test_a_damaged_file_is_none(cache: ModelCache) -> None:
    """A file that is not what its name says is not served, nor one that has gone."""
    digest = kept(cache, b"model")
    cache.accept(URI, digest)
    (cache.folder / f"{digest}.onnx").write_bytes(b"other")
    assert cache.find(digest) is cache.accepted(URI) is None
    (cache.folder / f"{digest}.onnx").unlink()
    assert cache.find(digest) is cache.accepted(URI) is None


@pytest.mark.parametrize("noted", ["", "no json", "[]", "{}", "null"])
def test_a_damaged_note_is_none(cache: ModelCache, noted: str) -> None:
    """Whatever stands in place of the note, nothing was accepted, and it can be noted anew."""
    digest = kept(cache, b"model")
    cache.accept(URI, digest)
    (note,) = cache.folder.glob("*.json")
    assert json.loads(note.read_text(encoding="utf-8"))["uri"] == URI
    note.write_text(noted, encoding="utf-8")
    assert cache.accepted(URI) is None
    cache.accept(URI, digest)
    assert cache.accepted(URI) == cache.find(digest)


def test_the_newest_files_stay(cache: ModelCache) -> None:
    """Four files stay for servers that share the folder, and the accepted one, if it is older."""
    digests = [kept(cache, bytes([age]), age_s=100 * age) for age in range(7)]
    cache.accept(URI, digests[5])
    found = [cache.find(digest) is not None for digest in digests]
    assert found == [True] * 4 + [False, True, False]


def test_what_is_not_kept_goes(cache: ModelCache) -> None:
    """Nothing stays of a file that was not verified, and a full disk is named."""

    def fail(error: Exception) -> None:
        with cache.room() as part:
            part.write_bytes(b"bad")
            raise error

    with pytest.raises(ModelError, match="golden"):
        fail(ModelError("golden"))
    with pytest.raises(ModelError, match=r"part: cannot be written: No space"):
        fail(OSError(28, "No space left on device"))
    assert list(cache.folder.iterdir()) == []


def test_what_a_killed_process_leaves_goes(cache: ModelCache, root: Path) -> None:
    """The part of a file that is still written stays; once its process is killed, it goes."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, cache.folder],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        left = Path(process.stdout.readline().strip())
        with cache.room():
            assert left.read_bytes() == b"half of it"
        process.kill()
        process.wait()
    assert left.exists()
    with cache.room() as part:
        assert list(cache.folder.iterdir()) == [part]


def test_a_note_that_cannot_be_written_leaves_the_last(cache: ModelCache) -> None:
    """Where the folder takes nothing the error is told, and what was noted before still holds."""
    first, second = kept(cache, b"first"), kept(cache, b"second")
    cache.accept(URI, first)
    (note,) = cache.folder.glob("*.json")
    note.with_suffix(".part").mkdir()
    cache.accept(URI, first)
    with pytest.raises(OSError, match="Is a directory"):
        cache.accept(URI, second)
    assert cache.accepted(URI) == cache.find(first)
