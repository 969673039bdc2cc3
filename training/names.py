"""Foreign names, as they stand in texts of other languages, to put into Scandinavian ones.

*Jabal el Majdel en kulle* is Swedish, by two of its five words. Corpora have few such texts, lists
of places and encyclopaedias are full of them, and a model that has not seen them takes the
language of the name for that of the text (docs/LOG.md, *What the wrong answers are*).
"""

import random
import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from scandid.labels import LABELS
from training.corpora import Corpus

_WORD: Final = r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿĀ-ž'’-]*[a-zß-öø-ÿĀ-ž]"
_NAME: Final = re.compile(
    rf"(?<=[^\W\d_A-Z][ ]){_WORD}(?: (?:(?:al|d[aeiou]|el|l[ae]|van|von) ){{0,2}}{_WORD})*(?!\w)"
)
_CAPITAL_NOUNS: Final = re.compile(r"\b(?:das|de[mnrt]|die|ein|is[ct]h?|un[dt]|war)\b")
"""German, and what is written like it: there a capital is no sign of a name."""

_MOST_WORDS: Final = 4
_LEAST_OWN_WORDS: Final = 2


def find_names(texts: Iterable[str]) -> list[str]:
    """Runs of Latin words in capitals that follow a word without: each once, sorted."""
    plain = (text for text in texts if not _CAPITAL_NOUNS.search(text))
    found = {name for text in plain for name in _NAME.findall(text)}
    return sorted(name for name in found if len(name.split()) <= _MOST_WORDS)


def foreign_names(corpus: Corpus) -> list[str]:
    """Names in the texts that are *other* alone."""
    other = np.flatnonzero(corpus.targets[:, LABELS.index("other")] > 0)
    return find_names(corpus.texts[place] for place in other)


def put_in(text: str, names: Sequence[str], rng: random.Random) -> str:
    """Put one or two names between the words, never many more words than the text has itself.

    A text of a single word stays as it is: with a name beside it, it could be of any language.
    """
    words = text.split()
    if len(words) < _LEAST_OWN_WORDS or not names:
        return text
    room = len(words) + 1
    for _ in range(rng.choice((1, 1, 2))):
        name = rng.choice(names)
        if (room := room - len(name.split())) >= 0:
            words.insert(rng.choice((0, len(words), rng.randrange(len(words)))), name)
    return " ".join(words)
