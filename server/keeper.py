"""The arbiter's part in models: fetch and verify one aside, then start workers on a copy of it.

That runs in a process of its own (:mod:`server.fetch`), so the arbiter never loads a model and the
workers that serve are not disturbed: only a model that passed reaches new workers, which are also
those that follow one that has died.

Where the copy accepted earlier had to do at the start, the search for the present model goes on
beside the workers, for as long as it takes.

The process is started by the arbiter's main thread, which also forks the workers: one forked in
the middle of a start would hold its pipe open, and the start would wait for it. It prints into
files for the same reason, and what it prints is what counts: the arbiter may reap it first.
"""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from server.notice import MODEL_NOTICE
from server.settings import STORE_SCHEME, Settings, variable
from server.snapshot import SERVED_MODEL, Snapshot, SnapshotError

_log = logging.getLogger(__name__)

_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # files without a name in it
_POLL_S: Final = 0.1
_PAUSE_S: Final = 5

_WAIT: Final = "--wait"
_PRESENT: Final = "--present"
"""Words of the command, whose module is not imported: it loads all that a model needs."""


class Keeper:
    """Decides which model new workers load.

    Args:
        settings: Name the model, and bound the time of a check.
        reload: Replaces the workers; called for SIGHUP.
        on_refusal: Told of each new model that does not pass; the old one goes on.

    Attributes:
        stale: Whether the copy accepted earlier is served, since the present model was not there.
    """

    def __init__(
        self, settings: Settings, reload: Callable[[], None], on_refusal: Callable[[], None]
    ) -> None:
        self.stale = False
        self._settings = settings
        self._reload = reload
        self._on_refusal = on_refusal
        self._passed = False
        self._asked = False
        self._sha256 = ""
        self._ended: tuple[str, ...] = ()
        self._check: Check | None = None

    def start(self) -> None:
        """Take the model before the first worker, or begin to fetch it; workers wait, not ready.

        The shipped model is not copied: it is a part of the release, as the code is. A file that
        cannot be copied is left to the workers, which say why they are not ready.
        """
        if self._settings.model.startswith(STORE_SCHEME):
            self._begin(_WAIT)
        elif self._settings.model:
            try:
                SERVED_MODEL.snapshot = Snapshot(self._settings.model)
            except SnapshotError as error:
                _log.warning("no model was taken: %s", error)

    def reload(self) -> None:
        """Answer SIGHUP: check first, without waiting; replace the workers when that passed."""
        if self._ended:
            words, self._ended = self._ended, ()
            self._begin(*words)
        elif self._passed:
            self._passed, self._check = False, None
            self._reload()
            if self.stale:
                self._begin(_WAIT, _PRESENT)
        elif self.stale:
            self.stop()
            self._asked = True
            self._begin(_WAIT, _PRESENT)
        elif self._check is not None and self._check.goes_on:
            _log.info("a model is being checked already")
        else:
            self._begin(_PRESENT)

    def stop(self) -> None:
        """End a check that still runs; nothing comes of it."""
        check, self._check = self._check, None
        if check is not None:
            check.end()

    def _begin(self, *words: str) -> None:
        """Start a check, and a thread that waits for it: forever, where that is what it does."""
        check = self._check = Check(*words)
        limit_s = None if _WAIT in words else self._settings.model_timeout_s
        thread = threading.Thread(target=self._watch, args=(check, limit_s), daemon=True)
        thread.start()

    def _watch(self, check: "Check", limit_s: float | None) -> None:
        deadline = time.monotonic() + limit_s if limit_s else None
        told = ""
        while check.goes_on:
            if deadline and time.monotonic() > deadline:
                check.end()
                if check is self._check:  # it may die later than the next is asked for
                    self._check = None
                limit = f"{variable('model_timeout_s')}={limit_s}"
                _log.error("the model is not changed: it was not there in time (%s)", limit)
                self._on_refusal()
                return
            if limit_s is None and check.trouble != told:
                told = check.trouble
                MODEL_NOTICE.write(told)
                _log.error("%s: %s", "the model is not changed" if self.stale else "no model", told)
            time.sleep(_POLL_S)
        if check is self._check:
            self._judge(check, "" if check.trouble == told else check.trouble)

    def _judge(self, check: "Check", trouble: str) -> None:
        """Take the model of a check that has ended."""
        again = check.sha256 == self._sha256
        try:
            if not check.path:
                raise SnapshotError(trouble or "the check was ended")
            if self._settings.model and not again:
                SERVED_MODEL.snapshot = Snapshot(check.path, check.sha256)
        except SnapshotError as error:
            _log.error("the model is not changed: %s", error)
            self._on_refusal()
            self._look_again(check)
            return
        if trouble:
            _log.warning("%s", trouble)
        _log.info("model accepted: %s", check.path)
        wanted = not (self.stale and again) or self._asked
        self._sha256, self._asked = check.sha256, False
        # Trouble before it was there counts, too: the store is asked once more, and all is well.
        self.stale = check.may_be_stale and bool(check.trouble)
        if wanted:
            self._passed = True
            os.kill(os.getpid(), signal.SIGHUP)

    def _look_again(self, check: "Check") -> None:
        """Have a search begun anew that has no end of its own, and was ended; after a pause."""
        if _WAIT in check.words:
            time.sleep(_PAUSE_S)
            if check is self._check:
                self._ended = check.words
                os.kill(os.getpid(), signal.SIGHUP)


class Check:
    """A process that looks for a model, and what it has printed so far.

    Attributes:
        words: What it was told.
        may_be_stale: Whether the copy accepted earlier will do.
    """

    def __init__(self, *words: str) -> None:
        self.words = words
        self.may_be_stale = _PRESENT not in words
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
    return tempfile.TemporaryFile(dir=_MEMORY if _MEMORY.is_dir() else None)


def _text(file: IO[bytes]) -> str:
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode("utf-8", "replace").strip()
