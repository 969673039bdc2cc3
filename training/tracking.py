"""Tracking of runs in MLflow: beside the training, never in its way.

    python train.py --track                              # a local file, mlflow.db
    MLFLOW_TRACKING_URI=http://host:5000 python train.py
    python -m training.tracking sync [FOLDER ...]        # send what could not be sent

The run's folder is written first and sent from there in the background, so trouble with the
tracker costs nothing but a message: what is missing is sent at the next validation, at the end,
or by ``sync``.
"""

import argparse
import dataclasses
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote

from scandid.errors import InputError, ScandidError
from training.checkpoint import by_rename
from training.journal import JOURNAL, Journal
from training.lock import is_locked
from training.options import Flags
from training.sending import MODEL, Sending, attempt
from training.stores import HINT, Stores, read_dotenv
from training.trouble import Trouble

_LAST_ATTEMPTS: Final = 2


class Tracker(Protocol):
    """What train.py tells a tracker."""

    def update(self) -> None:
        """The folder holds a new validation."""

    def finish(self) -> None:
        """The folder holds the result."""


class NoTracker:
    """Tracks nothing, and says once how to switch tracking on."""

    def __init__(self) -> None:
        sys.stderr.write(f"{HINT}\n")

    def update(self) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


class FolderTracker:
    """Sends a run's folder to MLflow, in a thread of its own."""

    def __init__(self, journal: Journal) -> None:
        """Go on where the journal ends."""
        self._journal = journal
        self._told = False
        self._sending = Sending(journal, ended=False)

    def update(self) -> None:
        """Start to send what is new, unless the last sending still goes on."""
        if self._sending.is_alive():
            return
        trouble = self._sending.trouble
        if trouble is not None and not self._told:
            self._told = True
            sys.stderr.write(f"tracking: {trouble}; training goes on, sending is tried again\n")
        self._sending = Sending(self._journal, ended=False)

    def finish(self) -> None:
        """Send the rest; where that fails, say how to do it later.

        Raises:
            SystemExit: with 130, at Ctrl-C; the run is finished all the same.
        """
        uri, folder = self._journal.uri, self._journal.folder
        later = f"the run is kept in {folder}: python -m training.tracking sync {folder}"
        try:
            sys.stderr.write(f"tracking: sending the rest to {uri} (Ctrl-C leaves it to sync)\n")
            trouble = self._send_rest()
        except KeyboardInterrupt:
            sys.stderr.write(f"tracking: stopped; {later}\n")
            raise SystemExit(130) from None
        if trouble is None:
            sys.stderr.write(f"tracked as run {self._journal.run_id} at {uri}\n")
        else:
            sys.stderr.write(f"tracking: {trouble}; {later}\n")

    def _send_rest(self) -> Trouble | None:
        """Try until it has arrived, nobody answers in time, or it has failed often enough."""
        self._sending.wait()
        silent = self._was_silent()
        for _ in range(_LAST_ATTEMPTS):
            self._sending = Sending(self._journal, ended=True)
            self._sending.wait()
            silent = silent or self._was_silent()
            if self._sending.trouble is None or silent:
                break
        return self._sending.trouble

    def _was_silent(self) -> bool:
        return self._sending.trouble is not None and self._sending.trouble.silent


def open_tracker(track: str | None, folder: Path) -> Tracker:
    """The tracker that ``--track`` or the environment asks for.

    Args:
        track: Value of ``--track``: an address, or None where the flag is missing.
        folder: Folder of the run, which holds its run.json.
    """
    stores = Stores.from_environ()
    uri = track or stores.tracking_uri
    if not uri:
        return NoTracker()
    return FolderTracker(Journal.open(folder, dataclasses.replace(stores, tracking_uri=uri)))


def require_tracker(track: str | None) -> None:
    """Check what can be told before hours of training, if tracking is asked for.

    MLflow itself tries for five minutes to open a database that cannot be made.

    Args:
        track: Value of ``--track``: an address, or None where the flag is missing.

    Raises:
        InputError: mlflow is not installed, or its file cannot be written.
    """
    uri = track or Stores.from_environ().tracking_uri
    if not uri:
        return
    require_mlflow()
    scheme, _, rest = uri.partition(":///")
    path = unquote(rest.partition("?")[0])
    if scheme.partition("+")[0] != "sqlite" or path in ("", ":memory:"):
        return
    file = Path(path)
    # MLflow makes the folder, but of such an address only, and by the path as it is written.
    makes = scheme == "sqlite" and rest == path
    if not _can_be_written(file, makes_folder=makes):
        raise InputError(
            f"tracking: {uri}: {file.absolute()} cannot be written; train in a folder that can be, "
            "or name a server by MLFLOW_TRACKING_URI"
        )


def _can_be_written(file: Path, *, makes_folder: bool) -> bool:
    """Whether a file, and what SQLite keeps beside it, can be."""
    folder = file.absolute().parent
    while makes_folder and not os.path.lexists(folder):
        folder = folder.parent
    wanted = [folder, file] if file.exists() else [folder]
    return folder.is_dir() and all(os.access(each, os.W_OK) for each in wanted)


def require_mlflow() -> None:
    """Check that mlflow is there.

    Raises:
        InputError: it is not installed.
    """
    try:
        import mlflow  # noqa: F401
    except ImportError as error:
        raise InputError(
            "tracking needs mlflow: make setup, or pip install mlflow-skinny sqlalchemy alembic"
        ) from error


def keep_model(folder: Path, path: Path) -> None:
    """Register an exported model where its run is tracked; trouble is told, and sync tries again.

    Args:
        folder: Folder of the run.
        path: The model file, which may be the one that the folder keeps.
    """
    if not (folder / JOURNAL).exists():
        return
    require_mlflow()
    journal, kept = Journal.load(folder), folder / MODEL
    if not (kept.exists() and kept.samefile(path)):
        with by_rename(kept) as part:
            shutil.copyfile(path, part)
    journal.model_waits = True
    journal.save()
    trouble = attempt(journal, ended=True)
    if trouble is not None:
        sys.stderr.write(
            f"tracking: {trouble}; the model is kept in {folder}: "
            f"python -m training.tracking sync {folder}\n"
        )


def locate(options: argparse.Namespace) -> Path:
    """Folder of the run that the flags of export.py name, fetched from the tracker where it must.

    Raises:
        InputError: the tracker does not know it or does not give it.
    """
    if not (options.run_id or options.best or options.model):
        given: Path = options.run
        return given.parent if given.suffix == ".pt" else given
    require_mlflow()
    from training.registered import choose

    return choose(options.run_id, options.best, options.model, Stores.from_environ())


def sync(folders: Sequence[Path]) -> None:
    """Send what is missing of each folder; a run that is still trained sends for itself.

    Raises:
        InputError: a folder is not tracked, or its tracker does not take it.
    """
    from training.upload import close

    for folder in folders:
        journal = Journal.load(folder)
        if is_locked(folder):
            sys.stdout.write(f"{folder}: is still trained, and left alone\n")
            continue
        trouble = attempt(journal, ended=True)
        if trouble is not None:
            raise InputError(f"{folder}: {trouble}; nothing is lost, try again when it is back")
        if not journal.finished:
            close(journal)
        sys.stdout.write(f"{folder}: run {journal.run_id} at {journal.uri} is complete\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    flags = Flags(prog="python -m training.tracking", description=__doc__)
    flags.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = flags.add_subparsers(required=True)
    syncing = commands.add_parser("sync", help="send what could not be sent")
    syncing.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="runs/* if none")
    options = flags.parse_args(arguments)
    read_dotenv()
    require_mlflow()
    folders = options.folders or sorted(path.parent for path in Path("runs").glob(f"*/{JOURNAL}"))
    if not folders:
        raise InputError(f"runs: no folder in it holds {JOURNAL}; name the folder of a tracked run")
    sync(folders)


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.tracking: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("training.tracking: stopped; nothing is lost, sync goes on from here\n")
        sys.exit(130)
