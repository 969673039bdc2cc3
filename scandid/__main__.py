"""Command line: ``python -m scandid identify`` and ``python -m scandid evaluate``."""

import argparse
import io
import json
import os
import shlex
import signal
import stat
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import scandid
from scandid.errors import InputError, ScandidError
from scandid.evaluation import Tally
from scandid.identifier import Identifier
from scandid.lines import read_lines
from scandid.output import discard, note, prepare
from scandid.progress import progress
from scandid.scorecard import scorecard
from scandid.tables import read_table

_TEXTS_PER_BATCH = 1024
_STDIN = "-"
_HOW = """Standard input is UTF-8, one text a line. Before texts that begin with a dash put --."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, or 2 for an error the user can mend."""
    options = _parser().parse_args(arguments)
    try:
        prepare()
        if options.model and "://" in options.model:
            raise InputError(f"--model {options.model}: only the service takes addresses")
        identifier = Identifier.load(options.model)
        options.command(identifier, options)
        sys.stdout.flush()
    except ScandidError as error:
        return _fail(str(error))
    except BrokenPipeError:
        discard()  # the reader has gone (`| head`)
    except OSError as error:
        discard()
        return _fail(f"standard output cannot be written: {error.strerror}")
    except KeyboardInterrupt:
        # As any program that is interrupted: a shell's loop goes on after one that only says so.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 0


def _fail(reason: str) -> int:
    note(reason)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scandid", description=__doc__)
    parser.add_argument("--version", action="version", version=f"scandid {scandid.__version__}")
    parser.add_argument("--model", metavar="FILE", help="model file (default: the shipped one)")
    commands = parser.add_subparsers(required=True, metavar="{identify,evaluate}")
    about = "say which language texts are in, one JSON a line"
    identify = commands.add_parser("identify", help=about, description=about, epilog=_HOW)
    identify.add_argument(
        "texts", nargs="*", metavar="TEXT", help="texts; without any, or for -, lines of stdin"
    )
    identify.set_defaults(command=_identify)
    evaluate = commands.add_parser("evaluate", help="score labelled texts")
    evaluate.add_argument(
        "files", nargs="+", metavar="FILE", help="Parquet, TSV or CSV: text, languages"
    )
    evaluate.add_argument("--json", action="store_true", help="one JSON object a file, on a line")
    evaluate.set_defaults(command=_evaluate)
    return parser


def _identify(identifier: Identifier, options: argparse.Namespace) -> None:
    if options.texts and options.texts != [_STDIN]:
        _print_answers(identifier, options.texts)
        for name in filter(os.path.isfile, options.texts):
            note(f"{name} is a file; for its lines: scandid identify < {shlex.quote(name)}")
        return
    if sys.stdin is None:
        raise InputError("identify: standard input is closed; give texts as arguments")
    with os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as stream:
        _require_another_file(stream)
        latin1 = _identify_lines(identifier, stream)
    if latin1:
        note(f"lines that are no UTF-8, read as Latin-1: {latin1:,}")


def _identify_lines(identifier: Identifier, stream: io.FileIO) -> int:
    """Answer the lines of a stream as they come; how many of them are no UTF-8."""
    latin1 = 0
    with progress(_size(stream), "B", "identify") as bar:
        for lines in read_lines(stream):
            bar.clear()
            _print_answers(identifier, lines.texts)
            sys.stdout.flush()
            bar.update(lines.size_bytes)
            latin1 += lines.latin1
    return latin1


def _require_another_file(stream: io.FileIO) -> None:
    """Answers that are added to what is read would be read themselves, without an end."""
    try:
        read, written = os.fstat(stream.fileno()), os.fstat(sys.stdout.fileno())
    except io.UnsupportedOperation:  # a program has put something else in place of it
        return
    if stat.S_ISREG(read.st_mode) and os.path.samestat(read, written):
        raise InputError("standard input and output are one file; write to another one")


def _print_answers(identifier: Identifier, texts: Sequence[str]) -> None:
    sys.stdout.writelines([f"{answer.as_json()}\n" for answer in identifier.identify_batch(texts)])


def _size(stream: io.FileIO) -> int | None:
    """Bytes of a regular file; unknown for a pipe."""
    status = os.fstat(stream.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _evaluate(identifier: Identifier, options: argparse.Namespace) -> None:
    for name in options.files:
        tally, cpu_s = _score(identifier, name)
        scores = {"file": name, **tally.as_dict()}
        scores["texts_per_cpu_s"] = round(tally.n / cpu_s) if cpu_s else 0
        print(json.dumps(scores) if options.json else scorecard(scores))


def _score(identifier: Identifier, name: str) -> tuple[Tally, float]:
    """Count the answers to a file, and the processor's seconds that identifying took."""
    tally, cpu_s = Tally(), 0.0
    table = read_table(name)
    with progress(None, "text", Path(name).name) as bar:
        while rows := list(islice(table, _TEXTS_PER_BATCH)):
            start = time.process_time()
            answers = identifier.identify_batch([row.text for row in rows])
            cpu_s += time.process_time() - start
            tally.add(rows, answers)
            bar.update(len(rows))
    return tally, cpu_s


if __name__ == "__main__":
    sys.exit(main())
