"""Training texts that stand in a benchmark: whoever trains on them measures nothing with it.

    python -m training.contamination corpora/ --benchmark dev.parquet test.parquet --out clean/

writes the corpora without them; ``train.py`` refuses corpora that hold any, and any of ``--test``.
"""

import argparse
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from scandid.errors import InputError, ScandidError
from scandid.tables import read_table
from training.corpora import Corpus, load_corpora, write_rest

LEAST_LETTERS: Final = 13
"""Shorter texts are said by everybody: that they occur in both proves nothing."""

_EXAMPLES: Final = 3
_SHOWN: Final = 60
_NO_LETTERS: Final = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Contamination:
    """Texts of one source that also stand in one benchmark."""

    source: str
    benchmark: str
    texts: tuple[str, ...]

    def __str__(self) -> str:
        """One line: source, count, benchmark, examples."""
        examples = "; ".join(repr(text[:_SHOWN]) for text in self.texts[:_EXAMPLES])
        return f"{self.source}: {len(self.texts):,} texts stand in {self.benchmark}: {examples}"


def letters(text: str) -> str:
    """What texts are compared by: their letters, in NFC and lower case, without what is between."""
    return _NO_LETTERS.sub("", unicodedata.normalize("NFC", text).lower())


def benchmark_letters(benchmarks: Sequence[Path]) -> dict[str, str]:
    """The letters of every text of the benchmarks, and the name of one that has it.

    Raises:
        InputError: a benchmark cannot be read.
    """
    return {letters(row.text): path.name for path in benchmarks for row in read_table(path)}


def corpus_letters(corpus: Corpus) -> dict[str, str]:
    """The letters of every text of a corpus, and the name of a source that has it."""
    names = (corpus.names[place] for place in corpus.sources)
    return dict(zip(map(letters, corpus.texts), names, strict=True))


def find_contamination(corpus: Corpus, homes: Mapping[str, str]) -> list[Contamination]:
    """Look for texts of more than twelve letters that stand elsewhere too.

    Args:
        corpus: Training texts.
        homes: Letters of texts to measure with, and where each stands.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for place, home in _stand_in(corpus, homes).items():
        found[corpus.names[corpus.sources[place]], home].append(corpus.texts[place])
    return [Contamination(*names, tuple(texts)) for names, texts in sorted(found.items())]


def _stand_in(corpus: Corpus, homes: Mapping[str, str]) -> dict[int, str]:
    """Places of the texts that stand elsewhere, and where."""
    keys = ((place, letters(text)) for place, text in enumerate(corpus.texts))
    return {place: homes[key] for place, key in keys if len(key) >= LEAST_LETTERS and key in homes}


def check_contamination(
    corpus: Corpus, homes: Mapping[str, str], flag: str, *, allowed: bool
) -> list[Contamination]:
    """Find contamination by the texts that ``flag`` names; where it is allowed say so.

    Raises:
        InputError: there is some and it is not allowed; names source, count and examples.
    """
    found = find_contamination(corpus, homes)
    if found and not allowed:
        lines = " | ".join(map(str, found))
        raise InputError(
            f"--data: texts of {flag}: {lines} | take them out, or train on them all the "
            "same with --allow-contamination"
        )
    sys.stderr.writelines(f"{each}\n" for each in found)
    return found


def check_benchmarks(
    corpus: Corpus, benchmarks: Sequence[Path], *, allowed: bool
) -> list[Contamination]:
    """Find contamination by files of ``--benchmark``, as :func:`check_contamination` does.

    Raises:
        InputError: there is some and it is not allowed, or a benchmark cannot be read.
    """
    homes = benchmark_letters(benchmarks)
    return check_contamination(corpus, homes, "--benchmark", allowed=allowed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write corpora without the texts that stand in a benchmark."""
    flags = argparse.ArgumentParser(prog="python -m training.contamination", description=__doc__)
    flags.add_argument("data", nargs="+", help="corpora")
    flags.add_argument("--benchmark", nargs="+", type=Path, required=True, help="labelled tables")
    flags.add_argument("--out", type=Path, required=True, help="folder to write")
    options = flags.parse_args(arguments)
    corpus = load_corpora(options.data)
    check_benchmarks(corpus, options.benchmark, allowed=True)
    left = np.zeros(len(corpus), bool)
    left[list(_stand_in(corpus, benchmark_letters(options.benchmark)))] = True
    sys.stdout.write(write_rest(corpus, left, options.out))


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.contamination: {error}\n")
        sys.exit(2)
