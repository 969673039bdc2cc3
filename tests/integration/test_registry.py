"""Versions of the model: registered at export, promoted through the gate, taken back."""

import hashlib
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
        test = ("--test", str(SAMPLE), "--out", f"runs/{name}")
        trained = train(*LEARNING, *test, cwd=folder, data=data, variables=variables)
        assert trained.returncode == 0, trained.stderr
        done = export(f"runs/{name}", "--out", f"{name}.onnx", cwd=folder)
        assert done.returncode == 0, done.stderr
        assert "registered as version" in done.stdout, done.stderr
    return folder


def write_swapped(path: Path) -> None:
    """The sample with wrong labels: what a bad run is trained on."""
    wrong = {"dan": "swe", "swe": "nno", "nob": "dan", "nno": "nob", "other": "other"}
    lines = [
        f"{row.text.replace(chr(9), ' ')}\t{' '.join(wrong[label] for label in row.gold)}\n"
        for row in read_table(SAMPLE)
    ]
    path.write_text("text\tlanguages\n" + "".join(lines), encoding="utf-8")


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
    assert kept == {"scandid.onnx", "scandid.onnx.sha256", "README.md"}


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
    assert registry.rollback() == "version 1 is the champion"
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
