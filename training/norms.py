"""Norwegian under the label of its other norm: found by words that this norm does not permit.

    python -m training.norms cleaned/ --judge giella --out normed/

Corpora label by document, and a rule that looks for *-a* and *blei* takes a whole book of radical
Bokmål for Nynorsk. A network learns *kasta boka* so, and :mod:`training.noise` finds nothing: the
models that judge have learnt it too. But *ikke*, *fikk* and *hun* are no Nynorsk in any spelling
that is permitted. A text with words of the other norm alone gets its label, and one without any
goes where the words that stand in it are those of the other norm's texts.
"""

import argparse
import itertools
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scandid.errors import ScandidError
from scandid.labels import LABELS
from scandid.norms import ONLY_BOKMAAL, ONLY_NYNORSK
from training.cleaning import text_key
from training.corpora import Corpus, load_corpora, write_corpora

NORMS: Final = (LABELS.index("nob"), LABELS.index("nno"))
"""Places of the labels of Bokmål and Nynorsk."""

GOES: Final = 4.0
"""Log odds of the other norm from which a text without such words goes. Of twenty that were drawn
with 8 or more and read all were of the other norm, with 4 to 8 half, the others good in both."""

_MOST_ODDS: Final = 3.0
"""What one word may say: the words of one page are no independent witnesses."""

_LEAST_COUNT: Final = 3
_ENDING_CHARS: Final = 3


def evidence(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which texts have words of one norm only: bool ``[texts, norms]``."""
    words = [text_key(text).encode().split() for text in texts]
    only = (ONLY_BOKMAAL, ONLY_NYNORSK)
    found = [[not norm.isdisjoint(each) for norm in only] for each in words]
    return np.array(found, np.bool_).reshape(len(texts), len(only))


class Witnesses:
    """Naive Bayes over words, pairs of words and endings: how much each says for a norm."""

    def __init__(self, texts: Sequence[str], norms: Sequence[int]) -> None:
        """Count texts of known norms, 0 or 1."""
        self._counts = (Counter[str](), Counter[str]())
        self._totals = [max(1, norms.count(norm)) for norm in (0, 1)]
        for text, norm in zip(texts, norms, strict=True):
            self._counts[norm].update(_features(text))

    def odds(self, text: str) -> float:
        """Log odds that a text is of norm 0 rather than 1."""
        return sum(map(self._odds, _features(text)))

    def _odds(self, feature: str) -> float:
        counts = [count[feature] for count in self._counts]
        if sum(counts) < _LEAST_COUNT:
            return 0.0
        ours, theirs = [(c + 0.5) / n for c, n in zip(counts, self._totals, strict=True)]
        return max(-_MOST_ODDS, min(_MOST_ODDS, math.log(ours / theirs)))


def _features(text: str) -> set[str]:
    words = text_key(text).split()
    endings = {f"-{word[-_ENDING_CHARS:]}" for word in words if len(word) > _ENDING_CHARS + 1}
    return endings.union(words, map(" ".join, itertools.pairwise(words)))


def judge(corpus: Corpus, judged: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which texts are of the other norm than they are labelled with.

    Args:
        corpus: Texts with labels.
        judged: Which of them to judge, bool ``[texts]``; those with one norm alone are.

    Returns:
        Two bool ``[texts]``: those whose words say so, and those without such words that go.
    """
    targets = corpus.targets[:, list(NORMS)] > 0
    places = np.flatnonzero(judged & (targets.sum(axis=1) == 1))
    texts = [corpus.texts[place] for place in places]
    found = evidence(texts)
    norms = targets[places].argmax(axis=1)
    certain = found.sum(axis=1) == 1
    said = found.argmax(axis=1)
    known = np.flatnonzero(certain).tolist()
    witnesses = Witnesses([texts[at] for at in known], said[known].tolist())
    odds = np.array([witnesses.odds(text) for text in texts])
    other = np.where(norms == 0, -odds, odds)
    turned, gone = np.zeros((2, len(corpus)), np.bool_)
    turned[places[certain & (said != norms) & (other > 0)]] = True
    gone[places[(found.sum(axis=1) == 0) & (other > GOES)]] = True
    return turned, gone


def turn(corpus: Corpus, turned: NDArray[np.bool_]) -> None:
    """Give texts the label of the other norm, with the share that they had."""
    first, second = NORMS
    rows = corpus.targets[turned]
    rows[:, [first, second]] = rows[:, [second, first]]
    corpus.targets[turned] = rows


def tell(corpus: Corpus, chosen: NDArray[np.bool_], what: str) -> Iterable[str]:
    """Lines that say to how many texts of each norm it happens, with examples."""
    for place in NORMS:
        mine = np.flatnonzero(chosen & (corpus.targets[:, place] > 0))
        if len(mine):
            examples = "; ".join(repr(corpus.texts[at]) for at in mine[:: len(mine) // 4 + 1])
            yield f"{LABELS[place]} {len(mine):>8,} {what}  {examples}\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge the Norwegian of corpora, say what is under the wrong label, write the rest."""
    flags = argparse.ArgumentParser(prog="python -m training.norms", description=__doc__)
    flags.add_argument("data", nargs="+", help="corpora to read")
    flags.add_argument("--judge", action="append", required=True, metavar="SOURCE")
    flags.add_argument("--out", type=Path, required=True, help="folder to write")
    options = flags.parse_args(arguments)
    corpus = load_corpora(options.data)
    turned, gone = judge(corpus, corpus.of(options.judge, "--judge"))
    sys.stdout.writelines(tell(corpus, turned, "are the other norm"))
    sys.stdout.writelines(tell(corpus, gone, "go"))
    turn(corpus, turned)
    write_corpora(corpus.subset(~gone), options.out)
    sys.stdout.write(f"wrote {options.out}: {turned.sum():,} turned, {gone.sum():,} left out\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.norms: {error}\n")
        sys.exit(2)
