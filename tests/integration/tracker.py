"""A look at a tracker from outside, through MLflow's own client."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.stores import Stores

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from training.registry import Registry


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


def registry(stores: Stores) -> "Registry":
    """The registry, imported without the warnings of MLflow's dependencies."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from training.registry import Registry

        return Registry(stores)


def choose(run_id: str, metric: str, model: str, stores: Stores) -> Path:
    """What ``export.py --run``, ``--best`` or ``--model`` fetches, imported likewise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from training import registered

        return registered.choose(run_id, metric, model, stores)
