"""The whole way with a real MLflow server and a real S3 store: train, promote, serve, ask."""

import datetime
import hashlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import botocore.auth
import pytest

from scandid import InputError
from scandid.tables import read_table
from tests.integration import tracker
from tests.integration.mlflow_server import accept, mlflow_server, refuse
from tests.integration.object_store import ObjectStore
from tests.integration.running_server import DEADLINE_S, running_server
from tests.integration.runs import LEARNING, SAMPLE, export, run_python, train
from tests.integration.weak_link import weak_link
from training.publication import publish

pytestmark = pytest.mark.filterwarnings("ignore")

BUCKET = "team"
PUBLISHED = f"s3://{BUCKET}/models/champion/scandid.onnx"


@dataclass(frozen=True)
class Team:
    """A team's tracker and store, and a folder with a tracked run."""

    uri: str
    variables: Mapping[str, str]
    folder: Path


@pytest.fixture(scope="module")
def team(shared_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """One training that has learned the sample's texts, with its artifacts in the store."""
    shared_store.reopen()
    shared_store.client().create_bucket(Bucket=BUCKET)
    folder = tmp_path_factory.mktemp("team")
    variables = shared_store.variables(MLFLOW_S3_ENDPOINT_URL=shared_store.url)
    with mlflow_server(folder, variables) as uri:
        variables |= {"MLFLOW_TRACKING_URI": uri, "ARTIFACT_STORE": f"s3://{BUCKET}/models"}
        words = (*LEARNING, "--test", str(SAMPLE), "--allow-contamination")
        done = train(*words, cwd=folder, variables=variables)
        assert done.returncode == 0, done.stderr
        assert f"tracked as run {run_id(folder)} at {uri}" in done.stderr, done.stderr
        yield Team(uri, variables, folder)


def run_id(folder: Path) -> str:
    """The tracker's name of the run in a folder."""
    return str(json.loads((folder / "runs/latest/tracking.json").read_text())["run_id"])


def registry(team: Team, *words: str, **others: str) -> subprocess.CompletedProcess[str]:
    """The registry's command."""
    variables = {**team.variables, **others}
    return run_python("-m", "training.registry", *words, cwd=team.folder, variables=variables)


def test_a_trained_model_is_served(
    team: Team, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Train, log, export by score, promote, serve from the store: texts get their language.

    A promotion that cannot be published, for want of a bucket, moves no alias.
    """
    done = export(
        "--best", "test/macro_f1", "--out", "out.onnx", cwd=team.folder, variables=team.variables
    )
    assert done.returncode == 0, done.stderr
    assert "registered as version 1" in done.stdout, done.stderr
    refused = registry(team, "promote", "1", ARTIFACT_STORE="s3://no-such-bucket")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert "no-such-bucket" in refused.stderr
    assert not tracker.client(team.uri).search_registered_models("name = 'scandid'")[0].aliases
    promoted = registry(team, "promote", "1")
    assert promoted.returncode == 0, promoted.stderr
    assert PUBLISHED in promoted.stdout
    for name, value in store.variables().items():
        monkeypatch.setenv(name, value)
    settings = {"workers": "1", "model": PUBLISHED, "model_cache": str(tmp_path / "cache")}
    rows = list(read_table(SAMPLE))
    with running_server(tmp_path, settings) as server, server.client() as client:
        server.wait_for("/health/ready", 200)
        answer = client.post("/identify", json={"texts": [row.text for row in rows]})
        labels = [found["label"] for found in answer.raise_for_status().json()["answers"]]
        right = sum(label in row.gold for label, row in zip(labels, rows, strict=True))
        assert right > 0.9 * len(rows)
        digest = hashlib.sha256((team.folder / "out.onnx").read_bytes()).hexdigest()
        assert client.get("/model").json()["sha256"] == digest


def another_version(team: Team, **others: str) -> str:
    """The run exported once more; the number of the version."""
    variables = {**team.variables, **others}
    done = export("runs/latest", "--out", "other.onnx", cwd=team.folder, variables=variables)
    assert done.returncode == 0, done.stderr
    found = re.search(r"^registered as version (\d+) at ", done.stdout, re.MULTILINE)
    assert found is not None, done.stderr
    return found[1]


def published(store: ObjectStore) -> str:
    """The sha256 of what is published."""
    stored = store.client().get_object(Bucket=BUCKET, Key="models/champion/scandid.onnx")
    return hashlib.sha256(stored["Body"].read()).hexdigest()


def test_a_champion_that_is_not_named_is_told(team: Team, store: ObjectStore) -> None:
    """Where the alias fails after publishing, the message says what S3 holds and what mends it.

    Promoting the champion publishes it again, also after the object was lost.
    """
    first, second = another_version(team), another_version(team)
    assert registry(team, "promote", first, "--force").returncode == 0
    digests = {
        number: tracker.client(team.uri).get_model_version("scandid", number).tags["sha256"]
        for number in (first, second)
    }
    database = team.folder / "server.db"
    refuse(database, "registered_model_aliases")
    done = registry(team, "promote", second, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    accept(database)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    wanted = f"the champion is still version {first}: repeat the command, or promote {first} to"
    assert f"version {second} is published as {PUBLISHED}, but {wanted}" in done.stderr
    assert published(store) == digests[second]
    again = registry(team, "promote", first)
    assert again.stdout == f"version {first} is the champion, published as {PUBLISHED}\n"
    assert published(store) == digests[first]
    store.client().delete_object(Bucket=BUCKET, Key="models/champion/scandid.onnx")
    assert registry(team, "promote", first).returncode == 0
    assert published(store) == digests[first]
    assert registry(team, "promote", second).returncode == 0
    assert published(store) == digests[second]


def test_requests_are_signed_for_the_region(team: Team, store: ObjectStore) -> None:
    """AWS_REGION is the region of what is fetched and of what is published."""
    number = another_version(team)
    with weak_link(store.url) as link:
        there = {"AWS_ENDPOINT_URL": link.url, "MLFLOW_S3_ENDPOINT_URL": link.url}
        done = registry(team, "promote", number, "--force", AWS_REGION="eu-north-1", **there)
        assert done.returncode == 0, done.stderr
        heard = bytes(link.heard)
    assert b"GET /team/models/" in heard
    assert b"PUT /team/models/champion/" in heard
    assert set(re.findall(rb"/([\w-]+)/s3/aws4_request", heard)) == {b"eu-north-1"}


@pytest.mark.parametrize("lost", ["runs/create", "model-versions/create"])
def test_a_lost_answer_makes_nothing_twice(team: Team, tmp_path: Path, lost: str) -> None:
    """Where the tracker made a run or a version and its answer was lost, that one is used."""
    others = {"MLFLOW_EXPERIMENT_NAME": lost.partition("/")[0]}
    client = tracker.client(team.uri)
    with weak_link(team.uri) as link:
        link.lose = f"POST /api/2.0/mlflow/{lost}".encode()
        others["MLFLOW_TRACKING_URI"] = link.url
        done = train("--out", "run", cwd=tmp_path, variables={**team.variables, **others})
        assert done.returncode == 0, done.stderr
        assert "tracked as run" in done.stderr
        done = export("run", "--out", "out.onnx", cwd=tmp_path, variables=team.variables)
        assert "registered as version" in done.stdout, done.stderr
        assert link.broken == 1
    assert len(tracker.runs(client, others["MLFLOW_EXPERIMENT_NAME"])) == 1
    digest = hashlib.sha256((tmp_path / "out.onnx").read_bytes()).hexdigest()
    versions = client.search_model_versions("name = 'scandid'")
    assert [each.tags["sha256"] for each in versions].count(digest) == 1


def test_a_clock_that_is_off_is_named(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that refuses for the time tells of the clock, and nothing of the keys."""
    for name, value in store.variables().items():
        monkeypatch.setenv(name, value)
    late = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: late)
    (tmp_path / "model.onnx").write_bytes(b"model")
    with pytest.raises(InputError, match=r"RequestTimeTooSkewed.*: set the clock$"):
        publish(tmp_path / "model.onnx", f"s3://{BUCKET}")


def test_artifacts_are_in_the_store(team: Team, store: ObjectStore) -> None:
    """The run's checkpoint lies in the bucket, to the byte; the tracker's own folder is empty."""
    run = tracker.client(team.uri).get_run(run_id(team.folder))
    prefix = f"s3://{BUCKET}/"
    assert run.info.artifact_uri.startswith(f"{prefix}models/")
    key = f"{run.info.artifact_uri.removeprefix(prefix)}/checkpoint/best.pt"
    stored = store.client().get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert stored == (team.folder / "runs/latest/best.pt").read_bytes()
    assert not (team.folder / "artifacts").exists()


def test_an_upload_that_breaks_is_completed_later(
    team: Team, store: ObjectStore, tmp_path: Path
) -> None:
    """A store that dies in mid-upload holds no part of the file; sync sends the whole one later."""
    shutil.copytree(team.folder / "runs/latest", tmp_path / "run")
    journal = tmp_path / "run/tracking.json"
    fields = json.loads(journal.read_text()) | {"files": [], "finished": False}
    journal.write_text(json.dumps(fields))
    run = tracker.client(team.uri).get_run(fields["run_id"])
    key = f"{run.info.artifact_uri.removeprefix(f's3://{BUCKET}/')}/checkpoint/best.pt"
    store.client().delete_object(Bucket=BUCKET, Key=key)
    words = ("-m", "training.tracking", "sync", "run")
    with weak_link(store.url) as link, ThreadPoolExecutor(1) as pool:
        link.bytes_per_s_up = 1_000_000
        slow = {"MLFLOW_S3_ENDPOINT_URL": link.url, "AWS_ENDPOINT_URL": link.url}
        variables = {**team.variables, **slow, "AWS_MAX_ATTEMPTS": "1"}
        sending = pool.submit(run_python, *words, cwd=tmp_path, variables=variables)
        deadline = time.monotonic() + DEADLINE_S
        while link.passed_up < 500_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        store.close()
        link.break_now()
        done = sending.result(DEADLINE_S)
    assert done.returncode == 2, done.stdout
    assert done.stderr.count("\n") == 1
    store.open()
    kept = store.client().list_objects_v2(Bucket=BUCKET, Prefix=key)
    assert kept["KeyCount"] == 0
    done = run_python(*words, cwd=tmp_path, variables=team.variables)
    assert done.returncode == 0, done.stderr
    stored = store.client().get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert stored == (tmp_path / "run/best.pt").read_bytes()


def test_a_store_that_refuses_is_named(team: Team, store: ObjectStore) -> None:
    """An export with a wrong secret: one line, exit code 2, nothing written."""
    others = {**team.variables, "AWS_SECRET_ACCESS_KEY": "wrong"}
    others["LOCAL_MODEL_STORAGE"] = "elsewhere"
    words = ("--run", run_id(team.folder), "--out", "never.onnx")
    done = export(*words, cwd=team.folder, variables=others)
    assert store.url == others["AWS_ENDPOINT_URL"]
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "credentials" in done.stderr
    assert not (team.folder / "never.onnx").exists()
    assert not list((team.folder / "elsewhere").iterdir())
