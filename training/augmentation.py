"""Rough and short variants of training texts, so that the model has seen what users send.

Capitals, decomposed accents, punctuation and addresses among words need none:
:mod:`scandid.folding` removes them.
"""

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from training.accents import bare, barest, digraphs
from training.names import put_in

_KEYBOARD: Final = "abcdefghijklmnopqrstuvwxyzæøåäö"
_STRAYS: Final = ("#{}", "{}.com", "{}.org/{}", "{}.py", "{}_id", "RT", ":D", "<{}>")
_ADDRESSES: Final = (
    "https://www.{}.com/a/{}", "https://t.co/{}", "http://{}.org", "www.{}.net", "@{}", "{}@{}.com",
)  # fmt: skip
_CODE: Final = (
    "https://www.{}.com/index.html?id={}", "{}_id=4&{}=1", "const {} = {}.map((x) => x);",
    "SELECT {}, id FROM {} WHERE id = 3;", '<div class="{}"><p></p></div>', "import {}",
    "def {}(self, {}):", "if {} is None: return", "git commit -m '{}'", "{} = {} + 1", "int {}[];",
    '{"{}": null}', "/usr/lib/{}/{}.so", "font-size: 12px; color: #{};",
)  # fmt: skip
_NAMES: Final = (
    "user", "token", "item", "name", "value", "index", "data", "key", "example", "test", "file",
    "total", "row", "list", "type", "src", "login", "page", "config", "x", "i",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AugmentationConfig:
    """Share of the texts that each change is made to, 0 to 1.

    Attributes:
        fragment: Cut down to 1 to 4 neighbouring words.
        no_diacritics: ``å ä ö æ ø`` written as digraphs, or every accent dropped.
        typo: A letter dropped, doubled, swapped or replaced.
        joined: One space removed.
        stray: One to three names of sites, hashtags or pieces of code put in.
        foreign_names: One or two names from texts of other languages put in.
        only_stray: Replaced by web addresses and pieces of code; only what is in none of the four.
    """

    fragment: float = 0.4
    no_diacritics: float = 0.2
    typo: float = 0.08
    joined: float = 0.03
    stray: float = 0.08
    foreign_names: float = 0.1
    only_stray: float = 0.04


def shorten(text: str, config: AugmentationConfig, rng: random.Random) -> str:
    """Return a few words of ``text``, or more often all of it."""
    return fragment(text, rng) if rng.random() < config.fragment else text


def roughen(
    text: str, config: AugmentationConfig, rng: random.Random, names: Sequence[str] = ()
) -> str:
    """Return ``text`` as somebody in a hurry sends it, with some of ``names``; often itself."""
    if names and rng.random() < config.foreign_names:
        text = put_in(text, names, rng)
    if rng.random() < config.no_diacritics:
        text = rng.choice((digraphs, bare, barest))(text)
    if rng.random() < config.typo:
        text = typo(text, rng)
    if rng.random() < config.joined:
        text = text.replace(" ", "", 1)
    if rng.random() < config.stray:
        text = stray(text, rng)
    return text


def fragment(text: str, rng: random.Random) -> str:
    """Cut 1 to 4 neighbouring words out."""
    words = text.split()
    count = rng.choices((1, 2, 3, 4), (0.35, 0.35, 0.18, 0.12))[0]
    if len(words) <= count:
        return text
    start = rng.randrange(len(words) - count + 1)
    return " ".join(words[start : start + count])


def typo(text: str, rng: random.Random) -> str:
    """Drop, double, swap or replace one character."""
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    kind = rng.randrange(4)
    middle = ("", text[at] * 2, text[at + 1] + text[at], rng.choice(_KEYBOARD))[kind]
    return text[:at] + middle + text[at + (2 if kind == 2 else 1) :]


def stray(text: str, rng: random.Random) -> str:
    """Put one to three things that are no language between the words."""
    words = text.split(" ")
    for _ in range(rng.choice((1, 1, 2, 3))):
        words.insert(rng.randrange(len(words) + 1), _thing(_STRAYS, rng))
    return " ".join(words)


def only_stray(rng: random.Random) -> str:
    """One to four web addresses or pieces of code: a text that is in no language."""
    return " ".join(
        _thing(_STRAYS + _ADDRESSES + _CODE, rng) for _ in range(rng.choice((1, 1, 2, 3, 4)))
    )


def _thing(patterns: Sequence[str], rng: random.Random) -> str:
    """A pattern with made-up names, or with words that names are made of."""
    made_up = "".join(rng.choices(string.ascii_lowercase, k=rng.randrange(1, 9)))
    return rng.choice(patterns).replace("{}", rng.choice((made_up, rng.choice(_NAMES))))
