"""Translations as training texts: the same domain in each language, so that it tells nothing.

    python -m training.translation corpora/ndt.parquet --pair nob-nno --out corpora/mt_ndt.parquet

Statutes are Norwegian only, manuals have no Nynorsk, and a network learns that sooner than the
language. Apertium translates between close languages by dictionary and rule (Unhammer and Trosterud
2009 for Bokmål and Nynorsk), so a text and its translation differ in language and in nothing else.
Sentences it did not wholly understand are left out. Needs Debian's ``apertium`` and a package of
each pair, such as ``apertium-nno-nob``.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from subprocess import PIPE
from typing import Final

import datasets
from tqdm import tqdm

from scandid.errors import InputError, ScandidError
from scandid.labels import LANGUAGES
from training.corpora import Corpus, load_corpora

_PAIR: Final = re.compile(r"([a-z]{3})-([a-z]{3})(_[a-z]+)?")
SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-ZÆØÅÄÖ])")
_NOT_UNDERSTOOD: Final = re.compile(r"[@#]\w|\*[^\W\d_A-ZÆØÅÄÖ]|^\W*\*")
MARKS: Final = re.compile(r"[*@#\[\]{}<>^$/\\]")
_MIN_WORDS: Final = 2
_START_S: Final = 20.0
_LINE_S: Final = 0.1
"""How long a call and each of its lines may take; on a busy machine a line takes 0.04 seconds."""


def sentences(corpus: Corpus, language: str) -> list[str]:
    """Sentences of the texts that are in this language alone, none with Apertium's own marks."""
    place = LANGUAGES.index(language)
    found: dict[str, None] = {}
    for text, target in zip(corpus.texts, corpus.targets, strict=True):
        if target[place] and target.sum() == 1:
            for sentence in SENTENCE_END.split(" ".join(text.split())):
                if len(sentence.split()) >= _MIN_WORDS and not MARKS.search(sentence):
                    found[sentence] = None
    return list(found)


def translate(lines: Iterable[str], pair: str) -> Iterator[str]:
    """Translate single lines, and leave out those that were not wholly understood.

    A word in capitals that the dictionary lacks is taken for a name and stays.

    Args:
        lines: Sentences of one line each.
        pair: Apertium's name of a direction, such as ``nob-nno``.

    Raises:
        InputError: Apertium or its data for the pair is missing.
    """
    return (line for line in translations(lines, pair) if line is not None)


def translations(lines: Iterable[str], pair: str, lines_a_call: int = 400) -> Iterator[str | None]:
    """As :func:`translate`, with None in place of each line that was not wholly understood.

    Args:
        lines: Sentences of one line each, or words.
        pair: Apertium's name of a direction.
        lines_a_call: How many are translated before the first is given.

    Raises:
        InputError: Apertium or its data for the pair is missing.
    """
    remaining = iter(lines)
    while group := list(islice(remaining, lines_a_call)):
        for line in _run(group, pair):
            understood = line and not _NOT_UNDERSTOOD.search(line)
            yield line.replace("*", "") if understood else None


def _run(lines: Sequence[str], pair: str) -> list[str]:
    """Translate lines; one that Apertium cannot come to an end with comes back empty.

    It takes a line for two or for none now and then, and its rules of transfer may take minutes for
    a long list of names: then halves are tried, down to the line that is at fault.
    """
    translated = _call(lines, pair)
    if translated is not None and len(translated) == len(lines):
        return translated
    if len(lines) == 1:
        return [""]
    half = len(lines) // 2
    return _run(lines[:half], pair) + _run(lines[half:], pair)


def _call(lines: Sequence[str], pair: str) -> list[str] | None:
    """One call of Apertium, None where it took too long.

    An empty line between sentences keeps its rules from spanning two.
    """
    program = shutil.which("apertium")
    if program is None:
        raise InputError("apertium: no such program. On Debian and Ubuntu: apt install apertium")
    text = "\n\n".join(lines) + "\n"
    # Apertium is a pipe of programs, which are ended together, by an interrupt too.
    with subprocess.Popen(
        [program, pair], text=True, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
    ) as process:
        try:
            found, complaint = process.communicate(text, _START_S + _LINE_S * len(lines))
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise InputError(f"--pair: {pair}: {found.strip() or complaint.strip()}")
    return found.rstrip("\n").split("\n\n")


def _target_language(pair: str) -> tuple[str, str]:
    found = _PAIR.fullmatch(pair)
    if found is None or found[1] not in LANGUAGES or found[2] not in LANGUAGES:
        raise InputError(f"--pair: {pair!r} is no pair of {', '.join(LANGUAGES)}, like nob-nno")
    return found[1], found[2]


def main(arguments: Sequence[str] | None = None) -> None:
    """Translate samples of a corpus and write them as Parquet."""
    flags = argparse.ArgumentParser(prog="python -m training.translation", description=__doc__)
    flags.add_argument("data", nargs="+", help="corpora to translate")
    flags.add_argument("--pair", action="append", required=True, help="nob-nno; several times")
    flags.add_argument("--limit", type=int, default=5000, help="most sentences a pair")
    flags.add_argument("--out", type=Path, required=True, help="Parquet file to write")
    options = flags.parse_args(arguments)
    pairs = {pair: _target_language(pair) for pair in options.pair}
    corpus = load_corpora(options.data)
    texts: list[str] = []
    languages: list[list[str]] = []
    for pair, (source, target) in pairs.items():
        found = sentences(corpus, source)
        chosen = random.Random(pair).sample(found, min(options.limit, len(found)))
        bar = tqdm(chosen, desc=pair, unit="sentence", disable=None)
        translated = list(translate(bar, pair))
        texts += translated
        languages += [[target]] * len(translated)
        sys.stdout.write(f"{pair}: {len(translated):,} of {len(chosen):,} sentences understood\n")
    datasets.Dataset.from_dict({"text": texts, "languages": languages}).to_parquet(options.out)
    sys.stdout.write(f"wrote {options.out}: {len(texts):,} texts\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.translation: {error}\n")
        sys.exit(2)
