"""train.py stopped on the way, and what is said of it."""

import errno
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NoReturn

import pytest

import export
import train
from scandid import InputError
from tests.short_run import ROOT, STEPS, flags
from training import corpora, stores, tracking
from training.checkpoint import RUN, load_network, save_json

PATIENCE_S: Final = 120
STOPPED: Final = "train.py: stopped; --resume goes on from the last validation"


pytestmark = pytest.mark.usefixtures("keep_threads", "hears_interrupts")


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


def press(*_: object, **__: object) -> NoReturn:
    """Ctrl-C at this place."""
    raise KeyboardInterrupt


def test_an_interrupt_promises_nothing_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the first validation train.py offers no resume from it, and export.py is one line."""
    monkeypatch.setattr(stores, "read_dotenv", lambda: None)
    monkeypatch.setattr(corpora, "load_corpora", press)
    monkeypatch.setattr(tracking, "locate", press)
    out = tmp_path / "run"
    save_json(tmp_path / RUN, {"flags": {}})
    begun = ("--out", str(tmp_path), "--resume")
    for script, words, said in (
        ("train.py", ("--out", str(out)), "; no step was made, there is nothing to resume"),
        ("train.py", begun, "; no validation was reached, --resume begins anew"),
        ("export.py", (), ""),
    ):
        monkeypatch.setattr(sys, "argv", [script, *words])
        with pytest.raises(SystemExit) as caught:
            runpy.run_path(str(ROOT / script), run_name="__main__")
        assert caught.value.code == 130
        assert capsys.readouterr().err == f"{script}: stopped{said}\n"


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


def test_a_run_to_go_on_with_that_cannot_be_written_is_named_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--resume in a folder that has become read-only is refused before any text is read."""

    def refuse(**_: object) -> NoReturn:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    save_json(tmp_path / RUN, {"flags": {}})
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(InputError, match=r"--out: .* cannot be written: Read-only"):
        train.train(["--data", "absent.csv", "--out", str(tmp_path), "--resume"])
