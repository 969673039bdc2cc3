"""The folder where workers keep the values of the metrics, and those that dead servers have left.

A private folder is locked by the processes that use it: the kernel frees the lock with the last of
them, so what is left by a server that was killed is told from what is in use, whatever process ids
have been given again since.
"""

import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from server.settings import SettingsError, variable

_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a folder of its own is made in it
_PREFIX: Final = "scandid-metrics-"


class ValuesFolder:
    """A folder without the values of an earlier run.

    Args:
        named: The operator's own folder, made where it is missing; a private one where empty.

    Attributes:
        path: The folder.

    Raises:
        SettingsError: The operator's own cannot be used.
        OSError: A private one cannot be made.
    """

    def __init__(self, named: str) -> None:
        self._lock: int | None = None
        if named:
            self.path = _prepare(Path(named))
        else:
            parent = _MEMORY if _MEMORY.is_dir() else Path(tempfile.gettempdir())
            _remove_abandoned(parent)
            self.path, self._lock = _make_private(parent)

    def remove(self) -> None:
        """Remove the values, and the folder where it is a private one."""
        _empty(self.path)
        if self._lock is not None:
            self.path.rmdir()
            os.close(self._lock)
            self._lock = None


def _prepare(folder: Path) -> Path:
    """Make the operator's folder, and see that workers can write in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _empty(folder)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise SettingsError(f"{variable('metrics_dir')}={folder}: {error.strerror}") from None


def _make_private(parent: Path) -> tuple[Path, int]:
    """A new folder and its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        # Before it is locked, another server that starts may take it for an abandoned one.
        with suppress(FileNotFoundError, BlockingIOError):
            return folder, _lock(folder)


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders whose servers are gone; those that cannot be removed do no harm."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            lock = _lock(folder)
            try:
                _empty(folder)
                folder.rmdir()
            finally:
                os.close(lock)


def _lock(folder: Path) -> int:
    """Lock a folder of this user for as long as this process, or one forked from it, lives.

    Raises:
        OSError: It is locked already, is gone, or belongs to somebody else.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(f"{folder} belongs to somebody else")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder.stat()
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _empty(folder: Path) -> None:
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
