"""Word lists as training texts: every frequent word with the languages it is a word of.

    python -m training.lexicon freq_*.txt --data corpora/ --out words.parquet

Corpora hold few of a language's words; lists of the most frequent words of film subtitles hold
50,000 a language. A word is taken for a word of each language in which it is at least a tenth as
frequent as in the language where it is most frequent, so "hus" is Danish, Swedish and Norwegian,
and an English word that strays through Danish subtitles is not Danish. How frequent it is in each
goes along: of "hus" all are right, and the best guess is where it is most frequent. Nynorsk has no
such list: its frequencies are counted in the corpora, and taken over from the Bokmål words that
Apertium translates. Several lists of a language count alike, whatever their size.
"""

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import datasets

from scandid.errors import InputError, ScandidError
from scandid.labels import LANGUAGES
from training.corpora import texts_alone
from training.dictionary import named_file, read_dictionary
from training.sources import SHARES_COLUMN
from training.translation import translations

MIN_SHARE: Final = 0.1
"""Least frequency in a language, as a part of the word's highest one, to count as its word."""

FAR: Final = 1 / 3
"""What a far language's frequencies count: a word is no less Swedish for being everyday Catalan,
and the more languages there are, the higher the highest frequency is."""

MIN_COUNT: Final = 3
"""Words rarer than this in the corpora of a language are left out: many are misspelt."""

_WORDS_A_CALL: Final = 10_000
"""Starting Apertium takes as long as translating some thousand words."""

_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LIST_NAME: Final = re.compile(r"freq_([a-z]{3})(?:_\w+)?\.txt")


def read_list(path: Path, shortest: int = 2) -> tuple[str, Counter[str]]:
    """Read one list: ``word count`` a line; the language is in the name, ``freq_dan.txt``.

    Args:
        path: The list.
        shortest: Letters that a word has at the least; of single letters most are no words.

    Raises:
        InputError: the name holds no language code, or a line is no word and count.
    """
    name = _LIST_NAME.fullmatch(path.name)
    if name is None:
        raise InputError(f"{path}: expected a name like freq_dan.txt, with an ISO 639-3 code")
    counts: Counter[str] = Counter()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        word, _, count = line.rpartition(" ")
        if not count.isdecimal():
            raise InputError(f"{path}: line {number}: {line!r} is no word and count")
        if len(word) >= shortest and _LETTERS.fullmatch(word):
            counts[word.lower()] += int(count)
    return name[1], counts


def read_lists(paths: Sequence[Path], shortest: int = 2) -> dict[str, Counter[str]]:
    """Read lists by language, as :func:`read_list` does; several of a language count alike."""
    counts: dict[str, Counter[str]] = {}
    for language, found in (read_list(path, shortest) for path in paths):
        counts[language] = joined(counts.get(language, Counter()), found)
    return counts


def count_words(data: Sequence[str], languages: Collection[str]) -> dict[str, Counter[str]]:
    """Count the words of some languages in the texts that corpora give to one of them alone."""
    counts: dict[str, Counter[str]] = {language: Counter() for language in languages}
    for language, text in texts_alone(data, languages):
        counts[language].update(word.lower() for word in _WORD.findall(text))
    return {
        language: Counter({word: count for word, count in found.items() if count >= MIN_COUNT})
        for language, found in counts.items()
    }


def languages_of_words(
    counts: Mapping[str, Counter[str]],
    dictionaries: Mapping[str, set[str]] = MappingProxyType({}),
    far: Collection[str] = (),
) -> dict[str, dict[str, float]]:
    """For each word the languages it is a word of, by :data:`MIN_SHARE`.

    Args:
        counts: Occurrences of each word, by language.
        dictionaries: Words by language, without occurrences. A word that a list lacks and the
            dictionary holds is taken to be as frequent as the rarest of the list, or as it is
            elsewhere where that is less: lists are not equally long.
        far: Languages whose frequencies count :data:`FAR`.

    Returns:
        How frequent the word is in each of its languages, as a part of the highest frequency.
    """
    frequency: dict[str, dict[str, float]] = defaultdict(dict)
    weight = {name: (FAR if name in far else 1) / words.total() for name, words in counts.items()}
    for language, words in counts.items():
        for word, count in words.items():
            frequency[word][language] = count * weight[language]
    for language, spelt in dictionaries.items():
        rarest = min(counts[language].values()) * weight[language]
        for word in (spelt & frequency.keys()) - counts[language].keys():
            frequency[word][language] = min(rarest, max(frequency[word].values()))
    return {word: _shares(found) for word, found in frequency.items()}


def _shares(frequency: Mapping[str, float]) -> dict[str, float]:
    highest = max(frequency.values())
    shares = {code: frequency[code] / highest for code in sorted(frequency)}
    return {code: share for code, share in shares.items() if share >= MIN_SHARE}


def translated(counts: Counter[str], pair: str) -> Counter[str]:
    """Counts of the words that Apertium makes of these, such as ``nob-nno`` for Nynorsk.

    Raises:
        InputError: Apertium or its data for the pair is missing.
    """
    found: Counter[str] = Counter()
    words = translations(counts, pair, lines_a_call=_WORDS_A_CALL)
    for count, word in zip(counts.values(), words, strict=True):
        if word is not None and _WORD.fullmatch(word):
            found[word.lower()] += count
    return found


def joined(one: Counter[str], other: Counter[str]) -> Counter[str]:
    """Counts whose frequencies are the means of both, as many words as both have together."""
    if not one or not other:
        return one or other
    counts = one.total(), other.total()
    mean = sum(counts) / 2
    return Counter(
        {
            word: max(1, round((one[word] / counts[0] + other[word] / counts[1]) * mean))
            for word in one.keys() | other.keys()
        }
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Read lists and corpora, write the words as Parquet."""
    flags = argparse.ArgumentParser(prog="python -m training.lexicon", description=__doc__)
    flags.add_argument("lists", nargs="+", type=Path, metavar="freq_LANG.txt")
    flags.add_argument("--data", action="append", default=[], help="corpora to count Nynorsk in")
    pair = "give Nynorsk the translated words of the Bokmål list too, at their frequency there"
    also = "words that may be missing in the language's list, one a line; repeatable"
    flags.add_argument("--dictionary", type=named_file, action="append", default=[], help=also)
    flags.add_argument("--translate", action="store_true", help=pair)
    distant = f"lists of far languages, whose frequencies count {FAR:.2f} times"
    flags.add_argument("--far", nargs="*", type=Path, default=[], metavar="LIST", help=distant)
    flags.add_argument("--out", type=Path, required=True, help="Parquet file to write")
    options = flags.parse_args(arguments)
    near, far = read_lists(options.lists), read_lists(options.far)
    if both := near.keys() & far.keys():
        raise InputError(f"--far: {min(both)} has a list among the near ones too; name one of them")
    counts = near | far
    nynorsk = count_words(options.data, ["nno"])["nno"]
    if options.translate:
        nynorsk = joined(nynorsk, translated(counts.get("nob", Counter()), "nob-nno"))
    if nynorsk:
        counts["nno"] = nynorsk
    dictionaries = {language: read_dictionary(path) for language, path in options.dictionary}
    if missing := dictionaries.keys() - counts.keys():
        raise InputError(f"--dictionary: there is no list of {min(missing)} to compare with")
    words = languages_of_words(counts, dictionaries, far)
    columns = {
        "text": list(words),
        "languages": [list(found) for found in words.values()],
        SHARES_COLUMN: [list(found.values()) for found in words.values()],
    }
    datasets.Dataset.from_dict(columns).to_parquet(options.out)
    for language in LANGUAGES:
        mine = sum(language in found for found in words.values())
        sys.stdout.write(f"{language}: {mine:,} words\n")
    sys.stdout.write(f"wrote {options.out}: {len(words):,} words\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.lexicon: {error}\n")
        sys.exit(2)
