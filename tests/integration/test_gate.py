"""The gate where it could be blind: languages without texts, a champion that is gone, forced."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.tables import read_table
from tests.integration import tracker
from tests.integration.runs import LEARNING, SAMPLE, export, train
from training.stores import Stores

pytestmark = pytest.mark.filterwarnings("ignore")

MARGIN = 0.005


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with version 1, of a run that knows Swedish, and 2 and 3, of one that does not.

    The last two are written into the folder of their run itself.
    """
    folder = tmp_path_factory.mktemp("gate")
    variables = {"MLFLOW_TRACKING_URI": uri(folder)}
    write_without_swedish(folder / "lossy.tsv")
    for name, versions in (("whole", "1"), ("lossy", "23")):
        data = SAMPLE if name == "whole" else folder / "lossy.tsv"
        words = ("--test", str(data), "--allow-contamination", "--out", f"runs/{name}")
        learning = LEARNING if name == "whole" else ()
        done = train(*learning, *words, cwd=folder, data=data, variables=variables)
        assert done.returncode == 0, done.stderr
        for version in versions:
            out = f"runs/{name}/scandid.onnx"
            done = export(f"runs/{name}", "--out", out, "--version", version, cwd=folder)
            assert done.returncode == 0, done.stderr
            assert f"registered as version {version}" in done.stdout, done.stderr
    return folder


def write_without_swedish(path: Path) -> None:
    """The sample's texts of all languages but one."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t")
        writer.writerow(["text", "languages"])
        for row in read_table(SAMPLE):
            if "swe" not in row.gold:
                writer.writerow([row.text, " ".join(row.gold)])


def uri(folder: Path) -> str:
    """The tracker of a folder."""
    return f"sqlite:///{folder / 'mlflow.db'}"


@pytest.fixture
def gate(made: Path, tmp_path: Path) -> Iterator[Stores]:
    """A registry of its own, with the files of all; what a test removes of them is put back."""
    shutil.copy(made / "mlflow.db", tmp_path)
    shutil.copytree(made, tmp_path / "kept")
    yield Stores(tracking_uri=uri(tmp_path))
    shutil.rmtree(made)
    shutil.move(tmp_path / "kept", made)


def tags(stores: Stores, number: str) -> dict[str, str]:
    """Tags of a version."""
    return dict(tracker.client(stores.tracking_uri).get_model_version("scandid", number).tags)


def test_a_lost_language_is_no_gain(gate: Stores) -> None:
    """A run that saw no Swedish has none to be tested on; the champion's texts show the loss."""
    registry = tracker.registry(gate)
    registry.promote("1", margin=MARGIN, force=False)
    with pytest.raises(InputError, match=r"swe: F1 0\.\d+ against the champion's 1\.0000"):
        registry.promote("2", margin=MARGIN, force=False)


def test_a_language_without_texts_is_not_passed(gate: Stores) -> None:
    """Where neither run has a text of a language, that is a reason against; --force notes it."""
    registry = tracker.registry(gate)
    registry.promote("2", margin=MARGIN, force=False)
    with pytest.raises(InputError, match=r"not promoted, swe: no text to compare on; --force"):
        registry.promote("3", margin=MARGIN, force=False)
    registry.promote("3", margin=MARGIN, force=True)
    assert tags(gate, "3")["forced"] == "swe: no text to compare on"


def test_texts_of_a_champion_may_be_gone(
    gate: Stores, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The candidate's own texts are asked, and what lacks is told."""
    registry = tracker.registry(gate)
    registry.promote("1", margin=MARGIN, force=False)
    for path in (made / "mlruns").rglob("checkpoint"):
        if f"/{run_id(made, 'whole')}/" in str(path):
            shutil.rmtree(path)
    with pytest.raises(InputError, match="swe: no text to compare on"):
        registry.promote("2", margin=MARGIN, force=False)
    assert f"compared on the texts of run {run_id(made, 'lossy')} alone" in capsys.readouterr().err


def run_id(folder: Path, name: str) -> str:
    """The tracker's name of a run."""
    return str(json.loads((folder / "runs" / name / "tracking.json").read_text())["run_id"])


def model_file(folder: Path, stores: Stores, number: str) -> Path:
    """Where the tracker keeps the file of a version."""
    digest = tags(stores, number)["sha256"]
    (path,) = (folder / "mlruns").rglob(f"model/{digest[:16]}/scandid.onnx")
    return path


@pytest.mark.parametrize("damage", ["gone", "damaged"])
def test_a_champion_that_cannot_be_read_is_replaced_by_force(
    gate: Stores, made: Path, damage: str
) -> None:
    """Where its file is gone or damaged, the refusal names --force, and --force notes why."""
    registry = tracker.registry(gate)
    registry.promote("1", margin=MARGIN, force=False)
    path = model_file(made, gate, "1")
    path.unlink() if damage == "gone" else path.write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"version 1 .*; --force promotes without comparing"):
        registry.promote("2", margin=MARGIN, force=False)
    assert registry.promote("2", margin=MARGIN, force=True).startswith("version 2 is the champion")
    assert tags(gate, "2")["forced"].startswith("not compared: ")


def test_force_makes_no_broken_file_the_champion(gate: Stores, made: Path) -> None:
    """A candidate whose own file is damaged is refused, forced or not, and no alias moves."""
    registry = tracker.registry(gate)
    registry.promote("1", margin=MARGIN, force=False)
    model_file(made, gate, "2").write_bytes(b"damaged")
    for force in (False, True):
        with pytest.raises(InputError, match=r"version 2 .*registered was .*export the run again$"):
            registry.promote("2", margin=MARGIN, force=force)
    assert "1             champion" in registry.table()


def test_the_champion_is_published_again_only_where_there_is_a_store(gate: Stores) -> None:
    """Promoting the champion without ARTIFACT_STORE names what is missing."""
    registry = tracker.registry(gate)
    registry.promote("1", margin=MARGIN, force=False)
    with pytest.raises(InputError, match="is the champion already; set ARTIFACT_STORE"):
        registry.promote("1", margin=MARGIN, force=False)
