"""Standard streams as shells, containers and other programs hand them to the command."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import scandid
from scandid.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60


@pytest.fixture
def shell(tiny_model: Path, tmp_path: Path) -> list[str]:
    """A shell in an empty folder whose ``$S`` is the command with a model of random weights."""
    model = f'S="{sys.executable} -m scandid --model {tiny_model}"; cd "{tmp_path}"; '
    return ["bash", "-c", model]


def run(shell: list[str], script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell."""
    return subprocess.run(
        [*shell[:-1], shell[-1] + script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("texts", ["a b c d", "a b c d e f g h"])
def test_what_does_not_fit_is_told(
    shell: list[str], tmp_path: Path, texts: str, unbuffered: str
) -> None:
    """Where a full disk cuts a line, the last one too, the exit code says so, also of python -u."""
    script = f"(ulimit -f 1; $S identify {texts} > out)"
    done = run(shell, script, PYTHONUNBUFFERED=unbuffered)
    assert (tmp_path / "out").stat().st_size == 1024
    assert (done.returncode, done.stderr) == (
        2,
        "scandid: standard output cannot be written: File too large\n",
    )


def test_a_pipe_that_does_not_wait_is_read_to_its_end(shell: list[str]) -> None:
    """A stream that its other users read without waiting is waited for all the same."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    with subprocess.Popen(
        [*shell[:-1], f"{shell[-1]} exec $S identify"],
        stdin=ours,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        for _ in range(3):
            os.write(theirs, b"hej\n")
            json.loads(process.stdout.readline())
        os.close(theirs)
        assert process.stdout.read() == b""
        assert process.wait(PATIENCE_S) == 0
    os.close(ours)


@pytest.mark.parametrize("redirected", ["< lines >> lines", "< lines 1<> lines"])
def test_answers_are_not_added_to_what_is_read(
    shell: list[str], tmp_path: Path, redirected: str
) -> None:
    """One file for both would grow without an end, and stays as it is."""
    (tmp_path / "lines").write_text("hej\n" * 5, encoding="utf-8")
    done = run(shell, f"$S identify {redirected}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "scandid: standard input and output are one file; write to another one\n"
    )
    assert (tmp_path / "lines").read_text(encoding="utf-8") == "hej\n" * 5


def test_a_dash_is_standard_input(shell: list[str]) -> None:
    """As nearly everywhere, a dash alone stands for the lines of standard input."""
    done = run(shell, "printf 'hej\\nhei\\n' | $S identify -")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 2)


def test_a_text_that_names_a_file_is_noted(shell: list[str], tmp_path: Path) -> None:
    """Who names a file and means its lines learns how to ask about them."""
    (tmp_path / "my lines.txt").write_text("hej\n", encoding="utf-8")
    done = run(shell, "$S identify 'my lines.txt'")
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert done.stderr == (
        "scandid: my lines.txt is a file; for its lines: scandid identify < 'my lines.txt'\n"
    )


@pytest.mark.usefixtures("hears_interrupts")
def test_an_interrupt_ends_a_loop_of_the_shell(shell: list[str]) -> None:
    """Ctrl-C ends the command as any other, so that the shell does not go on with the next file."""
    with subprocess.Popen(
        [*shell[:-1], f"{shell[-1]} exec $S identify"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"hej\n")
        process.stdin.flush()
        assert process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == -signal.SIGINT
        assert process.stderr.read() == b""


def test_errors_stay_out_of_the_answers(shell: list[str]) -> None:
    """Where standard error is closed an error is in the exit code alone."""
    done = run(shell, "$S evaluate absent.tsv 2>&-")
    assert (done.returncode, done.stdout) == (2, "")


def test_the_version_is_told(shell: list[str]) -> None:
    """``--version`` names the program and its version."""
    assert run(shell, "$S --version").stdout == f"scandid {scandid.__version__}\n"


def test_a_name_that_is_no_utf8_can_be_scored(shell: list[str]) -> None:
    """A file of another time, whose name is in Latin-1, has its scores printed."""
    script = "printf 'text,languages\\nJa.,dan\\n' > $'sur\\xe5.csv'; $S evaluate $'sur\\xe5.csv'"
    done = run(shell, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sur\\udce5.csv: 1 texts")


def test_a_pipe_is_no_table(shell: list[str]) -> None:
    """What has to be read more than once is asked for as a file."""
    done = run(shell, "mkfifo rows.csv; $S evaluate rows.csv")
    assert (done.returncode, done.stderr) == (2, "scandid: rows.csv: is no file on a disk\n")


def test_a_program_may_put_something_in_place_of_standard_output(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Called from Python, lines are answered into whatever stands there."""
    (tmp_path / "lines").write_text("hej\n", encoding="utf-8")
    with (tmp_path / "lines").open(encoding="utf-8") as lines:
        monkeypatch.setattr("sys.stdin", lines)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            assert main(["--model", str(tiny_model), "identify"]) == 0
    assert len(json.loads(out.getvalue())["probabilities"]) == 5
