"""Excerpts of long texts: pieces from all over, which say what the whole would.

Of 14,160 texts longer than :data:`LONG_BYTES`, of the benchmarks and strung together from their
sentences, three have another label by an excerpt that is sure (:data:`SURE`) than by all of it
(docs/LOG.md, "Excerpts of long texts", "What short texts claim").
"""

from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Final

LONG_BYTES: Final = 192
"""Encoded texts up to this length are read whole: three pieces would be most of them."""

SURE: Final = 0.985
"""Confidence from which an excerpt is enough; below it all of the text is read."""

_PIECE_BYTES: Final = 42
"""Three of them just fit into four windows of the model."""

_PIECE_EVERY_BYTES: Final = 112
_MIN_GAPS: Final = 2
"""Beginning, middle and end, so that what stands in a frame of another language is seen."""


def excerpt(data: bytes) -> bytes:
    """Three eighths of a text, from its beginning to its end.

    Pieces are cut anywhere, in words and letters too: at spaces they would cost twice as much and
    say no more.

    Args:
        data: A text as :func:`scandid.encoding.encode_text` gives it, longer than
            :data:`LONG_BYTES`.

    Returns:
        Evenly spaced pieces of it, strung together.
    """
    return b"".join(_pieces(len(data))(data))


@cache
def _pieces(length: int) -> Callable[[bytes], tuple[bytes, ...]]:
    """What takes the pieces of a text of this length: kept, it takes a third of the time."""
    last = length - _PIECE_BYTES
    step = last // max(_MIN_GAPS, length // _PIECE_EVERY_BYTES)
    return itemgetter(*[slice(at, at + _PIECE_BYTES) for at in range(0, last + 1, step)])
