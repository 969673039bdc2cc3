"""The command line in real processes: pipes, terminals, exit codes."""

import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from scandid import LABELS

ROOT = Path(__file__).resolve().parent.parent
KEYS = [
    "file",
    "n",
    "accuracy",
    "macro_f1",
    "macro_f1_folded",
    "loose",
    "strict",
    "per_class",
    "confusion",
    "texts_per_cpu_s",
]
PATIENCE_S = 60


def command(model: Path, *arguments: str | Path) -> list[str]:
    """The command line with a model."""
    return [sys.executable, "-m", "scandid", "--model", str(model), *map(str, arguments)]


def run(
    words: Sequence[str], stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run to the end, with pipes all round."""
    return subprocess.run(
        words,
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=PATIENCE_S,
        check=False,
    )


def answers(output: bytes) -> list[dict[str, object]]:
    """The JSON of every line."""
    return [json.loads(line) for line in output.decode("utf-8").splitlines()]


def test_texts_are_answered_in_order(tiny_model: Path) -> None:
    """Each text on the command line gets one JSON line, in order, and nothing goes to stderr."""
    done = run(command(tiny_model, "identify", "Hva heter du?", "123", "日本"))
    first, second, third = answers(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert list(first["probabilities"]) == list(LABELS)  # type: ignore[call-overload]
    assert (second["label"], second["language"]) == ("und", "Undetermined")
    assert first["label"] in LABELS
    assert third["label"] in LABELS


def test_the_shipped_model_needs_no_flag(shipped_model: Path) -> None:
    """Without a flag the shipped model answers, from any folder."""
    words = [sys.executable, "-m", "scandid", "identify", "Eg veit ikkje kva eg skal gjere."]
    found = subprocess.check_output(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd="/")
    (answer,) = answers(found)
    assert (answer["label"], answer["language"]) == ("nno", "Norwegian")
    assert shipped_model.exists()


def test_lines_of_a_pipe_are_answered(tiny_model: Path) -> None:
    """Every line gets an answer: empty ones, Latin-1, CRLF, and a last one without end."""
    done = run(command(tiny_model, "identify"), b"hej\n\nbl\xe5\r\n123\nslutt")
    labels = [answer["label"] for answer in answers(done.stdout)]
    assert len(labels) == 5
    assert [labels[1], labels[3]] == ["und", "und"]
    told = b"scandid: lines that are no UTF-8, read as Latin-1: 1\n"
    assert (done.returncode, done.stderr) == (0, told)
    alone = run(command(tiny_model, "identify", "slutt"))
    assert answers(done.stdout)[4] == answers(alone.stdout)[0]


def test_nothing_in_nothing_out(tiny_model: Path) -> None:
    """An empty pipe is fine."""
    done = run(command(tiny_model, "identify"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_slow_producer_gets_its_answer_at_once(tiny_model: Path) -> None:
    """A line is answered while the pipe stays open for the next."""
    words = command(tiny_model, "identify")
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in (b"hej\n", b"ja\n"):
            process.stdin.write(line)
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
            assert ready, "no answer while the pipe is open"
            assert json.loads(process.stdout.readline())["label"] in LABELS
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0


def test_a_reader_that_leaves_is_no_error(tiny_model: Path) -> None:
    """`| head -1` ends the command without a word and with exit code 0."""
    words = command(tiny_model, "identify")
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"hej\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"{")
        process.stdout.close()
        try:
            process.stdin.write(b"hej\n" * 5000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE_S) == 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's peak memory")
def test_memory_stays_constant(tiny_model: Path) -> None:
    """A thousand times the input, in lines or in one endless line, costs hardly more memory."""
    script = (
        "import re, sys; from scandid.__main__ import main; code = main(sys.argv[1:]);"
        "status = open('/proc/self/status').read();"
        "print(re.search(r'VmHWM:\\s+(\\d+)', status)[1], file=sys.stderr); sys.exit(code)"
    )
    words = [sys.executable, "-c", script, "--model", str(tiny_model), "identify"]
    line = b"Hva heter du, og hvor kommer du fra?\n"
    little, many, endless = (
        int(run(words, stdin).stderr) for stdin in (line * 50, line * 50_000, b"x" * (48 << 20))
    )
    assert many < little + 60_000, "kB for lines"
    assert endless < little + 30_000, "kB for one line of 48 MiB"


def read_terminal(descriptor: int) -> bytes:
    """All that a terminal was sent, once its programs have ended."""
    shown = b""
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:  # Linux says so at the end of a terminal
            return shown
        if not piece:
            return shown
        shown += piece


def test_a_terminal_shows_a_progress_bar(tiny_model: Path, tmp_path: Path) -> None:
    """With stderr on a terminal there is a bar, and stdout holds nothing but answers."""
    (tmp_path / "lines.txt").write_text("hej\n" * 3000, encoding="utf-8")
    ours, theirs = pty.openpty()
    with (tmp_path / "lines.txt").open("rb") as lines:
        process = subprocess.Popen(
            command(tiny_model, "identify"),
            cwd=ROOT,
            stdin=lines,
            stdout=subprocess.PIPE,
            stderr=theirs,
        )
        os.close(theirs)
        output, _ = process.communicate(timeout=PATIENCE_S)
    shown = read_terminal(ours)
    os.close(ours)
    assert b"identify:" in shown
    assert b"12.0k" in shown
    assert len(answers(output)) == 3000


def test_json_is_utf8_whatever_the_locale(shipped_model: Path) -> None:
    """A terminal that knows ASCII alone changes nothing about the bytes."""
    words = command(shipped_model, "identify", "Hva heter du, og hvor kommer du fra?")
    plain = run(words).stdout
    assert "Norwegian Bokmål".encode() in plain
    assert run(words, PYTHONIOENCODING="ascii").stdout == plain
    assert run(words, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0").stdout == plain


def test_a_closed_stdin_is_one_line(tiny_model: Path) -> None:
    """Without texts and without stdin the error says what to do."""
    words = ["sh", "-c", 'exec "$@" <&-', "sh", *command(tiny_model, "identify")]
    done = run(words)
    assert done.returncode == 2
    assert done.stderr == (
        b"scandid: identify: standard input is closed; give texts as arguments\n"
    )


@pytest.mark.parametrize(
    ("redirected", "message"),
    [
        ("identify hej > /dev/full", "standard output cannot be written: No space left on device"),
        ("identify hej >&-", "standard output is closed"),
        ("identify 0> out", "standard input cannot be read: Bad file descriptor"),
        ("evaluate --json rows.tsv > /dev/full", "standard output cannot be written: No space"),
        ("evaluate memory.tsv", "memory.tsv: cannot be read: Input/output error"),
        (f"evaluate {'long' * 99}.tsv", ".tsv: cannot be read: File name too long"),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no device that is always full")
def test_what_cannot_be_read_or_written_is_one_line(
    tiny_model: Path, tmp_path: Path, redirected: str, message: str
) -> None:
    """A full disk, a closed stream or a file that fails is named on one line, with exit code 2."""
    (tmp_path / "rows.tsv").write_text("text\tlanguages\nJa.\tdan\n", encoding="utf-8")
    (tmp_path / "memory.tsv").symlink_to("/proc/self/mem")  # root too can read nothing at its start
    words = f'cd "{tmp_path}" && exec "$0" -m scandid --model "{tiny_model}" {redirected}'
    done = run(["sh", "-c", words, sys.executable], PYTHONPATH=str(ROOT))
    assert done.returncode == 2
    assert done.stderr.startswith(b"scandid: ")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same rows as Parquet, TSV and CSV."""
    folder = tmp_path_factory.mktemp("benchmark")
    texts = ["Jeg ved det ikke.", "Jag vet inte.", "Eg veit ikkje.", "No idea.", "123", "Ja."]
    codes = [["dan"], ["swe"], ["nno"], ["eng"], ["mul"], ["dan", "nob"]]
    rows = [f"{text}\t{' '.join(code)}" for text, code in zip(texts, codes, strict=True)] * 40
    table = pa.table({"text": texts * 40, "languages": codes * 40})
    pa.parquet.write_table(table, folder / "rows.parquet")
    for name, delimiter in (("rows.tsv", "\t"), ("rows.csv", ",")):
        lines = ["text\tlanguages", *rows]
        content = "\n".join(line.replace("\t", delimiter) for line in lines)
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / f"rows.{suffix}" for suffix in ("parquet", "tsv", "csv")]


def test_evaluate_prints_one_object_a_file(tiny_model: Path, benchmark: list[Path]) -> None:
    """`--json` prints exactly the documented keys, and the format of the file changes no score."""
    done = run(command(tiny_model, "evaluate", "--json", *benchmark))
    assert (done.returncode, done.stderr) == (0, b"")
    scores = answers(done.stdout)
    assert [list(found) for found in scores] == [KEYS] * 3
    assert [found["file"] for found in scores] == [str(path) for path in benchmark]
    for found in scores:
        assert found["n"] == 240
        assert list(found["per_class"]) == list(LABELS)  # type: ignore[call-overload]
        assert isinstance(found["texts_per_cpu_s"], int)
        assert found["texts_per_cpu_s"] > 0
    bare = [
        {k: v for k, v in found.items() if k not in ("file", "texts_per_cpu_s")} for found in scores
    ]
    assert bare[0] == bare[1] == bare[2]
    per_class = bare[0]["per_class"]
    assert isinstance(per_class, dict)
    assert [list(row) for row in per_class.values()] == [["precision", "recall", "f1", "n"]] * 5


def test_evaluate_prints_a_page_for_people(tiny_model: Path, benchmark: list[Path]) -> None:
    """Without `--json` each file gets a page with scores by class and the confusion."""
    done = run(command(tiny_model, "evaluate", benchmark[0]))
    page = done.stdout.decode()
    assert re.match(
        rf"{re.escape(str(benchmark[0]))}: 240 texts, [\d,]+ texts per CPU second", page
    )
    for words in ("accuracy", "macro F1", "loose", "strict", "precision", "gold \\ answer"):
        assert words in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "absent.tsv"], "scandid: absent.tsv: no such file"),
        (["evaluate", "tests"], "scandid: tests: is no file on a disk"),
        (["--model", "s3://a/b.onnx", "identify", "a"], "only the service takes addresses"),
        (["evaluate", "README.md"], "ends in '.md', expected .parquet, .tsv or .csv"),
        (["--model", "absent.onnx", "identify", "a"], "absent.onnx cannot be read"),
    ],
)
def test_errors_are_one_line(tiny_model: Path, arguments: list[str], message: str) -> None:
    """What the user can mend is one line on stderr, exit code 2, and no traceback."""
    done = run(command(tiny_model, *arguments))
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
