"""English originals of catalogues, and lines of code: what programs hold in none of the languages.

    python -m training.originals --packages packages/ --code /usr/include --out raw/

Catalogues teach that what programs say is Scandinavian. Without their originals beside them, a
network took 17% of the lines of a program for one of the four languages, and 13% before
(docs/LOG.md).
"""

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import datasets
from tqdm import tqdm

from scandid.errors import InputError, ScandidError
from training.packages import messages, mostly_letters, plain

_CODE_SUFFIXES: Final = {".c", ".h", ".js", ".php", ".pl", ".pm", ".py", ".rb", ".sh"}
_MOST_BYTES: Final = 200_000
"""Longer files are tables of data."""

_STATEMENT: Final = re.compile(r"(?=.*[=(){}\[\];<>/$])(?=.*[A-Za-z]{3}).{9,119}")
_REMARK: Final = re.compile(r"#|/?\*|//|--|[\"']")


def originals(folder: Path) -> Iterator[str]:
    """English messages of the catalogues of unpacked packages, of three words or more."""
    for path in sorted(folder.rglob("*.mo")):
        for original, _ in messages(path):
            for text in plain(original):
                if len(text.split()) > 2 and mostly_letters(text):
                    yield text


def statements(folder: Path) -> Iterator[str]:
    """Lines of the programs below a folder, without remarks."""
    for path in filter(_is_program, sorted(folder.rglob("*"))):
        lines = map(str.strip, path.read_text("utf-8", "replace").splitlines())
        yield from (x for x in lines if _STATEMENT.fullmatch(x) and not _REMARK.match(x))


def _is_program(path: Path) -> bool:
    named = path.suffix in _CODE_SUFFIXES and path.is_file() and not path.is_symlink()
    return named and path.stat().st_size <= _MOST_BYTES


def main(arguments: Sequence[str] | None = None) -> None:
    """Write originals and lines of code as Parquet, a sample of each."""
    flags = argparse.ArgumentParser(prog="python -m training.originals", description=__doc__)
    packages = "folder that training/packages.sh filled"
    flags.add_argument("--packages", type=Path, required=True, help=packages)
    code = "folder with programs; repeatable"
    flags.add_argument("--code", type=Path, action="append", required=True, help=code)
    flags.add_argument("--limit", type=int, default=40_000, help="most texts of each table")
    flags.add_argument("--out", type=Path, required=True, help="folder to write")
    options = flags.parse_args(arguments)
    folders = tqdm(options.code, desc="reading code", unit="folder", disable=None)
    tables = {
        "originals": ("eng", set(originals(options.packages))),
        "code": ("mul", {line for folder in folders for line in statements(folder)}),
    }
    for name, (language, found) in tables.items():
        if not found:
            raise InputError(f"{name}: no such text below the folders given")
        texts = random.Random(1).sample(sorted(found), min(options.limit, len(found)))
        columns = {"text": texts, "languages": [[language]] * len(texts)}
        options.out.mkdir(parents=True, exist_ok=True)
        datasets.Dataset.from_dict(columns).to_parquet(options.out / f"{name}.parquet")
        sys.stdout.write(f"wrote {name}.parquet: {len(texts):,} of {len(found):,} texts\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.originals: {error}\n")
        sys.exit(2)
