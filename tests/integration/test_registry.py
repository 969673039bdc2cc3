"""Versions of the model: registered at export, promoted through the gate, taken back."""

import csv
import hashlib
import json
from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.tables import read_table
from tests.integration import tracker
from tests.integration.runs import LEARNING, SAMPLE, export, run_python, train
from training.stores import Stores

pytestmark = pytest.mark.filterwarnings("ignore")


def uri(folder: Path) -> str:
    """The tracker of a folder."""
    return f"sqlite:///{folder / 'mlflow.db'}"


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two tracked runs, a good and a bad one, exported as versions 1 and 2."""
    folder = tmp_path_factory.mktemp("registered")
    variables = {"MLFLOW_TRACKING_URI": uri(folder)}
    swapped = folder / "swapped.tsv"
    write_swapped(swapped)
    for name, data in (("good", SAMPLE), ("bad", swapped)):
        test = ("--test", str(SAMPLE), "--allow-contamination", "--out", f"runs/{name}")
        trained = train(*LEARNING, *test, cwd=folder, data=data, variables=variables)
        assert trained.returncode == 0, trained.stderr
        done = export(f"runs/{name}", "--out", f"{name}.onnx", cwd=folder)
        assert done.returncode == 0, done.stderr
        assert "registered as version" in done.stdout, done.stderr
    return folder


def write_swapped(path: Path) -> None:
    """The sample with wrong labels: what a bad run is trained on."""
    wrong = {"dan": "swe", "swe": "nno", "nob": "dan", "nno": "nob", "other": "other"}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t")
        writer.writerow(["text", "languages"])
        for row in read_table(SAMPLE):
            writer.writerow([row.text, " ".join(wrong[label] for label in row.gold)])


def champion(folder: Path) -> str:
    """Version that the alias points to."""
    found = tracker.local(folder).get_model_version_by_alias("scandid", "champion")
    return str(found.version)


def test_an_export_is_registered(registered: Path) -> None:
    """The version has the file, its card, its digest and its scores by language."""
    client = tracker.local(registered)
    version = client.get_model_version("scandid", "1")
    digest = hashlib.sha256((registered / "good.onnx").read_bytes()).hexdigest()
    assert version.tags["sha256"] == digest
    assert {"f1_dan", "f1_swe", "f1_nob", "f1_nno"} <= version.tags.keys()
    kept = tracker.files(client, str(version.run_id), f"model/{digest[:16]}")
    assert kept == {"scandid.onnx", "scandid.onnx.sha256", "README.md", "confusion.png"}


def test_the_card_of_an_own_model_tells_of_its_own_run(registered: Path) -> None:
    """Sources and calibration are those of the run, and nothing is said of the shipped model."""
    client = tracker.local(registered)
    version = client.get_model_version("scandid", "1")
    folder = f"model/{version.tags['sha256'][:16]}"
    card = Path(client.download_artifacts(str(version.run_id), f"{folder}/README.md")).read_text(
        "utf-8"
    )
    run = json.loads((registered / "runs/good/run.json").read_text(encoding="utf-8"))
    assert f"| sample | 420 | `{run['corpora']['tables'][0]['digest']}` |" in card
    assert " was fitted on 12 texts of sample." in card
    assert "shipped" not in card
    assert "common_voice" not in card
    assert "never trained on" not in card


def test_promotion_passes_a_gate(registered: Path) -> None:
    """A worse version is refused by language, or forced with a note; rollback takes it back."""
    registry = tracker.registry(Stores(tracking_uri=uri(registered)))
    registry.promote("1", margin=0.005, force=False)
    with pytest.raises(InputError, match=r"version 2 is not promoted, .*F1 .*--force"):
        registry.promote("2", margin=0.005, force=False)
    assert champion(registered) == "1"
    registry.promote("2", margin=0.005, force=True)
    assert champion(registered) == "2"
    tags = tracker.local(registered).get_model_version("scandid", "2").tags
    assert "more than 0.005 less" in tags["forced"]
    assert tags["replaces"] == "1"
    assert registry.rollback() == (
        "version 1 is the champion; ARTIFACT_STORE is not set, so nothing is published"
    )
    assert champion(registered) == "1"
    marked = [line.split()[:2] for line in registry.table().splitlines() if "champion" in line]
    assert marked == [["version", "champion"], ["1", "champion"]]
    with pytest.raises(InputError, match="version 1 replaced none"):
        registry.rollback()


def test_a_run_is_found_by_id_score_and_version(registered: Path, tmp_path: Path) -> None:
    """A run's id, the best by a metric and a version lead to the same checkpoint."""
    stores = Stores(tracking_uri=uri(registered), local=tmp_path)
    good = str(tracker.local(registered).get_model_version("scandid", "1").run_id)
    best = (registered / "runs/good/best.pt").read_bytes()
    for asked in ((good, "", ""), ("", "test/macro_f1", ""), ("", "", "models:/scandid/1")):
        folder = tracker.choose(*asked, stores)
        assert folder == tmp_path / good
        assert (folder / "best.pt").read_bytes() == best
    assert [path.name for path in tmp_path.iterdir()] == [good]


def test_a_run_exported_on_other_machines_has_its_points_once(
    registered: Path, tmp_path: Path
) -> None:
    """Machines that fetch a run send none of its validations again."""
    client = tracker.local(registered)
    good = str(client.get_model_version("scandid", "1").run_id)
    before = client.get_metric_history(good, "score")
    for machine in ("first", "second"):
        local = {"LOCAL_MODEL_STORAGE": str(tmp_path / machine)}
        variables = {"MLFLOW_TRACKING_URI": uri(registered), **local}
        words = ("--run", good, "--out", str(tmp_path / "out.onnx"))
        done = export(*words, cwd=registered, variables=variables)
        assert "registered as version" in done.stdout, done.stderr
        journal = json.loads((tmp_path / machine / good / "tracking.json").read_text())
        assert journal["step"] == before[-1].step
        assert journal["started_ms"] == client.get_run(good).info.start_time
    assert client.get_metric_history(good, "score") == before


def test_a_run_that_went_on_is_fetched_anew(tmp_path: Path) -> None:
    """An older copy of its checkpoint is replaced; the journal and other files beside it stay."""
    variables = {"MLFLOW_TRACKING_URI": uri(tmp_path)}
    assert train("--out", "mine", cwd=tmp_path, variables=variables).returncode == 0
    (run,) = tracker.runs(tracker.local(tmp_path))
    stores = Stores(tracking_uri=uri(tmp_path), local=tmp_path / "local")
    folder = tracker.choose(run.info.run_id, "", "", stores)
    journal = (folder / "tracking.json").read_bytes()
    (folder / "notes.txt").write_text("mine")
    longer = ("--steps", "30", "--resume", "--out", "mine")
    assert train(*longer, cwd=tmp_path, variables=variables).returncode == 0
    assert (folder / "run.json").read_bytes() != (tmp_path / "mine/run.json").read_bytes()
    assert tracker.choose(run.info.run_id, "", "", stores) == folder
    for name in ("best.pt", "run.json", "history.jsonl"):
        assert (folder / name).read_bytes() == (tmp_path / "mine" / name).read_bytes()
    assert (folder / "tracking.json").read_bytes() == journal
    assert (folder / "notes.txt").read_text() == "mine"
    assert [path.name for path in stores.local.iterdir()] == [folder.name]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (("nosuch", "", ""), "nosuch"),
        (("", "nosuch", ""), r"nosuch.*best/score"),
        (("", "", "models:/scandid@nosuch"), "nosuch"),
        (("", "", "models:/scandid/99"), "training.registry list"),
        (("", "", "nosuch"), "models:/scandid@champion"),
    ],
)
def test_what_is_unknown_is_named(
    registered: Path, tmp_path: Path, asked: tuple[str, str, str], wanted: str
) -> None:
    """An unknown run, metric, alias or version is named, with where it was asked or its form."""
    with pytest.raises(InputError, match=wanted):
        tracker.choose(*asked, Stores(tracking_uri=uri(registered), local=tmp_path))
    assert not list(tmp_path.iterdir())


def test_an_export_of_an_unknown_run_writes_nothing(registered: Path) -> None:
    """The command prints one line with the run and the tracker, and ends with 2."""
    variables = {"MLFLOW_TRACKING_URI": uri(registered)}
    done = export("--run", "nosuch", "--out", "never.onnx", cwd=registered, variables=variables)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "nosuch" in done.stderr
    assert uri(registered) in done.stderr
    assert not (registered / "never.onnx").exists()


def test_a_dead_tracker_is_named(tmp_path: Path) -> None:
    """The registry of a server that is down says where it asked, in one line, with exit code 2."""
    dead = "http://127.0.0.1:9"
    variables = {"MLFLOW_TRACKING_URI": dead, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    done = run_python("-m", "training.registry", "list", cwd=tmp_path, variables=variables)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert dead in done.stderr
