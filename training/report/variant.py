"""Rough variants of a text: the same words as users type them. None depends on chance."""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from training.accents import bare, digraphs

_INNER: Final = re.compile(r"\b([^\W\d_])([^\W\d_])([^\W\d_])(?=[^\W\d_])")

_SWAP_EVERY: Final = 4
_JOIN_EVERY: Final = 5


def typos(text: str) -> str:
    """Swap letters two and three of the first, fifth, ninth … word of four letters or more."""
    seen = 0

    def swap(match: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        first, second, third = match.groups()
        return first + third + second if seen % _SWAP_EVERY == 1 else match[0]

    return _INNER.sub(swap, text)


def joined(text: str) -> str:
    """Drop every fifth space, from the third on."""
    first, *others = text.split(" ")
    joints = ("" if place % _JOIN_EVERY == 2 else " " for place in range(len(others)))
    return first + "".join(joint + word for joint, word in zip(joints, others, strict=True))


def littered(text: str) -> str:
    """Put a mention before the text, and a web address, a hashtag and an emoji after it."""
    return f"@anna92 {text} https://t.co/x7Kq2 #123 \N{FACE WITH TEARS OF JOY}"


def marked_up(text: str) -> str:
    """The text as a paragraph of a web page, with entities for the letters beyond ASCII."""
    escaped = html.escape(text).encode("ascii", "xmlcharrefreplace").decode()
    return f'<div class="post"><p>{escaped}</p><br/></div>'


VARIANTS: Final[Mapping[str, Callable[[str], str]]] = {
    "all capitals": str.upper,
    "lower case": str.lower,
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "digraphs": digraphs,
    "bare ASCII": bare,
    "typos": typos,
    "missing spaces": joined,
    "littered": littered,
    "markup": marked_up,
}

DESCRIPTIONS: Final[Mapping[str, str]] = {
    "all capitals": "every letter a capital",
    "lower case": "every letter small",
    "NFD": "accents as code points of their own",
    "digraphs": "`æ ø å ä ö` as `ae oe aa ae oe`",
    "bare ASCII": "no accent on any letter: `å ä` as `a`, `ø ö` as `o`, `æ` as `ae`",
    "typos": "two letters swapped in the first, fifth, ninth … word of four letters or more",
    "missing spaces": "every fifth space gone, from the third on",
    "littered": "a mention before, a web address, a hashtag and an emoji after",
    "markup": "a paragraph of a web page, with entities for letters beyond ASCII",
}
