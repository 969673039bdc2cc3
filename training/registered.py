"""Runs and model versions at a tracker: found, fetched, and a new version added. Imports mlflow."""

import filecmp
import hashlib
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import mlflow.artifacts
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from scandid import Identifier
from scandid.errors import InputError, ScandidError
from scandid.labels import LANGUAGES
from training.card import draw, measure
from training.card_page import page
from training.checkpoint import RUN, TEST, VALIDATION, load_json
from training.journal import JOURNAL, Journal
from training.stores import Stores
from training.trouble import advice, first_line
from training.upload import CHECKPOINT, last_step, send_file, unrepeated

NAME: Final = "scandid"
ALIAS: Final = "champion"
FILE: Final = "scandid.onnx"
PICTURE: Final = "confusion.png"
SHA256_TAG: Final = "sha256"
SCORE_TAG: Final = "f1_"

_LOWER_IS_BETTER: Final = ("loss", "elapsed_s")
_MODEL_URI: Final = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>.+)|/(?P<version>\d+))")
_HINTS: Final = {
    "RESOURCE_DOES_NOT_EXIST": "see what is there with python -m training.registry list",
    "INVALID_PARAMETER_VALUE": "check the spelling",
}
_NO_ANSWER: Final = "check the address, the credentials and that it is up"


@contextmanager
def asking(what: str, uri: str) -> Iterator[None]:
    """Turn whatever a tracker or its store raises into one line: what was asked, where, what next.

    Raises:
        InputError: the block raised.
    """
    try:
        yield
    except ScandidError:
        raise
    except MlflowException as error:
        hint = _HINTS.get(error.error_code, _NO_ANSWER)
        raise InputError(f"{what} at {uri}: {first_line(error)}; {advice(error, hint)}") from error
    except Exception as error:  # requests, botocore, sqlalchemy
        hint = advice(error, _NO_ANSWER)
        raise InputError(f"{what} at {uri}: {first_line(error)}; {hint}") from error


def find(client: MlflowClient, number: str, uri: str) -> Any:  # noqa: ANN401
    """A registered version.

    Raises:
        InputError: there is none of this number.
    """
    with asking(f"version {number} of {NAME}", uri):
        return client.get_model_version(NAME, number)


def run_of_model(client: MlflowClient, model: str, uri: str) -> str:
    """Run that a registered version came from.

    Args:
        client: The tracker's.
        model: ``models:/scandid@champion`` or ``models:/scandid/3``.
        uri: Address of the tracker, for messages.

    Raises:
        InputError: the address has another form, or nothing is there.
    """
    match = _MODEL_URI.fullmatch(model)
    if match is None:
        raise InputError(f"--model {model}: write models:/{NAME}@{ALIAS} or models:/{NAME}/3")
    with asking(model, uri):
        if match["alias"]:
            return str(client.get_model_version_by_alias(match["name"], match["alias"]).run_id)
        return str(client.get_model_version(match["name"], match["version"]).run_id)


def best_run(client: MlflowClient, metric: str, stores: Stores) -> str:
    """Finished run with the best value of a metric.

    Raises:
        InputError: there is no experiment, or no finished run with this metric.
    """
    uri = stores.require_tracker()
    order = "ASC" if metric in _LOWER_IS_BETTER else "DESC"
    with asking(f"the best {metric}", uri):
        experiment = client.get_experiment_by_name(stores.experiment)
        if experiment is None:
            raise InputError(f"--best {metric}: {uri} has no experiment {stores.experiment!r}")
        found = client.search_runs(
            [experiment.experiment_id],
            "attributes.status = 'FINISHED'",
            order_by=[f"metrics.`{metric}` {order}"],
        )
    if not found or metric not in found[0].data.metrics:
        known = sorted(
            name
            for run in found[:1]
            for name in run.data.metrics
            if name.startswith(("best/", "test/"))
        )
        raise InputError(
            f"--best {metric}: no finished run of {stores.experiment!r} at {uri} has this metric; "
            f"try one of: {', '.join(known) or 'none yet'}"
        )
    return str(found[0].info.run_id)


def choose(run_id: str, metric: str, model: str, stores: Stores) -> Path:
    """Folder with the checkpoint of a run, of the best run, or of a registered version's run.

    Args:
        run_id: A run; empty for none.
        metric: Otherwise, the run with the best value of this metric; empty for none.
        model: Otherwise, address of a registered version.
        stores: Where to look.

    Raises:
        InputError: there is no such thing, or the tracker does not give it.
    """
    uri = stores.require_tracker()
    with asking("the tracker", uri):
        client = MlflowClient(tracking_uri=uri)
    if metric:
        run_id = best_run(client, metric, stores)
    return fetch_run(client, run_id or run_of_model(client, model, uri), stores)


def fetch_run(client: MlflowClient, run_id: str, stores: Stores) -> Path:
    """Download a run's checkpoint; the folder, as train.py left it.

    A run that went on since the last time has other weights now: what is at the tracker counts.

    Raises:
        InputError: there is no such run, it has no checkpoint, or the store does not give it.
    """
    uri = stores.require_tracker()
    target = stores.local / run_id
    stores.local.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=stores.local) as part,
        asking(f"the checkpoint of run {run_id}", uri),
    ):
        run = client.get_run(run_id)
        mlflow.artifacts.download_artifacts(
            artifact_uri=f"{run.info.artifact_uri}/{CHECKPOINT}", dst_path=part, tracking_uri=uri
        )
        folder = Path(part) / CHECKPOINT
        if not (folder / RUN).exists():
            raise InputError(f"run {run_id} at {uri}: has no checkpoint; was its training ended?")
        journal = Journal(folder, uri, stores.experiment, run_id=run_id, described=True)
        journal.started_ms = run.info.start_time
        journal.step = last_step(folder)
        journal.finished = True
        journal.save()
        _put(folder, target)
    return target


def _put(folder: Path, target: Path) -> None:
    """Move a checkpoint to where it is kept, in the place of files of another content.

    The journal that is there stays: it knows of an exported model that still waits to be sent.
    """
    if not target.exists():
        folder.rename(target)
        return
    fresh = [file for file in sorted(folder.iterdir()) if file.name != JOURNAL]
    old = [file for file in fresh if not _same(file, target / file.name)]
    for file in old:
        file.replace(target / file.name)
    if old:
        names = ", ".join(file.name for file in old)
        sys.stderr.write(f"{target}: {names} replaced by what the tracker holds now\n")


def _same(one: Path, other: Path) -> bool:
    return other.exists() and filecmp.cmp(one, other, shallow=False)


def register(journal: Journal, path: Path) -> str:
    """Add a model file as a new version, its files first; the version's number.

    The folder is named by the digest, so a later export never changes what a version points to. The
    same file has one version, however often it is sent.
    """
    client = MlflowClient(tracking_uri=journal.uri)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    identifier = Identifier.load(path)
    names = [name for name in (VALIDATION, TEST) if (journal.folder / name).exists()]
    scores = {
        Path(name).stem: measure(identifier, journal.folder / name).as_dict() for name in names
    }
    run = load_json(journal.folder / RUN)
    folder = f"model/{digest[:16]}"
    with tempfile.TemporaryDirectory() as part:
        content = {
            FILE: path.read_bytes(),
            f"{FILE}.sha256": f"{digest}  {FILE}\n".encode(),
            "README.md": page(identifier.metadata, path, scores, run).encode(),
        }
        for name, data in content.items():
            (Path(part) / name).write_bytes(data)
        draw(scores, Path(part) / PICTURE)
        for name in (*content, PICTURE):
            send_file(client, journal, Path(part) / name, folder)
    unseen: Any = scores[Path(names[-1]).stem]["per_class"]
    tags = {f"{SCORE_TAG}{label}": f"{unseen[label]['f1']:.4f}" for label in LANGUAGES}
    return _version(client, journal.run_id, folder, tags | {SHA256_TAG: digest})


def _version(client: MlflowClient, run_id: str, folder: str, tags: dict[str, str]) -> str:
    """Number of a run's version with this sha256, made where there is none."""
    if not client.search_registered_models(f"name = '{NAME}'"):
        client.create_registered_model(NAME)
    found = _registered_as(client, run_id, tags[SHA256_TAG])
    if found:
        return found
    try:
        with unrepeated():
            made = client.create_model_version(NAME, f"runs:/{run_id}/{folder}", run_id, tags=tags)
    except Exception:
        found = _registered_as(client, run_id, tags[SHA256_TAG])
        if not found:
            raise
        return found
    return str(made.version)


def _registered_as(client: MlflowClient, run_id: str, digest: str) -> str:
    """Number of the first version of a run's file, or the empty string."""
    versions = client.search_model_versions(f"name = '{NAME}' and run_id = '{run_id}'")
    numbers = [int(each.version) for each in versions if each.tags.get(SHA256_TAG) == digest]
    return str(min(numbers, default=""))


@contextmanager
def download_model(client: MlflowClient, version: Any, uri: str) -> Iterator[Path]:  # noqa: ANN401
    """A version's model file, for as long as the block runs; its digest is checked.

    Raises:
        InputError: the store does not give it, or the file is not what was registered.
    """
    with tempfile.TemporaryDirectory() as part:
        with asking(f"the file of version {version.version}", uri):
            location = client.get_model_version_download_uri(NAME, str(version.version))
            found = mlflow.artifacts.download_artifacts(
                artifact_uri=f"{location}/{FILE}", dst_path=part, tracking_uri=uri
            )
        path = Path(found)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != version.tags.get(SHA256_TAG):
            raise InputError(
                f"version {version.version} at {uri}: the stored file has sha256 {digest}, "
                f"registered was {version.tags.get(SHA256_TAG)}; export the run again"
            )
        yield path
