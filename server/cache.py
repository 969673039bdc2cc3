"""Model files on disk, named by their digest, and which of them was accepted for an address."""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scandid import ModelError

_PREFIX: Final = "incoming-"

_KEPT: Final = 4
"""Model files that stay: another server may share the folder and still start workers on one."""


@dataclass(frozen=True, slots=True)
class ModelCache:
    """A folder of model files.

    Attributes:
        folder: Where they are; made when first written to.
    """

    folder: Path

    @contextmanager
    def room(self) -> Iterator[Path]:
        """A new file to write to; gone afterwards unless it was kept.

        It is locked, and the kernel frees the lock with the process: what one that was killed has
        left is told by that, and goes.

        Raises:
            ModelError: the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._remove_abandoned()
            lock, name = tempfile.mkstemp(".part", _PREFIX, self.folder)
        except OSError as error:
            raise ModelError(
                f"SCANDID_MODEL_CACHE={self.folder}: cannot be written: {error.strerror}"
            ) from error
        path = Path(name)
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield path
        except OSError as error:
            raise ModelError(f"{path}: cannot be written: {error.strerror}") from error
        finally:
            path.unlink(missing_ok=True)
            os.close(lock)

    def keep(self, part: Path, digest: str) -> Path:
        """Give a verified file its name, by rename."""
        path = self._path(digest)
        part.replace(path)
        return path

    def accept(self, uri: str, digest: str) -> None:
        """Note that the file of this digest is what the address stands for, by rename.

        Nothing is written where that is noted already: a disk that is full or read-only does no
        harm then.

        Raises:
            OSError: It cannot be noted; what was noted before still is.
        """
        if self._noted(uri) == digest:
            return
        pointer = self._pointer(uri)
        part = pointer.with_suffix(".part")
        try:
            part.write_text(json.dumps({"uri": uri, "sha256": digest}) + "\n", encoding="utf-8")
            part.replace(pointer)
        except OSError:
            with suppress(OSError):
                part.unlink()
            raise
        self._forget(digest)

    def accepted(self, uri: str) -> Path | None:
        """File that was accepted last for an address; None where there is none or it is damaged."""
        digest = self._noted(uri)
        return self.find(digest) if digest else None

    def find(self, digest: str) -> Path | None:
        """File of this digest, read and compared; None where it is missing or damaged."""
        path = self._path(digest)
        with suppress(OSError):
            if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                return path
        return None

    def _remove_abandoned(self) -> None:
        """Delete the parts of files that nobody writes any more."""
        for path in self.folder.glob(f"{_PREFIX}*.part"):
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()

    def _noted(self, uri: str) -> str:
        """Digest that was accepted last for an address; empty where none can be read."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            noted = json.loads(self._pointer(uri).read_text(encoding="utf-8"))
            return str(noted["sha256"])
        return ""

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.onnx"

    def _pointer(self, uri: str) -> Path:
        return self.folder / f"{hashlib.sha256(uri.encode()).hexdigest()[:16]}.json"

    def _forget(self, digest: str) -> None:
        """Delete all but the newest files and the one just accepted."""
        with suppress(OSError):
            files = sorted(self.folder.glob("*.onnx"), key=lambda path: -path.stat().st_mtime)
            for path in files[_KEPT:]:
                if path.stem != digest:
                    path.unlink(missing_ok=True)
