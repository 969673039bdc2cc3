"""Writing systems: a text in other letters than Latin ones is in none of the four languages.

No model has seen every script, and what it makes of bytes that it never saw is chance: of 1,500
texts of FLORES in other scripts three, in Ol Chiki, were Swedish.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import numpy as np

from scandid.folding import SPACE

SURE: Final = 0.9999
"""Probability of *other*: of 61,000 texts of the corpora and benchmarks that are in other letters
none is in one of the four languages, but for words that lists have quoted (docs/LOG.md). That makes
it more than 0.99995 (the rule of three)."""

_LEAST_SHARE: Final = 0.75
"""Share of other letters from which a text is in another script. A Swedish text about a place in
Iran has half of its first hundred characters in Persian; none of 2.7 million has 0.65."""

_LAST_LATIN: Final = 0xCC
_LATIN: Final = bytes([*range(ord("a"), ord("z") + 1), *range(0xC2, _LAST_LATIN + 1)])
"""First bytes of letters up to U+02FF, in lower case, and of the accents after them. Nearly all
texts have no byte above the last of these, which is looked for first."""

_LATER: Final = bytes([SPACE, *range(0x80, 0xC0)])
"""Second and later bytes of letters, and what stands between words."""

_LATIN_TEXT: Final = _LATIN + _LATER

_ADDITIONAL_FIRST: Final = b"\xe1"
_ADDITIONAL: Final = tuple(_ADDITIONAL_FIRST + bytes([byte]) for byte in range(0xB8, 0xBC))
"""Beginnings of the Latin letters U+1E00 to U+1EFF, most of them Vietnamese."""


def in_other_scripts(folded: Sequence[bytes]) -> list[int]:
    """Which of several texts are in letters that none of the four languages has.

    Args:
        folded: Texts as :func:`scandid.encoding.encode_texts` gives them.

    Returns:
        Their places, ascending.
    """
    # One text alone is looked through sooner than an array is made of it.
    suspects = range(len(folded)) if len(folded) < 2 else _with_later_bytes(folded)
    return [place for place in suspects if _is_other(folded[place])]


def _with_later_bytes(folded: Sequence[bytes]) -> Sequence[int]:
    """Places of the texts with a byte above :data:`_LAST_LATIN`: few, and mostly none."""
    codes = np.frombuffer(b"".join(folded), np.uint8)
    if codes.max() <= _LAST_LATIN:
        return ()
    starts = [0, *accumulate(map(len, folded[:-1]))]
    found: list[int] = np.flatnonzero(np.maximum.reduceat(codes, starts) > _LAST_LATIN).tolist()
    return found


def _is_other(data: bytes) -> bool:
    others = data.translate(None, _LATIN_TEXT)
    if not others:
        return False
    additional = sum(map(data.count, _ADDITIONAL)) if _ADDITIONAL_FIRST in others else 0
    number = len(others) - additional
    return number >= _LEAST_SHARE * len(data.translate(None, _LATER))
