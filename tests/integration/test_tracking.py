"""Runs in MLflow: what is there afterwards, and what trouble costs."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.labels import LABELS
from tests.integration import tracker
from tests.integration.running_server import DEADLINE_S
from tests.integration.runs import ROOT, SAMPLE, SHORT, clean_environment, run_python, train
from training.journal import Journal
from training.lock import locked
from training.sending import attempt
from training.stores import HINT, LOCAL_URI, Stores
from training.tracking import FolderTracker, require_tracker

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that was tracked in a local file."""
    folder = tmp_path_factory.mktemp("tracked")
    test = ("--test", str(SAMPLE), "--allow-contamination")
    done = train("--track", *test, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "tracked as run" in done.stderr
    return folder


def test_parameters_and_origins_are_there(tracked: Path) -> None:
    """Every flag and configuration, the data with rows and digests, commit and lock are logged."""
    (run,) = tracker.runs(tracker.local(tracked))
    stored = json.loads((tracked / "runs/latest/run.json").read_text())
    for part in ("flags", "network", "sampling", "fitting", "augmentation"):
        for name, value in stored[part].items():
            assert run.data.params[f"{part}.{name}"] == str(value)
    (given,) = run.inputs.dataset_inputs
    table = stored["corpora"]["tables"][0]
    profile = json.loads(given.dataset.profile)
    assert profile == {"num_rows": table["texts"], "sha256": table["digest"]}
    lock = hashlib.sha256((ROOT / "requirements/train.txt").read_bytes()).hexdigest()
    assert run.data.tags["scandid.lock"] == lock
    assert run.data.tags["mlflow.source.git.commit"] == stored["provenance"]["git_commit"]
    assert run.info.status == "FINISHED"


def test_scores_are_there(tracked: Path) -> None:
    """Loss and learning rate at each validation, and each class's scores on validation and test."""
    client = tracker.local(tracked)
    (run,) = tracker.runs(client)
    result = json.loads((tracked / "runs/latest/run.json").read_text())["result"]
    for name in ("loss", "learning_rate", "epoch", "validation/nob/recall"):
        history = client.get_metric_history(run.info.run_id, name)
        assert [metric.step for metric in history] == [3, 6]
    for prefix, scores in (("best", result["texts"]), ("test", result["test"])):
        for label in LABELS:
            for name in ("precision", "recall", "f1"):
                logged = run.data.metrics[f"{prefix}/{label}/{name}"]
                assert logged == pytest.approx(scores["per_class"][label][name])


def test_artifacts_are_there(tracked: Path) -> None:
    """The checkpoint with all that an export needs, and the pictures, are kept with the run."""
    client = tracker.local(tracked)
    (run,) = tracker.runs(client)
    tables = {"validation.parquet", "held_out.parquet", "test.parquet"}
    wanted = {"best.pt", "history.jsonl", "run.json", *tables}
    assert tracker.files(client, run.info.run_id, "checkpoint") == wanted
    pictures = {"confusion.png", "curves.png", "accuracy_by_length.png"}
    assert tracker.files(client, run.info.run_id, "figures") == pictures


def test_a_second_upload_adds_nothing(tracked: Path, tmp_path: Path) -> None:
    """A run whose journal is lost after the run was made is found again, not made twice."""
    copy = tmp_path / "copy"
    shutil.copytree(tracked, copy)
    client = tracker.local(copy)
    (before,) = tracker.runs(client)
    journal = copy / "runs/latest/tracking.json"
    fields = json.loads(journal.read_text())
    fields |= {"run_id": "", "described": False, "step": 0, "files": [], "finished": False}
    journal.write_text(json.dumps(fields))
    done = run_python("-m", "training.tracking", "sync", cwd=copy)
    assert done.returncode == 0, done.stderr
    (after,) = tracker.runs(client)
    assert after.info.run_id == before.info.run_id
    assert len(client.get_metric_history(after.info.run_id, "loss")) == 2


def test_a_dead_tracker_costs_nothing(tracked: Path, tmp_path: Path) -> None:
    """Training ends well, says what is wrong and how to send the run later; sync says the same."""
    uri = "http://127.0.0.1:9"
    variables = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    done = train(cwd=tmp_path, variables=variables)
    assert done.returncode == 0, done.stderr
    assert uri in done.stderr
    assert "python -m training.tracking sync runs/latest" in done.stderr
    kept = json.loads((tmp_path / "runs/latest/run.json").read_text())
    assert (
        kept["result"].keys()
        == json.loads((tracked / "runs/latest/run.json").read_text())["result"].keys()
    )
    again = run_python("-m", "training.tracking", "sync", cwd=tmp_path, variables=variables)
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1
    assert uri in again.stderr


def test_an_untracked_run_says_how(tmp_path: Path) -> None:
    """Without an address training is the same, and one line tells how to switch tracking on."""
    done = train(cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(HINT) == 1
    assert not (tmp_path / "runs/latest/tracking.json").exists()
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.parametrize("command", ["train", "sweep"])
def test_a_file_that_cannot_be_made_is_told_at_once(tmp_path: Path, command: str) -> None:
    """Where the tracker's file has no place, one line names it before anything is trained."""
    words = ("--track", "sqlite:////dev/null/x.db")
    begin = time.monotonic()
    if command == "train":
        done = train(*words, cwd=tmp_path)
    else:
        rest = ("--trials", "1", "--", "--data", str(SAMPLE))
        done = run_python("-m", "training.sweep", *words, *rest, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "/dev/null/x.db cannot be written" in done.stderr
    assert not list(tmp_path.rglob("run.json"))
    assert time.monotonic() - begin < 60


@pytest.mark.parametrize(
    ("uri", "fits"),
    [
        ("sqlite:///missing/deep/mlflow.db", True),
        ("sqlite:///:memory:", True),
        ("sqlite+pysqlite:///mlflow.db", True),
        ("sqlite:///with%20blank/mlflow.db", True),
        ("sqlite+pysqlite:////dev/null/x.db", False),
        ("sqlite:////dev/null/deep/x.db", False),
        ("sqlite+pysqlite:///missing/mlflow.db", False),
        ("sqlite:///more%20missing/mlflow.db", False),
    ],
)
def test_a_folder_that_mlflow_makes_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, fits: bool
) -> None:
    """What it makes is accepted; with a driver or an escape in the address it makes none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "with blank").mkdir()
    with contextlib.nullcontext() if fits else pytest.raises(InputError, match="cannot be written"):
        require_tracker(uri)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A working folder that cannot be written has no place for the file either."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(InputError, match=r"mlflow\.db cannot be written"):
            require_tracker(LOCAL_URI)
    finally:
        tmp_path.chmod(0o755)


def test_sync_leaves_a_training_alone(tracked: Path, tmp_path: Path) -> None:
    """A run that is still trained is not called ended by another process."""
    folder = copied_run(tracked, tmp_path)
    before = (folder / "tracking.json").read_bytes()
    with locked(folder):
        done = run_python("-m", "training.tracking", "sync", str(folder), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{folder}: is still trained, and left alone\n")
    assert (folder / "tracking.json").read_bytes() == before


def test_sync_without_runs_says_so(tmp_path: Path) -> None:
    """With nothing to send, one line says what was looked for, and the exit code is 2."""
    done = run_python("-m", "training.tracking", "sync", cwd=tmp_path)
    assert done.returncode == 2
    assert "tracking.json" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_resumed_run_is_running_again(tracked: Path, tmp_path: Path) -> None:
    """From the first sending on the tracker shows it as running; at the end, as finished."""
    folder = copied_run(tracked, tmp_path)
    client = tracker.local(tmp_path)
    journal = Journal.open(folder, Stores(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}"))
    assert attempt(journal, ended=False) is None
    assert client.get_run(journal.run_id).info.status == "RUNNING"
    assert attempt(journal, ended=True) is None
    assert client.get_run(journal.run_id).info.status == "FINISHED"


def copied_run(tracked: Path, place: Path) -> Path:
    """A copy of the run, tracked in a copy of the file."""
    shutil.copy(tracked / "mlflow.db", place)
    folder = place / "run"
    shutil.copytree(tracked / "runs/latest", folder)
    journal = json.loads((folder / "tracking.json").read_text())
    journal["uri"] = f"sqlite:///{place / 'mlflow.db'}"
    (folder / "tracking.json").write_text(json.dumps(journal))
    return folder


def test_a_silent_tracker_is_asked_once_more(
    tracked: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A sending that nobody answered is followed by one, not two; what is waited for is said."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    folder = copied_run(tracked, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        FolderTracker(Journal(folder, uri, "scandid")).finish()
        silent.setblocking(False)
        asked = 0
        with contextlib.suppress(BlockingIOError):
            while silent.accept():
                asked += 1
    assert asked == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"tracking: sending the rest to {uri} (Ctrl-C leaves it to sync)"
    assert f"python -m training.tracking sync {folder}" in told[1]


@pytest.mark.usefixtures("hears_interrupts")
def test_a_finished_run_does_not_wait_for_a_silent_tracker(tmp_path: Path) -> None:
    """Ctrl-C while the rest is sent ends the training at once, its result kept, with 130."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        variables = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_TIMEOUT": "600"}
        words = (str(ROOT / "train.py"), "--data", str(SAMPLE), *SHORT)
        with subprocess.Popen(
            [sys.executable, *words],
            cwd=tmp_path,
            env=clean_environment(**variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stderr is not None
            assert any("sending the rest to" in told for told in process.stderr)
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert process.wait(DEADLINE_S) == 130
    assert rest == (
        "tracking: stopped; the run is kept in runs/latest: "
        "python -m training.tracking sync runs/latest\n"
    )
    assert "result" in json.loads((tmp_path / "runs/latest/run.json").read_text())
