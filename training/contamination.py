"""Training texts that stand in a benchmark: whoever trains on them measures nothing with it."""

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scandid.errors import InputError
from scandid.tables import read_table
from training.corpora import Corpus

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


def find_contamination(corpus: Corpus, benchmarks: Sequence[Path]) -> list[Contamination]:
    """Look for texts of more than twelve letters that a benchmark also has.

    Raises:
        InputError: a benchmark cannot be read.
    """
    homes = {letters(row.text): path.name for path in benchmarks for row in read_table(path)}
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for text, source in zip(corpus.texts, corpus.sources, strict=True):
        key = letters(text)
        if len(key) >= LEAST_LETTERS and key in homes:
            found[corpus.names[source], homes[key]].append(text)
    return [Contamination(*names, tuple(texts)) for names, texts in sorted(found.items())]


def check_contamination(
    corpus: Corpus, benchmarks: Sequence[Path], *, allowed: bool
) -> list[Contamination]:
    """Find contamination; where it is allowed say so, else refuse it.

    Raises:
        InputError: there is some and it is not allowed; names source, count and examples.
    """
    found = find_contamination(corpus, benchmarks)
    if found and not allowed:
        lines = " | ".join(map(str, found))
        raise InputError(
            f"--data: texts of the benchmarks: {lines} | take them out, or train on them all the "
            "same with --allow-contamination"
        )
    sys.stderr.writelines(f"{each}\n" for each in found)
    return found
