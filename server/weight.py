"""How much a text weighs in a model call: about the time that it takes."""

from typing import Final

COUNTED_CHARS: Final = 512
"""Characters of a text that count at the most: of a longer one an excerpt is read, so that a page
takes twice the time of a sentence, not ten times."""

SEARCHED_CHARS: Final = 4096
"""Texts longer than this count a sixteenth of their characters besides: so many are looked at where
they hold no words that a call of 32 could last a second."""

_MOST_SEARCHED_CHARS: Final = 65_536


def counted_chars(text: str) -> int:
    """Characters of a text that count among those of a model call."""
    length = len(text)
    if length <= SEARCHED_CHARS:
        return min(length, COUNTED_CHARS)
    return COUNTED_CHARS + min(length, _MOST_SEARCHED_CHARS) // 16
