"""Text to its letters: lower case, between single spaces.

Several texts are folded as one string, since most of the time of one text goes into calls.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scandid.litter import may_hold_markup, without_litter

SPACE: Final = ord(" ")
"""The one byte between words, and the only one below the letters but for the zeros of padding."""

_END: Final = b"\0"
_BETWEEN: Final = " \0 "
"""Stands between texts that are folded together; in a text NUL is a space."""

NO_WORDS: Final = b"  "
"""What a text without a letter becomes: its two word boundaries."""

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

_FOLD: Final = (
    _END
    + _ASCII[1:]
    + bytes(
        _FOREIGN[0] if byte not in _NORDIC else byte + 0x20 if byte <= 0x9E else byte
        for byte in range(0x80, 0x100)
    )
)
"""The same, lower case of what follows 0xC3, and NUL as it is, for it stands between texts."""

_TYPOGRAPHY: Final = re.compile(
    rb"\xc2[\x80-\xa9\xab\xac\xae-\xb4\xb6-\xb9\xbb-\xbf]|\xe2\x80[\x90-\xa9\xaf-\xbf]"
    rb"|\xe3\x80[\x80-\x83\x88-\x9f]|\xef\xbc[\x81-\xa0]"
)
"""Quotation marks, dashes and their like, those of East Asia and its wide digits: removed as bytes,
in a fifth of the time of letters."""

_TYPOGRAPHIC: Final = _NORDIC + b"\xc2\xe2\x97\xb7"
"""Bytes of a text in which nothing but typography may be foreign."""

_DISGUISED: Final = re.compile("[\ufb00-\ufb06\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff]+")
"""Latin letters of another look: ligatures, the wide ones of East Asia, bold and italic ones."""

_COMPOSED_CHARS: Final = 256
"""To put accents in their order takes the square of the time of their number: 65,536 on one letter
took three seconds. Of so many characters at a time they take 40 ms."""
_MOST_ACCENTS: Final = 32

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e01ef]"
)
"""Unicode's default ignorable characters: soft hyphens, joiners, marks of direction, variants of
signs. No accent may be parted from its letter by one, so they go first."""
_INFORMATION: Final = "\u2139"
"""The one emoji that Unicode calls a letter."""
_NO_LETTERS: Final = re.compile("(?:[^\\w\u0300-\u036f]|(?<!\\w)[\u0300-\u036f])+")
"""Of words without numerals. Accents may stand as characters of their own, which belong to the
letter before them."""


def fold_texts(texts: Sequence[str]) -> list[bytes]:
    """Fold each of several texts.

    Returns:
        UTF-8 for each: its words in lower case, one space before, between and after them;
        :data:`NO_WORDS` where the text has no letter.
    """
    if not texts:
        return []
    joined = _BETWEEN.join(texts)
    folded = joined.encode("utf-8", "replace").translate(_FOLD)
    address = "@" in joined or ("/" in joined and "://" in joined) or b"www" in folded
    if address or may_hold_markup(joined) or folded.count(_END) >= len(texts):
        return fold_words([without_litter(text) for text in texts])
    return _finish(texts, folded)


def fold_words(texts: Sequence[str]) -> list[bytes]:
    """Fold texts whose litter has been left out: what was read once is not mended once more."""
    if not texts:
        return []
    texts = [text.replace("\0", " ") for text in texts]
    return _finish(texts, _BETWEEN.join(texts).encode("utf-8", "replace").translate(_FOLD))


def _finish(texts: Sequence[str], folded: bytes) -> list[bytes]:
    """Fold what is not Nordic, and leave single spaces."""
    if _FOREIGN in folded:
        each = zip(texts, folded.split(_END), strict=True)
        folded = _BETWEEN.encode().join([_fold(t) if _FOREIGN in f else f for t, f in each])
    parts = _single_spaces(b"\0 %b " % folded).split(_END)
    return [part if len(part) > 1 else NO_WORDS for part in parts]


def is_several(folded: bytes) -> bool:
    """Whether a folded text has more than one word: a space that is neither first nor last."""
    return folded.find(SPACE, 1, -1) > 0


def _fold(text: str) -> bytes:
    """Lower case in UTF-8, with spaces for all but letters, of text that is not all Nordic.

    Nordic text is in NFC as it stands and is folded already by a table of bytes.
    """
    data = text.encode("utf-8", "replace")
    if not data.translate(None, _TYPOGRAPHIC):
        folded = _TYPOGRAPHY.sub(b" ", data).translate(_FOLD)
        if _FOREIGN not in folded:
            return folded
    text = text.replace(_INFORMATION, " ")
    if b"\xef" in data or b"\xf0\x9d" in data:
        text = _DISGUISED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    lower = composed(text).lower()
    folded = lower.encode("utf-8", "replace").translate(_BLANK)
    if _is_letters(folded):
        return folded
    folded = _TYPOGRAPHY.sub(b" ", folded)
    if _is_letters(folded):
        return folded
    visible = _INVISIBLE.sub("", text)
    if visible != text:
        return _fold(visible)
    words = folded.decode().split()
    return " ".join([w if w.isalpha() else _letters(w) for w in words]).encode()


def composed(text: str) -> str:
    """A text in NFC, which letters with more than :data:`_MOST_ACCENTS` accents may be not."""
    parts, start = [], 0
    while start < len(text):
        end = start + _COMPOSED_CHARS
        last = min(end + _MOST_ACCENTS, len(text))
        while end < last and unicodedata.combining(text[end]):
            end += 1
        parts.append(unicodedata.normalize("NFC", text[start:end]))
        start = end
    return "".join(parts)


def _letters(word: str) -> str:
    """The letters of a word that holds others, with spaces for these."""
    if not any(map(str.isalpha, word)):
        return " "
    if any(map(str.isnumeric, word)):
        word = "".join([c if c.isalpha() or not c.isnumeric() else " " for c in word])
    return _NO_LETTERS.sub(" ", word)


def _is_letters(data: bytes) -> bool:
    return data.decode().replace(" ", "").isalpha()


def _single_spaces(data: bytes) -> bytes:
    """One space for many, without the first byte; a third of the time of replacing them."""
    codes = np.frombuffer(data, np.uint8)
    spaces = codes == SPACE
    kept: NDArray[np.uint8] = codes[1:][~(spaces[1:] & spaces[:-1])]
    return kept.tobytes()
