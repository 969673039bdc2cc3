"""What workers load: a copy of the model file, as it was when the arbiter took it.

The arbiter copies into memory, and the workers it forks inherit the copy. So a file that changes
reaches nobody by way of a worker that is replaced. The copy has no name in any folder: disks may be
read-only or full, and nothing is left behind, however the server ends.
"""

import hashlib
import os
import shutil
import weakref
from io import BufferedRandom
from pathlib import Path
from typing import Final


class SnapshotError(Exception):
    """A file cannot be taken; the text says why."""


class Snapshot:
    """A copy of a file, for this process and those forked from it.

    Args:
        source: The file.
        sha256: Digest that it must have; any will do where it is empty.

    Attributes:
        source: Name of the file that was copied.

    Raises:
        SnapshotError: The file cannot be read, or is another one.
    """

    def __init__(self, source: str, sha256: str = "") -> None:
        self.source = source
        try:
            self._descriptor = os.memfd_create("scandid-model")
            weakref.finalize(self, os.close, self._descriptor)
            with Path(source).open("rb") as file, self._open() as copy:
                shutil.copyfileobj(file, copy)
                copy.seek(0)
                found = hashlib.file_digest(copy, "sha256").hexdigest()
        except OSError as error:
            raise SnapshotError(f"{source}: cannot be copied: {error.strerror}") from error
        if sha256 not in ("", found):
            raise SnapshotError(f"{source}: was changed while it was checked; send SIGHUP again")

    @property
    def path(self) -> str:
        """Where the copy is opened."""
        return f"/proc/self/fd/{self._descriptor}"

    def _open(self) -> BufferedRandom:
        return os.fdopen(self._descriptor, "w+b", closefd=False)


class ServedModel:
    """Which model workers load.

    Attributes:
        snapshot: The copy that was taken last, None where workers look at the file themselves.
    """

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None


SERVED_MODEL: Final = ServedModel()
"""The keeper sets it in the arbiter, workers read it."""
