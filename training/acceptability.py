"""Texts that are right in a second language: those that translating them there leaves as they are.

    python -m training.acceptability corpora/ --model before.onnx --out wider/

Corpora say where a text was found, which of *Så vakker* gives Bokmål or Nynorsk and never both. A
network that learns from them shares its belief out between the two and names one. Apertium
translates by dictionary and rule, so a text that it understands in both languages and changes in
neither direction is right in both. The label it was found with stays the best guess.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from scandid.errors import ScandidError
from scandid.identifier import Identifier
from scandid.labels import LANGUAGES
from training.contamination import letters
from training.corpora import Corpus, load_corpora, write_corpora
from training.noise import mean_probabilities
from training.translation import MARKS, translations

PLAUSIBLE: Final = 0.1
"""Least probability of a language, by the models, to ask Apertium about it. Of 572 sentences of two
benchmarks that are right in another language too, 90% have it, of those that are not 2%."""

ADDED_SHARE: Final = 0.1
"""How well an added language holds, as a part of the label's: the text was not found in it."""


def unchanged(texts: Sequence[str], source: str, other: str) -> NDArray[np.bool_]:
    """Which texts Apertium leaves as they are, there and back, but for what is no letter.

    Args:
        texts: Texts in ``source``.
        source: ISO 639-3 code of one of the four languages.
        other: Code of another one.

    Returns:
        bool ``[texts]``; False also where a word is unknown in either language.

    Raises:
        InputError: Apertium or its data for the pair is missing.
    """
    found = np.array([not MARKS.search(text) for text in texts], np.bool_)
    for pair in (f"{source}-{other}", f"{other}-{source}"):
        places = np.flatnonzero(found).tolist()
        lines = [" ".join(texts[place].split()) for place in places]
        translated = translations(tqdm(lines, desc=pair, unit="text", disable=None), pair)
        for place, line, after in zip(places, lines, translated, strict=True):
            found[place] = after is not None and letters(after) == letters(line)
    return found


def widened(corpus: Corpus, plausible: NDArray[np.bool_]) -> Corpus:
    """The corpus with every language added in which a text is right too.

    Args:
        corpus: Labelled texts.
        plausible: bool ``[texts, languages]``, whether it is worth asking.
    """
    own = corpus.targets.argmax(axis=1)
    ask = plausible & (corpus.targets[:, : len(LANGUAGES)] == 0)
    targets = corpus.targets.copy()

    def add(pair: tuple[int, int]) -> None:
        source, other = pair
        places = np.flatnonzero((own == source) & ask[:, other])
        texts = [corpus.texts[place] for place in places.tolist()]
        right = places[unchanged(texts, LANGUAGES[source], LANGUAGES[other])]
        targets[right, other] = ADDED_SHARE

    def number(pair: tuple[int, int]) -> int:
        return int(((own == pair[0]) & ask[:, pair[1]]).sum())

    # Apertium is a process of its own, so threads wait and processors work; the longest part first.
    pairs = sorted(permutations(range(len(LANGUAGES)), 2), key=number, reverse=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(add, pairs))
    return Corpus(corpus.texts, targets, corpus.sources, corpus.names)


def _plausible(
    identifiers: Sequence[Identifier], corpus: Corpus, asked: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which languages of the texts asked about the models, if any, hold for possible."""
    found = np.tile(asked[:, np.newaxis], len(LANGUAGES))
    if identifiers:
        probabilities = mean_probabilities(identifiers, corpus.subset(asked).texts)
        found[asked] = probabilities[:, : len(LANGUAGES)] >= PLAUSIBLE
    return found


def tell(before: Corpus, after: Corpus) -> Iterator[str]:
    """Lines that say how many texts of each source got a language, and which, commonest first."""
    own = before.targets.argmax(axis=1)
    added = (after.targets > 0) & (before.targets == 0)
    for place, name in enumerate(before.names):
        mine = before.sources == place
        counts = {
            f"{code} also {other}": int(added[mine & (own == n), m].sum())
            for (n, code), (m, other) in permutations(enumerate(LANGUAGES), 2)
        }
        common = sorted(((count, kind) for kind, count in counts.items() if count), reverse=True)
        listed = ", ".join(f"{kind} {count:,}" for count, kind in common)
        some = added[mine].any(axis=1).sum()
        yield f"{name:<24}{some:>8,} of {mine.sum():>9,}  {listed}".rstrip()


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask Apertium about corpora, say what it found, write them with the languages added."""
    flags = argparse.ArgumentParser(prog="python -m training.acceptability", description=__doc__)
    flags.add_argument("data", nargs="+", help="corpora to widen")
    asked = "ask only where these find the language plausible; without any, about every text"
    flags.add_argument("--model", type=Path, action="append", default=[], help=asked)
    flags.add_argument("--keep", action="append", default=[], metavar="SOURCE", help="not asked")
    flags.add_argument("--out", type=Path, required=True, help="folder to write")
    flags.add_argument(
        "--language",
        choices=LANGUAGES,
        action="append",
        default=[],
        help="add no language but these; repeatable (all four)",
    )
    options = flags.parse_args(arguments)
    identifiers = [Identifier.load(path) for path in options.model]
    corpus = load_corpora(options.data)
    plausible = _plausible(identifiers, corpus, ~corpus.of(options.keep, "--keep"))
    plausible &= [not options.language or code in options.language for code in LANGUAGES]
    wider = widened(corpus, plausible)
    sys.stdout.write("\n".join(tell(corpus, wider)) + "\n")
    write_corpora(wider, options.out)
    added = (wider.targets != corpus.targets).any(axis=1).sum()
    sys.stdout.write(f"wrote {options.out}: {added:,} of {len(corpus):,} texts got a language\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.acceptability: {error}\n")
        sys.exit(2)
