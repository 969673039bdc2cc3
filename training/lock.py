"""One training a folder: a lock on the folder itself, which ends with its process.

Processes that draw its batches hold the lock too, and notice some seconds later that it was killed.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from scandid.errors import InputError


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder of a run, and keep other trainings out of it.

    Where the file system has no locks, as on some networks, nothing is kept out.

    Raises:
        InputError: another training is at work there, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InputError(f"--out: {folder} cannot be written: {error.strerror}") from error
    try:
        with contextlib.suppress(OSError):
            _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def is_locked(folder: Path) -> bool:
    """Whether a training is at work in a folder."""
    try:
        with locked(folder):
            return False
    except InputError:
        return True


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(
            f"--out: another training is at work in {folder}; wait for it, stop it, or name another"
        ) from error
