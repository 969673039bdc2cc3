"""Rough and short variants of training texts, so that the model has seen what users send.

Capitals and decomposed accents need no augmentation: :mod:`scandid.encoding` removes them.
"""

import random
import re
import string
from dataclasses import dataclass
from typing import Final

_PUNCTUATION: Final = re.compile(r"[^\w\s]|\d|_")
_EDGES: Final = string.punctuation + string.whitespace + "–—…«»“”‘’„"
_DIGRAPHS: Final = str.maketrans(
    {
        "æ": "ae",
        "ø": "oe",
        "å": "aa",
        "ä": "ae",
        "ö": "oe",
        "Æ": "Ae",
        "Ø": "Oe",
        "Å": "Aa",
        "Ä": "Ae",
        "Ö": "Oe",
    }
)
_BARE: Final = str.maketrans("æøåäöÆØÅÄÖ", "aoaaoAOAAO")
_KEYBOARD: Final = "abcdefghijklmnopqrstuvwxyzæøåäö"
_STRAYS: Final = (
    "https://www.example.com/a/{}", "http://t.co/{}", "www.{}.com", "@{}", "#{}", "{}@example.org",
    "😀", "👍", "❤️", "😂😂", "🙏", ":-)", ":D",
    "{}.py", "<{}>", "{}()", "/{}/{}", "{}_id", "1.2.{}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AugmentationConfig:
    """Share of the texts that each change is made to, 0 to 1.

    Attributes:
        fragment: Cut down to 1 to 4 neighbouring words.
        no_punctuation: Punctuation and digits removed, as cleaned corpora have it.
        no_diacritics: ``å ä ö æ ø`` written as digraphs or bare ASCII.
        typo: A letter dropped, doubled, swapped or replaced.
        joined: One space removed.
        stray: A web address, mention, hashtag, emoji or piece of code put in.
    """

    fragment: float = 0.4
    no_punctuation: float = 0.15
    no_diacritics: float = 0.04
    typo: float = 0.05
    joined: float = 0.02
    stray: float = 0.03


def augment(text: str, config: AugmentationConfig, rng: random.Random) -> str:
    """Return a variant of ``text`` in the same language; often the text itself."""
    if rng.random() < config.fragment:
        text = fragment(text, rng)
    if rng.random() < config.no_punctuation:
        text = _PUNCTUATION.sub(" ", text)
    if rng.random() < config.no_diacritics:
        text = text.translate(rng.choice((_DIGRAPHS, _BARE)))
    if rng.random() < config.typo:
        text = typo(text, rng)
    if rng.random() < config.joined:
        text = text.replace(" ", "", 1)
    if rng.random() < config.stray:
        text = stray(text, rng)
    return text


def fragment(text: str, rng: random.Random) -> str:
    """Cut 1 to 4 neighbouring words out, mostly without the punctuation around them."""
    words = text.split()
    count = rng.choices((1, 2, 3, 4), (0.35, 0.35, 0.18, 0.12))[0]
    if len(words) <= count:
        return text
    start = rng.randrange(len(words) - count + 1)
    piece = " ".join(words[start : start + count])
    stripped = piece.strip(_EDGES)
    return stripped if stripped and rng.random() < 0.8 else piece


def typo(text: str, rng: random.Random) -> str:
    """Drop, double, swap or replace one character."""
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    kind = rng.randrange(4)
    middle = ("", text[at] * 2, text[at + 1] + text[at], rng.choice(_KEYBOARD))[kind]
    return text[:at] + middle + text[at + (2 if kind == 2 else 1) :]


def stray(text: str, rng: random.Random) -> str:
    """Put something that is no language between two words."""
    name = "".join(rng.choices(string.ascii_lowercase, k=rng.randrange(2, 9)))
    words = text.split(" ")
    words.insert(rng.randrange(len(words) + 1), rng.choice(_STRAYS).replace("{}", name))
    return " ".join(words)
