"""Letters set apart: *V E L K O M M E N* in headings, and pages whose words have been lost."""

import re
from typing import Final

_SPACE: Final = b" "

_FEWEST_SPACES: Final = 6
"""Five letters have them."""

_CONSONANTS: Final = b"bcdfghjklmnpqrstvwxz"
_FEWEST_CONSONANTS: Final = 3
"""Different ones: *A æ u å æ ø i æ å, a* and *D e d e å så e d* are sentences of dialect."""

_LETTERS: Final = re.compile(r"(?<!\w)([^\W\d_])[^\w\n](?=[^\W\d_](?!\w))")
"""A letter alone and the one character before the next letter alone. At two characters, or at the
end of a line, a word ends."""


def is_apart(folded: bytes) -> bool:
    """Whether the words of a folded text are letters: more than two of five bytes are spaces.

    So it was for none of 51,834 texts of the benchmarks and for 62 of 4.75 million others, most of
    them code (docs/LOG.md, "Letters set apart").
    """
    spaces = folded.count(_SPACE)
    return (
        spaces >= _FEWEST_SPACES
        and 5 * spaces > 2 * len(folded)
        and len(set(folded).intersection(_CONSONANTS)) >= _FEWEST_CONSONANTS
    )


def together(text: str) -> str:
    """A text in NFC with letters that stand alone put together to words."""
    return _LETTERS.sub(r"\1", text)
