r"""Spelling dictionaries as training texts: rare words with every language that spells them so.

    python -m training.dictionary dan=danish.txt nob=bokmaal.txt nno=nynorsk.txt swe=swedish.txt \
        --except corpora/words.parquet --out corpora/dictionary.parquet

Lists of frequent words (:mod:`training.lexicon`) end where endings and compounds begin, and those
are most of the words of a language. A dictionary knows no frequencies, so words that stand in the
lists are left to them: a spelling that is rare in one language is not what a common word is.
"""

import argparse
import random
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import datasets

from scandid.errors import InputError, ScandidError
from scandid.tables import read_table

_WORD: Final = re.compile(r"[^\W\d_]{4,18}")


def read_dictionary(path: Path) -> set[str]:
    """Read a list of one inflected word a line, UTF-8 or else Latin-1; names and initials go.

    Raises:
        InputError: the file cannot be read, or holds no word in lower case of 4 to 18 letters.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    words = {word for word in text.splitlines() if _WORD.fullmatch(word) and word.islower()}
    if not words:
        raise InputError(f"{path}: holds no word in lower case of 4 to 18 letters, one a line")
    return words


def choose(
    dictionaries: Mapping[str, set[str]], known: set[str], per_language: int
) -> dict[str, list[str]]:
    """Draw words of each language, with all languages whose dictionary holds them.

    Neighbours' words are drawn as well, or compounds and endings would be a mark of the four.

    Args:
        dictionaries: Words by ISO 639-3 code.
        known: Words to leave out.
        per_language: Most words to draw of a dictionary; a word may be drawn more than once.
    """
    chosen: dict[str, list[str]] = {}
    for language in dictionaries:
        mine = sorted(dictionaries[language] - known)
        for word in random.Random(language).sample(mine, min(per_language, len(mine))):
            chosen[word] = [code for code, words in dictionaries.items() if word in words]
    return chosen


def named_file(argument: str) -> tuple[str, Path]:
    """Read a flag's ``dan=FILE``: an ISO 639-3 code and a path."""
    language, equals, path = argument.partition("=")
    if not equals or not re.fullmatch("[a-z]{3}", language):
        raise argparse.ArgumentTypeError(f"{argument!r} is not of the form dan=FILE")
    return language, Path(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read dictionaries, write the drawn words as Parquet."""
    flags = argparse.ArgumentParser(prog="python -m training.dictionary", description=__doc__)
    flags.add_argument("dictionaries", nargs="+", type=named_file, metavar="LANG=FILE")
    flags.add_argument("--except", dest="known", type=Path, help="table of words to leave out")
    flags.add_argument("--per-language", type=int, default=60_000, help="most words of each")
    flags.add_argument("--out", type=Path, required=True, help="Parquet file to write")
    options = flags.parse_args(arguments)
    dictionaries = {language: read_dictionary(path) for language, path in options.dictionaries}
    known = {row.text for row in read_table(options.known)} if options.known else set()
    words = choose(dictionaries, known, options.per_language)
    columns = {"text": list(words), "languages": list(words.values())}
    datasets.Dataset.from_dict(columns).to_parquet(options.out)
    sys.stdout.write(f"wrote {options.out}: {len(words):,} words\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.dictionary: {error}\n")
        sys.exit(2)
