"""Foreign lines under the labels of the four: found by a list of words, and left out.

    python -m training.strays corpora/ --words words --out own/

Danish subtitles have lines in English and French that nobody translated: *Thanks.* and *Merci
beaucoup.* A text that stands in Danish and in French texts keeps the Danish label
(:func:`training.cleaning.clean`), as *hotel* should, and so *merci* was Danish in whatever list it
stood. A list of words knows of each word where it is common; a line is foreign where most of its
words are listed and none of them for one of the four.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scandid.errors import ScandidError
from scandid.labels import LABELS, OTHER
from training.cleaning import text_key
from training.corpora import Corpus, load_corpora, write_rest

_EXAMPLES: Final = 5


def foreign(corpus: Corpus, words: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which texts have a label of the four, and mostly listed words, all of other languages.

    A compound stands in no list: *Pindsvinet overlistede haren* is Danish for all that *haren* is
    Dutch.

    Args:
        corpus: Texts, the listed words among them.
        words: Which of them are the listed words, bool ``[texts]``.

    Returns:
        bool ``[texts]``, false for the words themselves.
    """
    ours: NDArray[np.bool_] = corpus.targets[:, : LABELS.index(OTHER)].max(axis=1) > 0
    listed = {
        text_key(corpus.texts[place]): bool(ours[place]) for place in np.flatnonzero(words).tolist()
    }
    found = np.zeros(len(corpus), np.bool_)
    for place in np.flatnonzero(ours & ~words).tolist():
        text = text_key(corpus.texts[place]).split()
        known = [listed[word] for word in text if word in listed]
        found[place] = 2 * len(known) > len(text) and not any(known)
    return found


def tell(corpus: Corpus, found: NDArray[np.bool_]) -> Iterator[str]:
    """Lines that say how many texts of each source are left out, with examples."""
    for place, name in enumerate(corpus.names):
        mine = np.flatnonzero(found & (corpus.sources == place))
        if len(mine):
            examples = "; ".join(
                repr(corpus.texts[at]) for at in mine[:: len(mine) // _EXAMPLES + 1]
            )
            yield f"{name:<24}{len(mine):>8,}  {examples}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge corpora by a source of words, say what is foreign, write the rest."""
    flags = argparse.ArgumentParser(prog="python -m training.strays", description=__doc__)
    flags.add_argument("data", nargs="+", help="corpora to judge, the words among them")
    flags.add_argument("--words", required=True, metavar="SOURCE", help="of training.lexicon")
    flags.add_argument("--out", type=Path, required=True, help="folder to write")
    options = flags.parse_args(arguments)
    corpus = load_corpora(options.data)
    found = foreign(corpus, corpus.of([options.words], "--words"))
    sys.stdout.write("".join(f"{line}\n" for line in tell(corpus, found)))
    sys.stdout.write(write_rest(corpus, found, options.out))


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.strays: {error}\n")
        sys.exit(2)
