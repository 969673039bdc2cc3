"""One check of a model: a process that looks for it, and what that has printed.

It is started by the arbiter's main thread, which also forks the workers: one forked in the middle
of a start would hold its pipe open, and the start would wait for it. It prints into files in memory
for the same reason, and what it prints is what counts: the arbiter may reap it first.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import IO, Final

WAIT: Final = "--wait"
PRESENT: Final = "--present"
"""Words of the command; its own module loads all that a model needs, and the arbiter not."""


class ModelCheck:
    """A process that looks for a model, and what it has printed so far.

    Attributes:
        words: What it was told.
        may_be_stale: Whether the copy accepted earlier will do.
    """

    def __init__(self, *words: str) -> None:
        self.words = words
        self.may_be_stale = PRESENT not in words
        self._out, self._err = _memory_file(), _memory_file()
        command = [sys.executable, "-m", "server.fetch", *words]
        self._process = subprocess.Popen(
            command, stdout=self._out, stderr=self._err, start_new_session=True
        )

    @property
    def goes_on(self) -> bool:
        """Whether it still looks."""
        return self._process.poll() is None

    @property
    def sha256(self) -> str:
        """Digest of the file that may be served; empty where there is none."""
        return _text(self._out).partition("  ")[0]

    @property
    def path(self) -> str:
        """File that may be served; empty where there is none."""
        return _text(self._out).partition("  ")[2]

    @property
    def trouble(self) -> str:
        """What went wrong last; empty where nothing did."""
        return _text(self._err).rpartition("\n")[2].removeprefix("scandid: ")

    def end(self) -> None:
        """Kill it, with what it started."""
        if self.goes_on:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _memory_file() -> IO[bytes]:
    return os.fdopen(os.memfd_create("scandid-check"), "w+b")


def _text(file: IO[bytes]) -> str:
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode("utf-8", "replace").strip()
