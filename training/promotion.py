"""The gate: may a version replace the champion? Both answer the same texts, unseen by both."""

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import mlflow.artifacts
from mlflow import MlflowClient

from scandid import Identifier
from scandid.errors import InputError
from scandid.evaluation import Tally
from scandid.labels import LANGUAGES
from scandid.tables import LabelledText, read_table
from training.checkpoint import TEST, VALIDATION
from training.registered import asking, download_model
from training.upload import CHECKPOINT

MARGIN: Final = 0.005
"""F1 that a language may lose: half a point, the noise of a few hundred texts."""


def compare(
    client: MlflowClient,
    candidate: Any,  # noqa: ANN401
    new: Identifier,
    champion: Any,  # noqa: ANN401
    margin: float,
) -> list[str]:
    """Reasons against the candidate: languages worse by more than the margin, or without a text.

    Args:
        client: The tracker's.
        candidate: Version that wants to be the champion.
        new: Its model.
        champion: Version that is.
        margin: F1 that a language may lose, 0 to 1.

    Raises:
        InputError: the champion's file or the candidate's unseen texts cannot be had.
        ModelError: the champion's file is no model that can be read.
    """
    texts = _unseen_by_both(client, str(candidate.run_id), str(champion.run_id))
    with download_model(client, champion, client.tracking_uri) as path:
        then = _tally(Identifier.load(path), texts)
    return _worse(_tally(new, texts), then, margin)


def _tally(identifier: Identifier, texts: list[LabelledText]) -> Tally:
    tally = Tally()
    tally.add(texts, identifier.identify_batch(row.text for row in texts))
    return tally


def _worse(now: Tally, then: Tally, margin: float) -> list[str]:
    found, before = now.per_class(), then.per_class()
    reasons = []
    for label in LANGUAGES:
        if not found[label].n:
            reasons.append(f"{label}: no text to compare on")
        elif found[label].f1 < before[label].f1 - margin:
            reasons.append(
                f"{label}: F1 {found[label].f1:.4f} against the champion's "
                f"{before[label].f1:.4f}, more than {margin} less"
            )
    return reasons


def _unseen_by_both(client: MlflowClient, candidate: str, champion: str) -> list[LabelledText]:
    """What either run has kept to be tested on, each text once.

    A candidate without a language has no texts of it: the champion's tell what would be lost.
    """
    texts = _unseen_texts(client, candidate)
    try:
        texts += _unseen_texts(client, champion)
    except InputError as error:  # its run may be gone from the tracker
        sys.stderr.write(f"{error}; compared on the texts of run {candidate} alone\n")
    return list(dict.fromkeys(texts))


def _unseen_texts(client: MlflowClient, run_id: str) -> list[LabelledText]:
    """The test set of a run, or its validation set where it has none."""
    with (
        tempfile.TemporaryDirectory() as folder,
        asking(f"the texts of run {run_id}", client.tracking_uri),
    ):
        names = {Path(file.path).name for file in client.list_artifacts(run_id, CHECKPOINT)}
        name = next((name for name in (TEST, VALIDATION) if name in names), None)
        if name is None:
            raise InputError(f"run {run_id} keeps neither {TEST} nor {VALIDATION} to compare on")
        location = client.get_run(run_id).info.artifact_uri
        found = mlflow.artifacts.download_artifacts(
            artifact_uri=f"{location}/{CHECKPOINT}/{name}",
            dst_path=folder,
            tracking_uri=client.tracking_uri,
        )
        return list(read_table(Path(found)))
