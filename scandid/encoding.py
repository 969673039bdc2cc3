"""Text to padded bytes: the one step outside the model file.

Training, export, library, command line and server all call :func:`encode_texts`, so there is no
second copy of it that could drift. What says nothing of the language goes here and is not learnt to
be ignored: case, composition, punctuation, digits, symbols, markup, addresses. Answers are then the
same, to the bit, for all-capitals, decomposed accents, quotation marks of any style and pieces of
web pages, corpora cannot be told apart by how they punctuate, and the tables spend their rows on
words (docs/LOG.md).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scandid.folding import SPACE, composed, fold_texts, fold_words
from scandid.litter import may_hold_litter, words_at_beginning
from scandid.spacing import is_apart, together

ENCODING: Final = "nfc-lower-letters-utf8/4"
"""Name of this procedure; a model trained with another one is refused at load."""

TIME_MULTIPLE: Final = 32
"""Padded lengths are multiples of this number of bytes."""

_CHARS_PER_BYTE_FIRST: Final = 1.25
"""So much of a text is folded first: it mostly fills the limit."""

_CHARS_PER_BYTE_LATER: Final = (4, 16, 64)
"""Then so much, as long as what is found does not fill it: the words of a web page may stand behind
its programs and styles, those of a letter behind spaces. The last are 65,536 characters, which take
0.4 ms where they are spaces and 40 ms where each of them was chosen to take long."""

_TEXTS_TOGETHER: Final = 512
"""Folded as one string: more take no less time a text, and a million would take gigabytes."""


def encode_text(text: str, max_bytes: int) -> tuple[bytes, bool]:
    """Encode one text as the bytes the model reads.

    Escaped and misread letters become what they stand for; tags, web addresses, mail addresses and
    mentions are left out where there are other letters (:mod:`scandid.litter`). The text is put in
    NFC and lower case, everything between letters becomes one space (soft hyphens and zero-width
    characters become nothing), a space is put before and after (word boundaries), and the result is
    cut at a character boundary. Where nearly all words are letters, they are put together
    (:mod:`scandid.spacing`).

    Args:
        text: Any string.
        max_bytes: Most bytes to return.

    Returns:
        The UTF-8 bytes, two spaces where the text has no letter, and whether the end of the text
        was cut away.
    """
    return encode_texts([text], max_bytes)[0]


def encode_texts(texts: Sequence[str], max_bytes: int) -> list[tuple[bytes, bool]]:
    """Encode each of several texts as :func:`encode_text` does, in half of the time a text."""
    encoded: list[tuple[bytes, bool]] = []
    for start in range(0, len(texts), _TEXTS_TOGETHER):
        encoded += _encode(texts[start : start + _TEXTS_TOGETHER], max_bytes)
    return encoded


def _encode(texts: Sequence[str], max_bytes: int) -> list[tuple[bytes, bool]]:
    first = int(max_bytes * _CHARS_PER_BYTE_FIRST)
    most = max_bytes * _CHARS_PER_BYTE_LATER[-1]
    long = max(map(len, texts)) > first
    folded = _fold_long(texts, max_bytes, first) if long else fold_texts(texts)
    encoded = [
        (data, len(text) > most) if len(data) <= max_bytes else (_cut(data, max_bytes), True)
        for data, text in zip(folded, texts, strict=True)
    ]
    # Of most texts the first word is longer than a letter, which is found soonest here.
    for place in [place for place, data in enumerate(folded) if SPACE in data[2:4]]:
        if is_apart(encoded[place][0]):
            encoded[place] = _encode_apart(texts[place], max_bytes)
    return encoded


def _encode_apart(text: str, max_bytes: int) -> tuple[bytes, bool]:
    """Encode a text whose letters stand apart, by its words."""
    for chars in [max_bytes * times for times in _CHARS_PER_BYTE_LATER]:
        data = fold_words([together(composed(words_at_beginning(text, chars)))])[0]
        if len(data) > max_bytes or len(text) <= chars:
            break
    return _cut(data, max_bytes), len(data) > max_bytes or len(text) > chars


def _fold_long(texts: Sequence[str], max_bytes: int, first: int) -> list[bytes]:
    """Fold the first characters of each, and ever more where these give no more than is read."""
    whole = max_bytes * _CHARS_PER_BYTE_LATER[0]
    beginnings = [_beginning(text, first, whole) for text in texts]
    folded = fold_texts(beginnings)
    parts = zip(texts, beginnings, folded, strict=True)
    more = [i for i, (t, b, f) in enumerate(parts) if len(f) <= max_bytes and len(b) < len(t)]
    for times in _CHARS_PER_BYTE_LATER:
        if not more:
            break
        limit = max_bytes * times
        longer = fold_words([words_at_beginning(texts[index], limit) for index in more])
        for index, data in zip(more, longer, strict=True):
            folded[index] = data
        more = [i for i in more if len(folded[i]) <= max_bytes and limit < len(texts[i])]
    return folded


def _beginning(text: str, first: int, whole: int) -> str:
    """Words at the beginning of a text that are folded just as they are in all of it.

    All of it where there may be litter, for whether that is left out depends on what else there is,
    and half of an address is a word; nothing where that would be more than ``whole`` characters.
    """
    if len(text) <= first:
        return text
    words = text[:first].rsplit(maxsplit=1)
    if len(words) == 2 and not may_hold_litter(words[0]):
        return words[0]
    return text if len(text) <= whole else ""


def _cut(data: bytes, max_bytes: int) -> bytes:
    return data[:max_bytes].decode("utf-8", "ignore").encode()


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
