"""What the tracker has acknowledged of a run, kept beside the run: the rest can be sent later.

The run's folder holds everything that is tracked, so nothing else needs to be queued.
"""

import dataclasses
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scandid.errors import InputError
from training.checkpoint import load_json, save_json
from training.stores import Stores

JOURNAL: Final = "tracking.json"


@dataclass(slots=True)
class Journal:
    """State of one run's uploads.

    Attributes:
        folder: Folder of the run.
        uri: Address of the tracker.
        experiment: Name under which the run is grouped.
        artifacts: Where a new experiment keeps artifacts; empty for the tracker's default.
        parent: Run that this one belongs to; empty for none.
        started_ms: When the run began, in milliseconds of Unix time.
        run_id: The tracker's name of the run; empty until it was created.
        described: Parameters, tags and data sources are there.
        step: Last step whose scores are there.
        files: Artifacts that are there.
        finished: Everything of the training is there.
        ended: The tracker may hold the run as ended, although it goes on.
        model_waits: The folder holds an exported model that is not registered.
    """

    folder: Path
    uri: str
    experiment: str
    artifacts: str = ""
    parent: str = ""
    started_ms: int = field(default_factory=lambda: round(time.time() * 1000))
    run_id: str = ""
    described: bool = False
    step: int = 0
    files: list[str] = field(default_factory=list)
    finished: bool = False
    ended: bool = False
    model_waits: bool = False

    @classmethod
    def open(cls, folder: Path, stores: Stores) -> "Journal":
        """Go on with the folder's journal where it is for the same tracker, else begin one."""
        uri = stores.require_tracker()
        if (folder / JOURNAL).exists():
            journal = cls.load(folder)
            if journal.uri == uri:
                return dataclasses.replace(journal, finished=False, ended=bool(journal.run_id))
        journal = cls(folder, uri, stores.experiment, stores.artifacts, stores.parent)
        journal.run_id = stores.run_id
        journal.save()
        return journal

    @classmethod
    def load(cls, folder: Path) -> "Journal":
        """Read the journal of a run.

        Raises:
            InputError: there is none, or it cannot be read.
        """
        if not (folder / JOURNAL).exists():
            raise InputError(
                f"{folder}: is no tracked run, it holds no {JOURNAL}; train.py --track makes one, "
                "and with --resume tracks a run that is there"
            )
        fields = load_json(folder / JOURNAL)
        try:
            return cls(folder=folder, **fields)
        except TypeError as error:
            raise InputError(f"{folder / JOURNAL}: cannot be read: {error}") from error

    def save(self) -> None:
        """Write it, by rename."""
        fields = dataclasses.asdict(self)
        del fields["folder"]
        save_json(self.folder / JOURNAL, fields)
