"""Where runs and models are kept, read once from the environment and from ``.env``."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scandid.errors import InputError

LOCAL_URI: Final = "sqlite:///mlflow.db"
"""The tracker of ``--track`` without an address: a file, no server."""

HINT: Final = (
    "tracking is off: --track keeps runs in mlflow.db, MLFLOW_TRACKING_URI sends them to a server"
)


@dataclass(frozen=True, slots=True)
class Stores:
    """Addresses; credentials stay with boto3, which reads the standard AWS variables and profiles.

    Attributes:
        tracking_uri: Address of the tracker; empty where tracking is off.
        artifacts: ``s3://bucket/prefix`` for artifacts and the champion; empty for the tracker's.
        local: Folder for what is downloaded from the tracker.
        experiment: Name under which runs are grouped.
        parent: Run that this one belongs to, as in a sweep; empty for none.
        run_id: Run to log to, which ``mlflow run`` has made; empty for a new one.
    """

    tracking_uri: str = ""
    artifacts: str = ""
    local: Path = Path("runs")
    experiment: str = "scandid"
    parent: str = ""
    run_id: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Stores":
        """Read the variables; an empty one counts as unset.

        Raises:
            InputError: ``ARTIFACT_STORE`` is no ``s3://bucket`` address.
        """
        artifacts = environ.get("ARTIFACT_STORE", "").strip().rstrip("/")
        if artifacts and not artifacts.startswith("s3://"):
            raise InputError(f"ARTIFACT_STORE={artifacts}: must begin with s3://BUCKET")
        return cls(
            tracking_uri=environ.get("MLFLOW_TRACKING_URI", "").strip(),
            artifacts=artifacts,
            local=Path(environ.get("LOCAL_MODEL_STORAGE", "").strip() or "runs"),
            experiment=environ.get("MLFLOW_EXPERIMENT_NAME", "").strip() or "scandid",
            parent=environ.get("MLFLOW_PARENT_RUN_ID", "").strip(),
            run_id=environ.get("MLFLOW_RUN_ID", "").strip(),
        )

    def require_tracker(self) -> str:
        """Address of the tracker, the local file where none is named."""
        return self.tracking_uri or LOCAL_URI


def read_dotenv(path: Path = Path(".env")) -> None:
    """Take variables from ``.env`` that the environment does not have; quiet where there is none.

    Also gives the two names of an S3 endpoint and of its region the same value, as MLflow and boto3
    read one each, and bounds how long MLflow waits for a server that does not answer.
    """
    try:
        from dotenv import load_dotenv
    except ImportError:
        pass
    else:
        load_dotenv(path, override=False)
    for names in _SYNONYMS:
        given = next((os.environ[name] for name in names if os.environ.get(name)), "")
        for name in names if given else ():
            os.environ[name] = os.environ.get(name) or given
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)


_SYNONYMS: Final = (
    ("MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL"),
    ("AWS_DEFAULT_REGION", "AWS_REGION"),
)

_PATIENCE: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "AWS_MAX_ATTEMPTS": "3",
}
"""MLflow's own defaults hold a run up for four minutes at each call to a server that is down."""
