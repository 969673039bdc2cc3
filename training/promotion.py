"""The gate: may a version replace the champion? Both answer the same texts, unseen by both."""

import tempfile
from pathlib import Path
from typing import Any, Final

import mlflow.artifacts
from mlflow import MlflowClient

from scandid import Identifier
from scandid.errors import InputError
from scandid.evaluation import Tally
from scandid.labels import LANGUAGES
from training.card import measure
from training.checkpoint import TEST, VALIDATION
from training.registered import asking, download_model
from training.upload import CHECKPOINT

MARGIN: Final = 0.005
"""F1 that a language may lose: half a point, the noise of a few hundred texts."""


def compare(client: MlflowClient, candidate: Any, champion: Any, margin: float) -> list[str]:  # noqa: ANN401
    """Reasons against the candidate, one for each language that is worse by more than the margin.

    Args:
        client: The tracker's.
        candidate: Version that wants to be the champion; its run's unseen texts are asked.
        champion: Version that is.
        margin: F1 that a language may lose, 0 to 1.
    """
    uri = client.tracking_uri
    with (
        download_model(client, candidate, uri) as new,
        download_model(client, champion, uri) as old,
        tempfile.TemporaryDirectory() as folder,
    ):
        texts = _unseen_texts(client, str(candidate.run_id), Path(folder))
        now, then = (measure(Identifier.load(path), texts) for path in (new, old))
    return _worse(now, then, margin)


def _worse(now: Tally, then: Tally, margin: float) -> list[str]:
    found, before = now.per_class(), then.per_class()
    return [
        f"{label}: F1 {found[label].f1:.4f} against the champion's {before[label].f1:.4f}, more "
        f"than {margin} less"
        for label in LANGUAGES
        if found[label].n and found[label].f1 < before[label].f1 - margin
    ]


def _unseen_texts(client: MlflowClient, run_id: str, folder: Path) -> Path:
    """The test set of a run, or its validation set where it has none."""
    with asking(f"the texts of run {run_id}", client.tracking_uri):
        names = {Path(file.path).name for file in client.list_artifacts(run_id, CHECKPOINT)}
        name = next((name for name in (TEST, VALIDATION) if name in names), None)
        if name is None:
            raise InputError(f"run {run_id} keeps neither {TEST} nor {VALIDATION} to compare on")
        location = client.get_run(run_id).info.artifact_uri
        found = mlflow.artifacts.download_artifacts(
            artifact_uri=f"{location}/{CHECKPOINT}/{name}",
            dst_path=str(folder),
            tracking_uri=client.tracking_uri,
        )
    return Path(found)
