"""train.py stopped on the way, and what is said of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import torch

import export
import train
from scandid import InputError
from tests.short_run import ROOT, STEPS, flags
from training.checkpoint import load_network

PATIENCE_S: Final = 120
STOPPED: Final = "train.py: stopped; --resume goes on from the last validation"


@pytest.fixture(autouse=True)
def keep_threads() -> Iterator[None]:
    """Runs set the number of threads; put it back."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def interrupted(words: list[str], line: str, folder: Path) -> tuple[int, list[str]]:
    """Train until a line begins like this, press Ctrl-C; exit code and what came after."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert any(told.startswith(line) for told in process.stderr)
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read().splitlines()
        return process.wait(PATIENCE_S), rest


def test_an_interrupt_is_one_line(tmp_path: Path) -> None:
    """Ctrl-C, which other processes of the run get too, prints how to go on and no traceback."""
    words = flags(tmp_path / "run", "--workers", "1", "--steps", "9999")
    code, rest = interrupted(words, "step 4:", tmp_path)
    assert code == 130
    assert rest[-1] == STOPPED
    assert all(line.startswith("step ") for line in rest[:-1])


def test_a_run_that_goes_on_is_not_finished(tmp_path: Path) -> None:
    """A finished run, resumed for more steps and stopped, has no result left that is of before."""
    folder, out = tmp_path / "run", str(tmp_path / "m.onnx")
    train.train(flags(folder))
    assert load_network(folder)[1]["result"]["steps"] == STEPS
    more = flags(folder, "--resume", "--steps", "9999")
    assert interrupted(more, f"step {STEPS + 4}:", tmp_path)[0] == 130
    with pytest.raises(InputError, match=r"the run is not finished: train\.py --resume ends it"):
        export.export([str(folder), "--out", out])
    train.train(flags(folder, "--resume", "--steps", str(STEPS + 4)))
    assert load_network(folder)[1]["result"]["steps"] >= STEPS + 4


@pytest.mark.parametrize("folder", ["/proc", "/dev/null/run"])
def test_a_folder_that_cannot_be_written_is_named_first(folder: str) -> None:
    """Before any text is read: a source that is not there is not what is complained about."""
    with pytest.raises(InputError, match=f"--out: {folder} cannot be written: "):
        train.train(["--data", "absent.csv", "--out", folder])
