"""Command line: ``python -m scandid identify`` and ``python -m scandid evaluate``."""

import argparse
import io
import json
import os
import signal
import stat
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from scandid.errors import InputError, ScandidError
from scandid.evaluation import Tally
from scandid.identifier import Identifier
from scandid.lines import read_lines
from scandid.progress import progress
from scandid.scorecard import scorecard
from scandid.tables import read_table

_TEXTS_PER_BATCH = 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, or 2 for an error the user can mend."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8, whatever the locale says
    try:
        if sys.stdout is None:
            raise InputError("standard output is closed")
        identifier = Identifier.load(options.model)
        options.command(identifier, options)
        sys.stdout.flush()
    except ScandidError as error:
        return _fail(str(error))
    except BrokenPipeError:
        _discard_output()  # the reader has gone (`| head`)
    except OSError as error:
        _discard_output()
        return _fail(f"standard output cannot be written: {error.strerror}")
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _fail(reason: str) -> int:
    print(f"scandid: {reason}", file=sys.stderr)
    return 2


def _discard_output() -> None:
    """Forget what is not written yet: closing stdout would raise once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scandid", description=__doc__)
    parser.add_argument("--model", metavar="FILE", help="model file (default: the shipped one)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    identify = commands.add_parser(
        "identify", help="say which language texts are in, one JSON a line"
    )
    identify.add_argument(
        "texts", nargs="*", metavar="TEXT", help="texts; without any, lines of stdin"
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
    if options.texts:
        return _print_answers(identifier, options.texts)
    if sys.stdin is None:
        raise InputError("identify: standard input is closed; give texts as arguments")
    with (
        os.fdopen(sys.stdin.fileno(), "rb", closefd=False) as stream,
        progress(_size(stream), "B", "identify") as bar,
    ):
        for lines, size in read_lines(stream):
            bar.clear()
            _print_answers(identifier, lines)
            sys.stdout.flush()
            bar.update(size)
    return None


def _print_answers(identifier: Identifier, texts: Sequence[str]) -> None:
    sys.stdout.writelines([f"{answer.as_json()}\n" for answer in identifier.identify_batch(texts)])


def _size(stream: BinaryIO) -> int | None:
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
