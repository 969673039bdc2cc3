"""Letters without what ASCII lacks, as keyboards, file names and old programs leave them."""

import unicodedata
from typing import Final

_DIGRAPHS: Final = str.maketrans(
    dict(
        zip("æøåäöÆØÅÄÖ", ("ae", "oe", "aa", "ae", "oe", "AE", "OE", "AA", "AE", "OE"), strict=True)
    )
)
_LETTERS_ASCII_LACKS: Final = str.maketrans({"æ": "ae", "ø": "o", "Æ": "AE", "Ø": "O"})
_SHORTEST: Final = str.maketrans({"æ": "a", "Æ": "A", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH"})


def digraphs(text: str) -> str:
    """Write ``æ ø å ä ö`` as ``ae oe aa ae oe``."""
    return unicodedata.normalize("NFC", text).translate(_DIGRAPHS)


def bare(text: str) -> str:
    """Drop every accent: ``å`` and ``ä`` to ``a``, ``ö`` and ``ø`` to ``o``, ``æ`` to ``ae``."""
    marked = unicodedata.normalize("NFD", text.translate(_LETTERS_ASCII_LACKS))
    return unicodedata.normalize("NFC", "".join(c for c in marked if not unicodedata.combining(c)))


def barest(text: str) -> str:
    """Drop every accent, and write ``æ`` as ``a``, ``ð`` as ``d`` and ``þ`` as ``th``."""
    return bare(text.translate(_SHORTEST))
