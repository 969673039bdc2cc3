r"""Texts from word lists: words of one language in a row, drawn by how frequent they are.

    python -m training.unigram freq_*.txt --known words.parquet --data corpora/ \
        --dictionary deu=deutsch.txt --out unigram.parquet

Corpora hold few texts of most languages, and their short texts are words that no long one had. What
tells languages apart is which words there are, hardly their order (docs/LOG.md, "Read again in
doubt"), so words drawn from a unigram model of a language stand in for such texts. The four are
among them: a text must not be foreign because its words are in no order.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

import datasets

from scandid.errors import InputError, ScandidError
from scandid.labels import LANGUAGES
from scandid.progress import progress
from scandid.tables import COLUMNS, read_table
from training.dictionary import named_file, read_dictionary
from training.lexicon import count_words, joined, read_lists
from training.options import whole

FLATNESS: Final = 0.7
"""Frequencies to this power: rare words are to be learnt, common ones are what they stand among."""

RARE: Final = 0.2
"""Share of the words that come from the dictionary, where a language has one."""

MOST_WORDS: Final = 8
"""Of a text; one to that many are equally likely."""

OF_THE_FOUR: Final = 4
"""Texts of each of the four languages for one of a far one: all others are one label."""

NEIGHBOURS: Final = ("afr", "deu", "eng", "est", "fao", "fin", "fry", "isl", "nds", "nld")
"""Languages that are taken for one of the four: close ones, and those that live beside them."""

OF_A_NEIGHBOUR: Final = 2
"""Texts of each of these for one of a far one."""

_TIMES: Final = dict.fromkeys(LANGUAGES, OF_THE_FOUR) | dict.fromkeys(NEIGHBOURS, OF_A_NEIGHBOUR)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words of one language.

    Attributes:
        language: ISO 639-3 code.
        words: Words of its lists.
        weights: Running sums of their weights.
        rare: Words of its dictionary.
    """

    language: str
    words: Sequence[str]
    weights: Sequence[float]
    rare: Sequence[str]

    @classmethod
    def of(cls, language: str, counts: Mapping[str, int], rare: Collection[str]) -> "Vocabulary":
        """Weigh the words of a language by their counts; without counts the rare ones alone."""
        words = sorted(counts)
        weights = list(accumulate(counts[word] ** FLATNESS for word in words))
        return cls(language, words, weights, sorted(rare))

    def draw(self, chance: random.Random) -> list[str]:
        """Words in a row."""
        return [self._word(chance) for _ in range(chance.randint(1, MOST_WORDS))]

    def _word(self, chance: random.Random) -> str:
        if not self.words or (self.rare and chance.random() < RARE):
            return chance.choice(self.rare)
        return chance.choices(self.words, cum_weights=self.weights)[0]


def vocabularies(
    counts: Mapping[str, Counter[str]],
    dictionaries: Mapping[str, set[str]],
    known: Mapping[str, frozenset[str]],
) -> list[Vocabulary]:
    """Words of every language; those of the four that are known to be of another one go.

    Args:
        counts: Occurrences of each word, by language.
        dictionaries: Words by language, without occurrences.
        known: For words, the labels of those languages that have them.

    Raises:
        InputError: a language has no word.
    """
    found = []
    for language in sorted(counts.keys() | dictionaries.keys()):
        listed = counts.get(language, Counter())
        if language in LANGUAGES:
            only = frozenset({language})
            listed = Counter({w: n for w, n in listed.items() if language in known.get(w, only)})
        rare = dictionaries.get(language, set())
        if not listed and not rare:
            raise InputError(f"{language}: neither its lists nor its dictionary hold a word of it")
        found.append(Vocabulary.of(language, listed, rare))
    return found


def texts(
    vocabulary: Vocabulary, known: Mapping[str, frozenset[str]], count: int
) -> Iterator[tuple[str, list[str]]]:
    """Texts of a language, each with the languages that have all of its words.

    A language that scandid does not know gives way to those of the four that have every word.
    """
    chance = random.Random(vocabulary.language)
    mine = frozenset({vocabulary.language})
    for _ in range(count):
        words = vocabulary.draw(chance)
        right = frozenset.intersection(*(known.get(word, mine) | mine for word in words))
        yield " ".join(words), sorted(right.intersection(LANGUAGES) or mine)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read lists, dictionaries and corpora, write the texts as Parquet."""
    options = _flags().parse_args(arguments)
    counts = read_lists(options.lists, shortest=1)
    unlisted = [language for language in NEIGHBOURS if language not in counts]
    for language, counted in count_words(options.data, ["nno", *unlisted]).items():
        if counted:
            counts[language] = joined(counts.get(language, Counter()), counted)
    dictionaries = {language: read_dictionary(path) for language, path in options.dictionary}
    known = {row.text: row.gold for path in options.known for row in read_table(path)}
    rows = list(_rows(vocabularies(counts, dictionaries, known), known, options.texts))
    columns = dict(zip(COLUMNS, (list(column) for column in zip(*rows, strict=True)), strict=True))
    datasets.Dataset.from_dict(columns).to_parquet(options.out)
    sys.stdout.write(f"wrote {options.out}: {len(rows):,} texts\n")


def _rows(
    found: Sequence[Vocabulary], known: Mapping[str, frozenset[str]], count: int
) -> Iterator[tuple[str, list[str]]]:
    with progress(len(found), "language") as bar:
        for vocabulary in found:
            yield from texts(vocabulary, known, _TIMES.get(vocabulary.language, 1) * count)
            bar.update(1)


def _flags() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m training.unigram", description=__doc__)
    flags.add_argument("lists", nargs="+", type=Path, metavar="freq_LANG.txt")
    also = "rare words of a language, one a line; repeatable"
    flags.add_argument("--dictionary", type=named_file, action="append", default=[], help=also)
    known = "words with all their languages; repeatable"
    flags.add_argument("--known", type=Path, action="append", default=[], help=known)
    corpora = "to count words of Nynorsk in, and of neighbours without a list; repeatable"
    flags.add_argument("--data", action="append", default=[], help=corpora)
    each = f"of each language; of a neighbour {OF_A_NEIGHBOUR}, of the four {OF_THE_FOUR} times"
    flags.add_argument("--texts", type=whole(1), default=20_000, help=each)
    flags.add_argument("--out", type=Path, required=True, help="Parquet file to write")
    return flags


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.unigram: {error}\n")
        sys.exit(2)
