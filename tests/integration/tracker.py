"""A look at a tracker from outside, through MLflow's own client."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient


def client(uri: str) -> "MlflowClient":
    """A client of the tracker; what MLflow's dependencies warn of is not ours to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        opened = MlflowClient(tracking_uri=uri)
        opened.search_experiments()
    return opened


def local(folder: Path) -> "MlflowClient":
    """A client of the file that ``--track`` makes in a folder."""
    return client(f"sqlite:///{folder / 'mlflow.db'}")


def runs(tracker: "MlflowClient", experiment: str = "scandid") -> list[Any]:
    """All runs of an experiment, the last one first."""
    found = tracker.get_experiment_by_name(experiment)
    return list(tracker.search_runs([found.experiment_id])) if found else []


def files(tracker: "MlflowClient", run_id: str, folder: str) -> set[str]:
    """Names of a run's artifacts in one folder."""
    return {Path(file.path).name for file in tracker.list_artifacts(run_id, folder)}
