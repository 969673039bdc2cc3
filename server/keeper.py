"""The arbiter's part in models: fetch and verify one aside, then start workers on a copy of it.

That runs in a process of its own (:mod:`server.fetch`), so the arbiter never loads a model and the
workers that serve are not disturbed: only a model that passed reaches new workers, which are also
those that follow one that has died.

Where the copy accepted earlier had to do at the start, the search for the present model goes on
beside the workers, for as long as it takes.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

from server.model_check import PRESENT, WAIT, ModelCheck
from server.notice import MODEL_NOTICE
from server.settings import STORE_SCHEME, Settings, variable
from server.snapshot import SERVED_MODEL, Snapshot, SnapshotError

_log = logging.getLogger(__name__)

_POLL_S: Final = 0.1
_PAUSE_S: Final = 5


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
        self._check: ModelCheck | None = None

    def start(self) -> None:
        """Take the model before the first worker, or begin to fetch it; workers wait, not ready.

        The shipped model is not copied: it is a part of the release, as the code is. A file that
        cannot be copied is left to the workers, which say why they are not ready.
        """
        if self._settings.model.startswith(STORE_SCHEME):
            self._begin(WAIT)
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
            self._passed = False
            self._reload()
            if self.stale:
                self._begin(WAIT, PRESENT)
        elif self.stale:
            self.stop()
            self._asked = True
            self._begin(WAIT, PRESENT)
        else:
            # One that still runs may have looked before what the signal is about was there.
            running = self._check if self._check and self._check.goes_on else None
            self.stop()
            self._begin(*(running.words if running else (PRESENT,)))

    def stop(self) -> None:
        """End a check that still runs; nothing comes of it."""
        check, self._check = self._check, None
        if check is not None:
            check.end()

    def _begin(self, *words: str) -> None:
        """Start a check, and a thread that waits for it: forever, where that is what it does."""
        check = self._check = ModelCheck(*words)
        limit_s = None if WAIT in words else self._settings.model_timeout_s
        thread = threading.Thread(target=self._watch, args=(check, limit_s), daemon=True)
        thread.start()

    def _watch(self, check: ModelCheck, limit_s: float | None) -> None:
        deadline = time.monotonic() + limit_s if limit_s else None
        told = ""
        while check.goes_on:
            if deadline and time.monotonic() > deadline:
                check.end()
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

    def _judge(self, check: ModelCheck, trouble: str) -> None:
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

    def _look_again(self, check: ModelCheck) -> None:
        """Have a search begun anew that has no end of its own, and was ended; after a pause."""
        if WAIT in check.words:
            time.sleep(_PAUSE_S)
            if check is self._check:
                self._ended = check.words
                os.kill(os.getpid(), signal.SIGHUP)
