"""train.py with other processes, from a model file, and with a teacher of another kind."""

from pathlib import Path

import pytest
import torch

import export
import train
from scandid import InputError
from scandid.identifier import Identifier
from scandid.tables import read_table
from tests.labelled import write_table
from tests.short_run import SAMPLE, flags, same_weights
from training.cascade import Cascade
from training.checkpoint import load_network
from training.validation import TorchModel

ONE_ORDER = ["--orders", "3", "--rows", "4096"]


pytestmark = pytest.mark.usefixtures("keep_threads")


def test_batches_drawn_ahead_give_the_same_weights(tmp_path: Path) -> None:
    """A process that draws the batches changes nothing but the time."""
    train.train(flags(tmp_path / "asked", "--steps", "9"))
    train.train(flags(tmp_path / "ahead", "--steps", "9", "--workers", "1"))
    assert same_weights(tmp_path / "asked", tmp_path / "ahead")


def test_languages_that_only_a_left_out_source_has_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not trained on is told before the first step, though the data have texts of it."""
    letters = [one + two for one in "abcdefghij" for two in "abcdefghij"]
    danish = write_table(tmp_path / "danish.tsv", *((f"Det er {each}", "dan") for each in letters))
    words = ["--data", str(danish), "--leave-out", "sample", "--steps", "1"]
    train.train(flags(tmp_path / "run", *words))
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if line.startswith("no text is")] == [
        f"no text is {name}: the model will not know it" for name in ("swe", "nob", "nno", "other")
    ]


def test_a_run_starts_from_a_model_file_and_learns_from_a_transformer(
    tmp_path: Path,
) -> None:
    """Flags alone make a teacher of words, and a network that goes on from a file and learns it."""
    exported = tmp_path / "model.onnx"
    train.train(flags(tmp_path / "first"))
    export.export([str(tmp_path / "first"), "--out", str(exported)])
    sizes = ["--dim", "8", "--width", "8", "--layers", "1", "--heads", "2", "--steps", "4"]
    teacher = tmp_path / "teacher"
    train.train(flags(teacher, "--architecture", "transformer", *sizes))
    with pytest.raises(InputError, match=r"teacher: holds a transformer, which can teach"):
        export.export([str(teacher), "--out", str(tmp_path / "m.onnx")])
    sizes += ["--architecture", "transformer", "--init", str(teacher), "--freeze-tables"]
    with pytest.raises(InputError, match="--freeze-tables: is for what ships"):
        train.train(flags(tmp_path / "frozen", *sizes))
    student = tmp_path / "student"
    learning = ["--init", str(exported), "--teacher", str(teacher), "--teacher", str(exported)]
    train.train(flags(student, *learning, "--learning-rate", "0.00000001"))
    rows = [row.text for row in read_table(SAMPLE)][:200]
    before = Identifier.load(exported).identify_batch(rows)
    after = Identifier(TorchModel(load_network(student)[0], 1024)).identify_batch(rows)
    agree = sum(one.label == other.label for one, other in zip(before, after, strict=True))
    assert agree / len(rows) > 0.8


def test_a_cascade_goes_on_from_a_run_and_ships(tmp_path: Path) -> None:
    """Flags alone put a second stage on a run, which is exported, and other runs start from it."""
    with pytest.raises(InputError, match="--architecture cascade: name the run it begins with"):
        train.train(flags(tmp_path / "none", "--architecture", "cascade", *ONE_ORDER))
    first, second = tmp_path / "first", tmp_path / "second"
    train.train(flags(first, *ONE_ORDER))
    cascade = ["--architecture", "cascade", "--doubt", "0.99", "--init", str(first), *ONE_ORDER]
    with pytest.raises(InputError, match=r"--init: .*first holds NetworkConfig.*the flags say"):
        train.train(flags(second, *cascade, "--hidden", "5"))
    train.train(flags(second, *cascade, "--width", "9"))
    exported = tmp_path / "cascade.onnx"
    export.export([str(second), "--out", str(exported)])
    before, after = load_network(first)[0].state_dict(), load_network(second)[0]
    assert isinstance(after, Cascade)
    assert after.correct.weight.abs().max() > 0
    assert all(torch.equal(value, after.state_dict()[name]) for name, value in before.items())
    third = tmp_path / "third"
    more = ["--architecture", "cascade", "--doubt", "0.99", "--width", "9", *ONE_ORDER]
    train.train(flags(third, *more, "--init", str(exported), "--steps", "4"))
    assert load_network(third)[0].config == after.config
