"""Text to padded bytes: the one step outside the model file.

Training, export, library, command line and server all call :func:`encode_text`, so there is no
second copy of it that could drift. What says nothing of the language goes here and is not learnt to
be ignored: case, composition, punctuation, digits, symbols. Answers are then the same, to the bit,
for all-capitals, decomposed accents and quotation marks of any style, corpora cannot be told apart
by how they punctuate, and the tables spend their rows on words (docs/LOG.md has the measurement).
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

ENCODING: Final = "nfc-lower-letters-utf8/2"
"""Name of this procedure; a model trained with another one is refused at load."""

TIME_MULTIPLE: Final = 32
"""Padded lengths are multiples of this number of bytes."""

SPACE: Final = ord(" ")
"""The one byte between words, and the only one below the letters but for the zeros of padding."""

_CHARS_PER_BYTE_LIMIT: Final = 4
_NORDIC: Final = bytes({*range(0x80), 0xC3, *range(0x80, 0xC0)} - {0x97, 0xB7})
"""Bytes of ASCII and the letters U+00C0 to U+00FF: of these a text is folded byte by byte."""

_FOREIGN: Final = b"\xff"
"""Stands for all other bytes, and for itself in no UTF-8: one look tells whether there are any."""

_ASCII: Final = bytes(
    byte + 0x20 if ord("A") <= byte <= ord("Z") else byte if ord("a") <= byte <= ord("z") else SPACE
    for byte in range(0x80)
)
"""Lower case; all but letters becomes a space."""

_BLANK: Final = _ASCII + bytes(range(0x80, 0x100))
"""The same for bytes of any script in lower case."""

_FOLD: Final = _ASCII + bytes(
    _FOREIGN[0] if byte not in _NORDIC else byte + 0x20 if byte <= 0x9E else byte
    for byte in range(0x80, 0x100)
)
"""The same, and lower case of what follows 0xC3."""

_TYPOGRAPHY: Final = re.compile(
    rb"\xc2[\x80-\xa9\xab\xac\xae-\xb4\xb6-\xb9\xbb-\xbf]|\xe2\x80[\x90-\xbf]"
)
"""Quotation marks, dashes and their like: removed as bytes, in a fifth of the time of letters."""

_TYPOGRAPHIC: Final = _NORDIC + b"\xc2\xe2\x97\xb7"
"""Bytes of a text in which nothing but typography may be foreign."""

_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_NO_LETTERS: Final = re.compile(
    "(?:[^\\w\u0300-\u036f]|[\\d_²³¹¼½¾]|(?<![^\\W\\d_²³¹¼½¾])[\u0300-\u036f])+"
)
"""Accents may stand as characters of their own, which belong to the letter before them."""


def encode_text(text: str, max_bytes: int) -> tuple[bytes, bool]:
    """Encode one text as the bytes the model reads.

    The text is put in NFC and lower case, everything between letters becomes one space (soft
    hyphens and zero-width characters become nothing), a space is put before and after (word
    boundaries), and the result is cut at a character boundary.

    Args:
        text: Any string.
        max_bytes: Most bytes to return.

    Returns:
        The UTF-8 bytes, two spaces where the text has no letter, and whether the end of the text
        was cut away.
    """
    head = text[: max_bytes * _CHARS_PER_BYTE_LIMIT]
    data = b" %b " % _single_spaces(_letters(head)).strip()
    if len(data) <= max_bytes:
        return data, len(head) < len(text)
    return data[:max_bytes].decode("utf-8", "ignore").encode(), True


def _letters(text: str) -> bytes:
    """Lower case in UTF-8, with spaces for all but letters.

    Nordic text is in NFC as it stands and is folded by a table of bytes, in a fifth of the time.
    """
    data = text.encode("utf-8", "replace")
    folded = data.translate(_FOLD)
    if _FOREIGN in folded and not data.translate(None, _TYPOGRAPHIC):
        folded = _TYPOGRAPHY.sub(b" ", data).translate(_FOLD)
    if _FOREIGN not in folded:
        return folded
    lower = _INVISIBLE.sub("", unicodedata.normalize("NFC", text).lower())
    words = lower.encode("utf-8", "replace").translate(_BLANK).decode().split()
    return " ".join([w if w.isalpha() else _NO_LETTERS.sub(" ", w) for w in words]).encode()


def _single_spaces(data: bytes) -> bytes:
    """One space for many; a text of 2,000 bytes takes 5 µs so, and 13 µs split and joined."""
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data


def padded(length: int) -> int:
    """The next multiple of :data:`TIME_MULTIPLE`, in bytes."""
    return -(-length // TIME_MULTIPLE) * TIME_MULTIPLE


def pad(encoded: Sequence[bytes]) -> NDArray[np.uint8]:
    """Stack encoded texts into one array, zero-padded on the right.

    Returns:
        uint8 array ``[len(encoded), time]``, ``time`` the longest length rounded up to
        :data:`TIME_MULTIPLE`.
    """
    time = max(TIME_MULTIPLE, padded(max(map(len, encoded), default=0)))
    joined = b"".join([data.ljust(time, b"\0") for data in encoded])
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(encoded), time)
