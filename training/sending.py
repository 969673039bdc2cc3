"""One attempt to send a run's folder, in the background where a training goes on meanwhile."""

import sys
import threading
from typing import Final

from training.journal import Journal
from training.trouble import Trouble, advice, first_line, is_silence

MODEL: Final = "scandid.onnx"

_LOOK_UP_S: Final = 0.5


class Sending(threading.Thread):
    """One attempt to send; Ctrl-C does not wait for it.

    Attributes:
        trouble: Why not all has arrived; None where it has.
    """

    def __init__(self, journal: Journal, *, ended: bool) -> None:
        """Start it."""
        super().__init__(name="tracking", daemon=True)
        self.trouble: Trouble | None = None
        self._journal = journal
        self._ended = ended
        self.start()

    def wait(self) -> None:
        """Wait for its end; looks up now and then, as Ctrl-C just before a wait does not end it."""
        while self.is_alive():
            self.join(_LOOK_UP_S)

    def run(self) -> None:
        """Send."""
        self.trouble = attempt(self._journal, ended=self._ended)


def attempt(journal: Journal, *, ended: bool) -> Trouble | None:
    """Send what is missing; the trouble, or None where all arrived."""
    from training.registered import register
    from training.upload import upload

    try:
        upload(journal, ended=ended)
        if journal.model_waits:
            version = register(journal, journal.folder / MODEL)
            journal.model_waits = False
            journal.save()
            sys.stdout.write(f"registered as version {version} at {journal.uri}\n")
    except Exception as error:  # mlflow, requests, botocore, sqlalchemy: none may end a run
        what = "; ".join(filter(None, (first_line(error), advice(error, ""))))
        return Trouble(f"{journal.uri}: {what}", is_silence(error))
    return None
