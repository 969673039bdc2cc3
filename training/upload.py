"""A run's folder, sent to MLflow piece by piece; each piece that arrived is noted in the journal.

Imports mlflow, so it is imported only where tracking is on.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from training.checkpoint import BEST, HELD_OUT, HISTORY, RUN, TEST, VALIDATION, load_json
from training.figures import draw_run
from training.journal import Journal
from training.stores import Stores

CHECKPOINT: Final = "checkpoint"
FIGURES: Final = "figures"
OUR_ID: Final = "scandid.run_id"

_REPEATS: Final = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
_METRICS_PER_CALL: Final = 500
_PARAMS_PER_CALL: Final = 100
_LONGEST_VALUE: Final = 5_000
_CONFIGURATIONS: Final = ("flags", "network", "sampling", "fitting", "augmentation")


def upload(journal: Journal, *, ended: bool) -> None:
    """Send what the tracker does not have yet; may be repeated after any failure.

    Args:
        journal: What it has.
        ended: The training is over: its result, where there is one, goes too.
    """
    client = MlflowClient(tracking_uri=journal.uri)
    run = load_json(journal.folder / RUN)
    journal.run_id = journal.run_id or _create_run(client, journal, run)
    journal.save()
    if not journal.described:
        _describe(client, journal.run_id, run)
        journal.described = True
        journal.save()
    if journal.ended and not ended:
        client.update_run(journal.run_id, status="RUNNING")
        journal.ended = False
        journal.save()
    if not journal.finished:
        _send_history(client, journal, run)
    if ended and "result" in run and not journal.finished:
        _send_result(client, journal, run)
        client.set_terminated(journal.run_id)
        journal.finished = True
        journal.save()


def close(journal: Journal) -> None:
    """Mark a run as killed that ended without a result; a resumed run opens it again."""
    MlflowClient(tracking_uri=journal.uri).set_terminated(journal.run_id, status="KILLED")


@contextmanager
def unrepeated() -> Iterator[None]:
    """Let MLflow ask once, for as long as the block runs.

    It repeats whatever brought no answer. What makes something new would make it twice where only
    the answer was lost: so that is asked once, and after a failure looked for.
    """
    before = os.environ.get(_REPEATS)
    os.environ[_REPEATS] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_REPEATS]
        else:
            os.environ[_REPEATS] = before


def make_parent(uri: str, stores: Stores, name: str) -> str:
    """Make the run that the trials of a sweep belong to; its id."""
    if stores.run_id:
        return stores.run_id
    client = MlflowClient(tracking_uri=uri)
    experiment = find_experiment(client, stores.experiment, stores.artifacts)
    made = client.create_run(experiment, run_name=name, tags={"mlflow.source.name": "sweep"})
    return str(made.info.run_id)


def finish_parent(uri: str, run_id: str, scores: Mapping[str, float]) -> None:
    """Note the best of the trials in their parent, and end it."""
    client = MlflowClient(tracking_uri=uri)
    best = max(scores, key=lambda name: scores[name])
    client.log_metric(run_id, "sweep/best_score", scores[best])
    client.set_tag(run_id, "sweep.best_trial", best)
    client.set_terminated(run_id)


def send_file(client: MlflowClient, journal: Journal, path: Path, folder: str) -> None:
    """Send one artifact unless the tracker has it; a file of other content is another artifact."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    note = f"{folder}/{path.name}:{digest}"
    if note not in journal.files:
        client.log_artifact(journal.run_id, str(path), folder)
        journal.files.append(note)
        journal.save()


def find_experiment(client: MlflowClient, name: str, artifacts: str) -> str:
    """Id of the experiment, made where it is missing; a new one keeps artifacts where told."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    location = f"{artifacts}/{name}" if artifacts else None
    return str(client.create_experiment(name, artifact_location=location))


def _create_run(client: MlflowClient, journal: Journal, run: Mapping[str, Any]) -> str:
    """Make the run, or find the one whose creation was not acknowledged."""
    experiment = find_experiment(client, journal.experiment, journal.artifacts)
    ours = run["provenance"]["run_id"]
    found = client.search_runs([experiment], f"tags.`{OUR_ID}` = '{ours}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    tags = {OUR_ID: ours, "mlflow.source.name": "train.py"}
    tags["mlflow.source.git.commit"] = str(run["provenance"]["git_commit"])
    if journal.parent:
        tags["mlflow.parentRunId"] = journal.parent
    with unrepeated():
        made = client.create_run(
            experiment, start_time=journal.started_ms, tags=tags, run_name=journal.folder.name
        )
    return str(made.info.run_id)


def _describe(client: MlflowClient, run_id: str, run: Mapping[str, Any]) -> None:
    parameters = {
        f"{part}.{name}": str(value)[:_LONGEST_VALUE]
        for part in _CONFIGURATIONS
        for name, value in run[part].items()
    }
    for chunk in _chunks(Param(*pair) for pair in parameters.items()):
        client.log_batch(run_id, params=chunk)
    facts = {**run["provenance"], "data.digest": run["data"]["digest"]}
    client.log_batch(run_id, tags=[RunTag(f"scandid.{k}", str(v)) for k, v in facts.items()])
    client.log_inputs(run_id, [_source(table) for table in run["corpora"]["tables"]])


def _source(table: Mapping[str, Any]) -> DatasetInput:
    profile = json.dumps({"num_rows": table["texts"], "sha256": table["digest"]})
    dataset = Dataset(
        name=table["name"],
        digest=table["digest"][:32],
        source_type="local",
        source=table["name"],
        profile=profile,
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def last_step(folder: Path) -> int:
    """Step of the last validation of a run; 0 before the first."""
    return max((int(line["step"]) for line in _history(folder)), default=0)


def _history(folder: Path) -> list[dict[str, Any]]:
    path = folder / HISTORY
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def _send_history(client: MlflowClient, journal: Journal, run: Mapping[str, Any]) -> None:
    fresh = [line for line in _history(journal.folder) if line["step"] > journal.step]
    metrics = (metric for line in fresh for metric in _of_validation(line, journal, run))
    for chunk in _chunks(metrics, _METRICS_PER_CALL):
        client.log_batch(journal.run_id, metrics=chunk)
    if fresh:
        journal.step = fresh[-1]["step"]
        journal.save()


def _of_validation(
    line: Mapping[str, Any], journal: Journal, run: Mapping[str, Any]
) -> Iterator[Metric]:
    texts_a_round = max(1, run["corpora"]["training_texts"])
    values = {name: line[name] for name in ("loss", "score", "elapsed_s", "learning_rate")}
    values["epoch"] = line["step"] * run["sampling"]["batch"] / texts_a_round
    values |= _flat("validation", line["texts"]) | _flat("fragments", line["fragments"])
    yield from _metrics(values, journal, line["elapsed_s"], line["step"])


def _send_result(client: MlflowClient, journal: Journal, run: Mapping[str, Any]) -> None:
    """Scores of the best weights, pictures, and all that export.py needs."""
    result = run["result"]
    values = {"best/score": result["score"], **_flat("best", result["texts"])}
    values |= _flat("test", result["test"]) if result.get("test") else {}
    metrics = _metrics(values, journal, result["elapsed_s"], result["steps"])
    for chunk in _chunks(metrics, _METRICS_PER_CALL):
        client.log_batch(journal.run_id, metrics=chunk)
    with tempfile.TemporaryDirectory() as out:
        for picture in draw_run(journal.folder, Path(out)):
            send_file(client, journal, picture, FIGURES)
    for name in (BEST, VALIDATION, HELD_OUT, TEST, HISTORY, RUN):
        if (journal.folder / name).exists():
            send_file(client, journal, journal.folder / name, CHECKPOINT)


def _metrics(
    values: Mapping[str, float], journal: Journal, elapsed_s: float, step: int
) -> Iterator[Metric]:
    """The same time at each attempt, so that a repeated upload adds no second point."""
    at_ms = journal.started_ms + round(elapsed_s * 1000)
    return (Metric(name, float(value), at_ms, step) for name, value in values.items())


def _flat(prefix: str, scores: Mapping[str, Any]) -> dict[str, float]:
    """``validation/macro_f1``, ``validation/nob/recall``, ``test/length/to 20/accuracy``, ..."""
    plain = ("accuracy", "macro_f1", "macro_f1_folded", "loose", "strict")
    values = {f"{prefix}/{name}": scores[name] for name in plain}
    for label, row in scores["per_class"].items():
        values |= {f"{prefix}/{label}/{name}": row[name] for name in ("precision", "recall", "f1")}
    for group, row in scores.get("by_length", {}).items():
        values[f"{prefix}/length/{group}/accuracy"] = row["accuracy"]
    return values


def _chunks(items: Iterator[Any], size: int = _PARAMS_PER_CALL) -> Iterator[list[Any]]:
    while chunk := list(islice(items, size)):
        yield chunk
