"""train.py and export.py end to end on a small sample: repeat, kill, resume, export, answer."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import onnx
import pytest
import torch

import export
import train
from scandid import LABELS, InputError, ScandidError
from scandid.identifier import Identifier
from scandid.tables import read_table
from tests.labelled import write_table
from tests.short_run import ROOT, SAMPLE, STEPS, flags, same_weights
from training.checkpoint import load_network
from training.graph import build_graph
from training.network import Network

PATIENCE_S: Final = 120


pytestmark = pytest.mark.usefixtures("keep_threads")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    train.train(flags(folder))
    return folder


@pytest.fixture(scope="module")
def described(run: Path) -> dict[str, Any]:
    """Content of the finished run's run.json."""
    content: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return content


def history(folder: Path) -> list[dict[str, Any]]:
    """Each validation of a run."""
    lines = (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_same_seed_gives_the_same_weights(run: Path, tmp_path: Path) -> None:
    """A second run with the same seed has the same weights to the bit; another seed has not."""
    train.train(flags(tmp_path / "again"))
    assert same_weights(run, tmp_path / "again")
    train.train(flags(tmp_path / "other", "--seed", "2"))
    assert not same_weights(run, tmp_path / "other")


def test_a_killed_run_resumes_as_if_nothing_had_happened(run: Path, tmp_path: Path) -> None:
    """After SIGKILL and --resume weights and history are those of an uninterrupted run."""
    folder = tmp_path / "killed"
    words = [sys.executable, str(ROOT / "train.py"), *flags(folder)]
    process = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("step 8:"):
            break
    process.send_signal(signal.SIGKILL)
    process.stderr.close()
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    assert "result" not in json.loads((folder / "run.json").read_text(encoding="utf-8"))
    with (folder / "history.jsonl").open("a", encoding="utf-8") as torn:
        torn.write('{"step": 99')
    with pytest.raises(InputError, match="holds a run; add --resume"):
        train.train(flags(folder))
    train.train(flags(folder, "--resume"))
    assert same_weights(run, folder)
    for kept, expected in zip(history(folder), history(run), strict=True):
        assert {**kept, "elapsed_s": 0} == {**expected, "elapsed_s": 0}


def test_a_resume_must_be_of_the_same_run(run: Path, tmp_path: Path) -> None:
    """Other flags, other texts and a folder without a run are refused by name."""
    with pytest.raises(InputError, match=r"--seed: 7, but the run in .* was started with 1"):
        train.train(flags(run, "--resume", "--seed", "7"))
    with pytest.raises(InputError, match=r"run\.json: no such run"):
        train.train(flags(tmp_path / "absent", "--resume"))
    shutil.copytree(run, tmp_path / "copy")
    path = tmp_path / "copy" / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["data"]["digest"] = "another"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=r"data is .*, but the run .* with another"):
        train.train(flags(tmp_path / "copy", "--resume"))


def test_the_best_weights_are_kept(run: Path, described: dict[str, Any]) -> None:
    """The result is the best of the validations, and best.pt is what scores it."""
    scores = [line["score"] for line in history(run)]
    assert [line["step"] for line in history(run)] == list(range(4, STEPS + 1, 4))
    assert described["result"]["score"] == max(scores)
    assert max(scores) > scores[0]


def test_run_json_holds_what_repeats_the_run(described: dict[str, Any]) -> None:
    """Flags, every configuration, the data's digest, versions, seed and result are there."""
    assert described["flags"]["seed"] == 1
    assert described["flags"]["data"] == [str(SAMPLE)]
    assert described["network"]["dim"] == 32
    for part in ("sampling", "fitting", "augmentation"):
        assert described[part]
    assert len(described["data"]["digest"]) == 64
    assert described["data"]["texts"] == 420
    for key in ("torch", "numpy", "python", "scandid", "git_commit", "run_id", "device", "threads"):
        assert described["provenance"][key]
    assert set(described["result"]["texts"]["per_class"]) == set(LABELS)


def test_the_end_shows_each_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Precision, recall and F1 of each label are printed at the end, loss and score on the way."""
    train.train(flags(tmp_path / "run", "--steps", "2"))
    shown = capsys.readouterr()
    assert "precision" in shown.out
    for label in ("dan Danish", "nno Norwegian Nynorsk", "other Other"):
        assert label in shown.out
    assert "step 2: loss " in shown.err
    assert "validation 0." in shown.err


def test_minutes_bound_the_time(tmp_path: Path) -> None:
    """A run of a million steps ends by its minutes, with weights to export."""
    start = time.monotonic()
    train.train(flags(tmp_path / "run", "--steps", "1000000", "--minutes", "0.02"))
    assert time.monotonic() - start < PATIENCE_S
    network, run = load_network(tmp_path / "run")
    assert 1 <= run["result"]["steps"] < 1_000_000
    assert not network.training


def test_patience_ends_a_run_that_does_not_improve(tmp_path: Path) -> None:
    """With a step size too small to learn anything, the run stops after so many validations."""
    words = flags(tmp_path / "run", "--learning-rate", "1e-8", "--patience", "2")
    train.train([*words, "--evaluate-every", "1"])
    assert [line["step"] for line in history(tmp_path / "run")] == [1, 2, 3]


def test_a_terminal_shows_loss_and_validation_score(tmp_path: Path) -> None:
    """On a terminal the bar carries the loss and the last validation score."""
    import pty  # noqa: PLC0415 - not on every system
    import termios  # noqa: PLC0415

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    words = [sys.executable, str(ROOT / "train.py"), *flags(tmp_path / "run", "--steps", "6")]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # Linux says so at the end of a terminal
            break
    os.close(ours)
    assert process.wait(PATIENCE_S) == 0
    assert b"loss=" in shown
    assert b"validation=0." in shown


@pytest.mark.parametrize("script", ["train.py", "export.py"])
def test_errors_are_one_line(tmp_path: Path, script: str) -> None:
    """A wrong source, flag or folder is one line on stderr and exit code 2."""
    (tmp_path / "a.csv").write_text("text,language\nJa,dan\nJo,xx\n", encoding="utf-8")
    arguments = ["--data", "a.csv"] if script == "train.py" else ["absent"]
    message = "a.csv: row 2: column language: 'xx' is no ISO 639-3 code"
    words = [sys.executable, str(ROOT / script), *arguments]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    expected = message if script == "train.py" else "absent/run.json: no such run"
    assert done.stderr.startswith(f"{script}: {expected}")
    assert done.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model file of the finished run."""
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    export.export([str(run), "--out", str(path)])
    return path


def test_a_trained_model_answers(exported: Path, run: Path, described: dict[str, Any]) -> None:
    """Sample to training to export to identifier: most of the sample is identified rightly."""
    identifier = Identifier.load(exported)
    identifier.verify()
    rows = list(read_table(SAMPLE))
    answers = identifier.identify_batch([row.text for row in rows])
    right = sum(answer.label in row.gold for row, answer in zip(rows, answers, strict=True))
    assert right / len(rows) > 0.6
    assert identifier.metadata.run_id == described["provenance"]["run_id"]
    assert identifier.metadata.data_digest == described["data"]["digest"]
    assert run.exists()
    assert list(exported.parent.iterdir()) == [exported]


def test_an_export_calibrates(exported: Path, run: Path, tmp_path: Path) -> None:
    """The file says on which texts it was calibrated: the run's held-out ones, or those named."""
    held_out = Identifier.load(exported).metadata
    assert [table["name"] for table in held_out.calibration["fitted_on"]] == ["sample"]
    assert held_out.calibration["scales"]["several words"] != [1.0] * 9
    out = ["--out", str(tmp_path / "m.onnx")]
    other = ROOT / "tests" / "data" / "ud_sample.parquet"
    export.export([str(run), *out, "--calibrate", str(other)])
    found = Identifier.load(tmp_path / "m.onnx").metadata
    assert [(table["name"], table["texts"]) for table in found.calibration["fitted_on"]] == [
        ("ud_sample", 500)
    ]
    assert found.calibration["scales"] != held_out.calibration["scales"]
    assert found.reliable.as_dict()["bytes"] == [8, 14, 26, 62, 210]


def test_a_calibration_is_on_texts_that_are_there_and_unseen(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Texts without a letter are refused by flag; those of the run's own source are told."""
    path = write_table(tmp_path / "digits.tsv", ("12 !", "dan"), ("34", "swe"))
    for flag in ("--calibrate", "--sets"):
        with pytest.raises(InputError, match=rf"{flag}: no text of .*digits\.tsv is left: all"):
            export.export([str(run), "--out", str(tmp_path / "m.onnx"), flag, str(path)])
    export.export([str(run), "--out", str(tmp_path / "m.onnx"), "--calibrate", str(SAMPLE)])
    told = "--calibrate: of a source that the run was trained on: sample: "
    assert told in capsys.readouterr().err


def test_an_export_prints_what_it_checked(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every check stands in the table with its limit."""
    export.export([str(run), "--out", str(tmp_path / "m.onnx"), "--max-bytes", "128"])
    shown = capsys.readouterr().out
    named = ("dynamic axes", "shapes unlike", "alone against in a batch", "same label", "size:")
    for check in named:
        assert check in shown
    assert shown.count("ok  ") == 6
    assert Identifier.load(tmp_path / "m.onnx").metadata.max_bytes == 128


def unrounded(network: Network, *, quantized: bool) -> onnx.ModelProto:
    """The graph in float32, whatever was asked for."""
    del quantized
    return build_graph(network, quantized=False)


def test_an_export_that_fails_a_check_writes_nothing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With float32 weights in place of int8 the size is over its limit: nothing is written."""
    monkeypatch.setattr(export, "build_graph", unrounded)
    with pytest.raises(ScandidError, match=r"is not written: a check failed: .*size: .* --rows"):
        export.export([str(run), "--out", str(tmp_path / "m.onnx")])
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_or_damaged_run_is_not_exported(run: Path, tmp_path: Path) -> None:
    """Without a result, with a torn checkpoint, or with code in it, the export says so."""
    shutil.copytree(run, tmp_path / "run")
    out = ["--out", str(tmp_path / "m.onnx")]
    (tmp_path / "run" / "best.pt").write_bytes((run / "best.pt").read_bytes()[:-900])
    with pytest.raises(InputError, match=r"best\.pt: is no checkpoint that can be read"):
        export.export([str(tmp_path / "run"), *out])
    torch.save({"code": Path("/")}, tmp_path / "run" / "best.pt")
    with pytest.raises(InputError, match=r"best\.pt: is no checkpoint that can be read"):
        export.export([str(tmp_path / "run"), *out])
    torch.save({"table": torch.zeros(1)}, tmp_path / "run" / "best.pt")
    with pytest.raises(InputError, match=r"best\.pt: does not fit run\.json"):
        export.export([str(tmp_path / "run"), *out])
    shutil.copy(run / "best.pt", tmp_path / "run" / "best.pt")
    content = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del content["result"]
    (tmp_path / "run" / "run.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="the run is not finished"):
        export.export([str(tmp_path / "run"), *out])
    assert not (tmp_path / "m.onnx").exists()
