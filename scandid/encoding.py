"""Text to padded bytes: the one step outside the model file.

Training, export, library, command line and server all call :func:`encode`, so there is no second
copy of it that could drift. Lower case and NFC are made here and not learnt: answers are then the
same, to the bit, for all-capitals and for decomposed accents, and the tables need not spend rows
on variants (docs/LOG.md has the measurement).
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

ENCODING: Final = "nfc-lower-utf8/1"
"""Name of this procedure; a model trained with another one is refused at load."""

TIME_MULTIPLE: Final = 16
"""Padded lengths are multiples of this number of bytes."""

_CHARS_PER_BYTE_LIMIT: Final = 4


def encode_text(text: str, max_bytes: int) -> tuple[bytes, bool]:
    """Encode one text as the bytes the model reads.

    The text is put in NFC and lower case, white space is folded to single spaces, a space is put
    before and after (word boundaries), and the result is cut at a character boundary.

    Args:
        text: Any string; lone surrogates become ``?`` and NUL becomes a space.
        max_bytes: Most bytes to return.

    Returns:
        The UTF-8 bytes, and whether the end of the text was cut away.
    """
    head = text[: max_bytes * _CHARS_PER_BYTE_LIMIT]
    folded = _fold_space(unicodedata.normalize("NFC", head).lower())
    data = f" {folded} ".encode("utf-8", "replace")
    if len(data) <= max_bytes:
        return data, len(head) < len(text)
    return data[:max_bytes].decode("utf-8", "ignore").encode(), True


def _fold_space(text: str) -> str:
    """Fold white space and NUL to single spaces, with none at the ends.

    The plain space is the only printable white space: where all is printable and no two spaces
    meet, nothing is to be folded, and splitting would be half of what encoding costs.
    """
    if "  " in text or not text.isprintable():
        return " ".join(text.replace("\0", " ").split())
    return text.strip(" ")


def pad(encoded: Sequence[bytes]) -> NDArray[np.uint8]:
    """Stack encoded texts into one array, zero-padded on the right.

    Returns:
        uint8 array ``[len(encoded), time]``, ``time`` the longest length rounded up to
        :data:`TIME_MULTIPLE`.
    """
    longest = max(map(len, encoded), default=0)
    time = max(1, -(-longest // TIME_MULTIPLE)) * TIME_MULTIPLE
    joined = b"".join([data.ljust(time, b"\0") for data in encoded])
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(encoded), time)
