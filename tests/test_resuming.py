"""What a run is gone on from: nothing that was kept is lost, and nothing is taken for another's."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import export
import train
from scandid import InputError
from tests.short_run import ROOT, flags, same_weights
from training.checkpoint import load_network
from training.lock import is_locked, locked

pytestmark = pytest.mark.usefixtures("keep_threads")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    train.train(flags(folder))
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return shutil.copytree(finished, tmp_path / "run")


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def cut(path: Path) -> None:
    """Leave the first half of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def write_history(folder: Path, line: str) -> None:
    """Put a line before the history."""
    path = folder / "history.jsonl"
    path.write_text(f"{line}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda run: (run / "last.pt").unlink(), r"has no last\.pt, .*: --init "),
        (lambda run: cut(run / "last.pt"), r"last\.pt: is no checkpoint that can be read"),
        (lambda run: shutil.copy(run / "best.pt", run / "last.pt"), r"lacks best, elapsed_s, fi"),
    ],
)
def test_a_run_that_cannot_be_gone_on_with_stays_finished(
    run: Path, damage: Callable[[Path], object], message: str
) -> None:
    """What is missing is named before anything is changed: it can be exported as before."""
    damage(run)
    before = content(run)
    with pytest.raises(InputError, match=message):
        train.train(flags(run, "--resume", "--steps", "60"))
    assert content(run) == before
    assert "result" in load_network(run)[1]


def test_a_history_that_is_none_is_named(run: Path) -> None:
    """A line of something else is an error with its number."""
    write_history(run, "{]")
    with pytest.raises(InputError, match=r"history\.jsonl: line 1 is none of a training: '\{\]"):
        train.train(flags(run, "--resume", "--steps", "60"))


def test_a_run_without_a_result_that_has_lost_its_state_is_named(run: Path) -> None:
    """Validations without the state of the last one are no reason to begin anew."""
    told = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del told["result"]
    (run / "run.json").write_text(json.dumps(told), encoding="utf-8")
    (run / "last.pt").unlink()
    with pytest.raises(InputError, match=r"has no last\.pt, which is not kept by a tracker"):
        train.train(flags(run, "--resume"))


def test_a_run_killed_before_its_first_validation_starts_anew(run: Path, finished: Path) -> None:
    """With nothing to go on from, --resume trains from the start, and tells of one start alone."""
    told = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del told["result"]
    first = (run / "history.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[0]
    shutil.rmtree(run)
    run.mkdir()
    (run / "run.json").write_text(json.dumps(told), encoding="utf-8")
    (run / "history.jsonl").write_text(first, encoding="utf-8")
    train.train(flags(run, "--resume"))
    assert same_weights(finished, run)
    lines = [(each / "history.jsonl").read_text(encoding="utf-8") for each in (finished, run)]
    assert lines[0].count("\n") == lines[1].count("\n")


def test_weights_of_another_training_are_not_exported(run: Path, tmp_path: Path) -> None:
    """What run.json tells of is what is exported, or nothing."""
    train.train(flags(tmp_path / "other", "--seed", "2", "--steps", "4"))
    shutil.copy(tmp_path / "other/best.pt", run / "best.pt")
    with pytest.raises(InputError, match=r"best\.pt: is of another training than run\.json"):
        export.export([str(run), "--out", str(tmp_path / "m.onnx")])
    assert not (tmp_path / "m.onnx").exists()


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("data", {}, r"run\.json: tells no digest of its data"),
        ("provenance", None, r"run\.json: tells no run_id of its provenance"),
        ("network", "lstm", r"best\.pt: does not fit run\.json"),
    ],
)
def test_a_run_that_tells_too_little_is_named(
    run: Path, tmp_path: Path, part: str, value: object, message: str
) -> None:
    """A part of run.json that is not as it was written is one line, and no traceback."""
    told = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps(told | {part: value}), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        export.export([str(run), "--out", str(tmp_path / "m.onnx")])


def test_two_trainings_do_not_meet_in_a_folder(tmp_path: Path) -> None:
    """While one process is at work in a folder another is refused; when it is killed, none is."""
    script = (
        "import sys; from pathlib import Path; from training.lock import locked\n"
        "with locked(Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "run")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"in\n"
        assert is_locked(tmp_path / "run")
        with pytest.raises(InputError, match=r"--out: another training is at work in .*run; wait"):
            train.train(flags(tmp_path / "run"))
        other.kill()
    assert not is_locked(tmp_path / "run")
    with locked(tmp_path / "run"):
        assert list((tmp_path / "run").iterdir()) == []


def test_a_loss_that_is_no_number_ends_the_run(finished: Path, tmp_path: Path) -> None:
    """Weights that were never numbers, or have ceased to be, are not trained on."""
    poisoned = shutil.copytree(finished, tmp_path / "poisoned")
    weights = torch.load(poisoned / "best.pt", weights_only=True)
    torch.save({name: weight * torch.nan for name, weight in weights.items()}, poisoned / "best.pt")
    told = json.loads((poisoned / "run.json").read_text(encoding="utf-8"))
    del told["result"]
    (poisoned / "run.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(InputError, match=r"the loss of step 1 is nan: lower --learning-rate"):
        train.train(flags(tmp_path / "run", "--init", str(poisoned)))
