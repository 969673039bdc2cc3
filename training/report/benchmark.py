"""Benchmarks: files of labelled texts, and single words and word pairs cut from them."""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from scandid.labels import LABELS
from scandid.tables import LabelledText, read_table

WORDS: Final = "words"
WORDS_ANY: Final = "words_any"
PAIRS: Final = "pairs"
CUT: Final = (WORDS, WORDS_ANY, PAIRS)

WORD_LETTERS: Final = 5
"""Fewest letters of a single word; shorter ones belong to several languages more often than not."""

PAIR_LETTERS: Final = 2
"""Fewest letters of each word of a pair."""

TEXTS_PER_LABEL: Final = 1000

RULE: Final = (
    f"From each text, in a shuffled order, one word of {WORD_LETTERS} letters or more that is "
    f"written in small letters (so no names), or two neighbouring such words of {PAIR_LETTERS} "
    f"letters or more with one space between; distinct within a label, at most "
    f"{TEXTS_PER_LABEL:,} a label. Gold is the label of the text it was cut from. In `{WORDS_ANY}` "
    "gold is every label in whose texts the word occurs anywhere in the benchmarks."
)

_WORD: Final = re.compile(rf"(?<!\w)[^\W\d_]{{{WORD_LETTERS},}}(?!\w)")
_PAIR: Final = re.compile(
    rf"(?<!\w)(?=([^\W\d_]{{{PAIR_LETTERS},}} [^\W\d_]{{{PAIR_LETTERS},}})(?!\w))"
)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Labelled texts under a name; their order is shuffled, so that a beginning is a sample."""

    name: str
    rows: tuple[LabelledText, ...]

    @property
    def texts(self) -> list[str]:
        """The texts alone."""
        return [row.text for row in self.rows]

    @property
    def digest(self) -> str:
        """sha256 over texts and gold labels in their order."""
        lines = (f"{row.text}\0{' '.join(sorted(row.gold))}\n" for row in self.rows)
        return sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def load(name: str, path: Path, seed: int, limit: int | None = None) -> Benchmark:
    """Read a file of labelled texts.

    Args:
        name: What it is called in the report.
        path: Parquet, TSV or CSV with ``text`` and ``languages``.
        seed: Decides the order.
        limit: Most texts to take, for a quick look.

    Raises:
        InputError: the file cannot be used.
    """
    return _shuffled(name, list(read_table(path)), seed, limit)


def cut(benchmarks: Sequence[Benchmark], seed: int) -> list[Benchmark]:
    """Cut single words and word pairs from benchmarks, as :data:`RULE` says."""
    rows = [row for benchmark in benchmarks for row in benchmark.rows]
    words = _cut_rows(rows, _WORD.findall, seed)
    pairs = _cut_rows(rows, _PAIR.findall, seed)
    homes = _homes(rows, {row.text for row in words})
    shared = [LabelledText(row.text, row.gold | homes[row.text]) for row in words]
    named = {WORDS: words, WORDS_ANY: shared, PAIRS: pairs}
    return [_shuffled(name, found, seed, None) for name, found in named.items()]


def _cut_rows(
    rows: Sequence[LabelledText], pieces_of: Callable[[str], list[str]], seed: int
) -> list[LabelledText]:
    found = []
    for label in LABELS:
        rng = random.Random(f"{seed}/{label}")
        texts = sorted({row.text for row in rows if row.gold == {label}})
        rng.shuffle(texts)
        taken = _distinct_pieces(texts, pieces_of, rng)
        found += [LabelledText(piece, frozenset({label})) for piece in taken]
    return found


def _distinct_pieces(
    texts: Sequence[str], pieces_of: Callable[[str], list[str]], rng: random.Random
) -> list[str]:
    taken: dict[str, None] = {}
    for text in texts:
        pieces = [piece for piece in pieces_of(text) if piece == piece.lower()]
        if pieces and len(taken) < TEXTS_PER_LABEL:
            taken[rng.choice(pieces)] = None
    return list(taken)


def _homes(rows: Iterable[LabelledText], wanted: set[str]) -> dict[str, frozenset[str]]:
    """The labels in whose texts each wanted word stands, in whatever case."""
    homes: dict[str, frozenset[str]] = defaultdict(frozenset)
    for row in rows:
        for word in wanted.intersection(_WORD.findall(row.text.lower())):
            homes[word] |= row.gold
    return homes


def _shuffled(name: str, rows: list[LabelledText], seed: int, limit: int | None) -> Benchmark:
    random.Random(f"{seed}/{name}").shuffle(rows)
    return Benchmark(name, tuple(rows[:limit]))
