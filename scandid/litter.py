"""Litter: what stands among the words of a text and is in no language.

Texts come from web pages, mail and old databases: with tags around words, escapes in place of
letters, addresses, and UTF-8 that somebody read as Windows-1252.
"""

import html
import re
from typing import Final

_CP1252: Final = {
    ord(char): byte
    for byte in range(0x80, 0xA0)
    if (char := bytes([byte]).decode("cp1252", "ignore"))
}
"""What Windows-1252 shows for the bytes that Latin-1 has no sign for."""

_MISREAD: Final = re.compile("(?:[ÂÃ]|â[\x80€])[\x80-\xbf{}]".format("".join(map(chr, _CP1252))))
"""Letters U+0080 to U+00FF and typography, as their bytes in UTF-8 look when each is taken for a
character. Others are left as they are: somebody may have written *”Å”*."""

_ESCAPE: Final = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});|\\u[0-9a-fA-F]{4}"
)
"""A letter as HTML or JSON may have it: ``&oslash;``, ``&#248;``, ``\\u00f8``."""

_TAG: Final = re.compile(
    r"<(script|style)\b[^<>]*>[^<]*(?:<(?!/?(?:script|style)\b)[^<]*)*</\1\s*>"
    r"|</?[a-z][\w:-]*\s*/?>|<[a-z][\w:-]*\s[^<>=]*=[^<>]*>|<[!?][^<>]*>",
    re.IGNORECASE,
)
"""Programs and styles with all they hold, tags without attributes or with one that has a value,
comments and declarations. *<<Jeg kommer snart>>* is none. No part of a text is looked at more than
a few times, whatever it holds."""


def may_hold_markup(text: str) -> bool:
    """Whether a text, or several in one string, may hold tags, escaped or misread letters.

    One character is found thirty times sooner than two, and is mostly not there.
    """
    return (
        "<" in text
        or "Ã" in text
        or "Â" in text
        or ("\\" in text and "\\u" in text)
        or ("&" in text and ";" in text)
        or ("â" in text and ("â€" in text or "â\x80" in text))
    )


def is_address(word: str) -> bool:
    """Whether a word is a web address, a mail address or a mention; of a text, if one may be."""
    # Lower case of bytes: of letters beyond ASCII it takes ten times as long, and none becomes a w.
    return "@" in word or "://" in word or b"www." in word.encode("utf-8", "replace").lower()


def may_hold_litter(text: str) -> bool:
    """Whether there may be anything in a text that :func:`without_litter` would change."""
    return is_address(text) or may_hold_markup(text)


def without_litter(text: str) -> str:
    """Mend the letters of a text and leave out tags and addresses.

    Returns:
        What is left; where that would be no letter at all, everything, with letters mended.
    """
    if not may_hold_litter(text):
        return text
    mended = _mended(text)
    words = _TAG.sub(" ", mended).split()
    kept = " ".join([word for word in words if not is_address(word)])
    return kept if any(map(str.isalpha, kept)) else mended


def _mended(text: str) -> str:
    """Escaped and misread letters as what they stand for."""
    unescaped = _ESCAPE.sub(lambda found: _unescaped(found[0]), text)
    return _MISREAD.sub(lambda found: _reread(found[0]), unescaped)


def _unescaped(escape: str) -> str:
    return html.unescape(escape) if escape.startswith("&") else chr(int(escape[2:], 16))


def _reread(misread: str) -> str:
    return misread.translate(_CP1252).encode("latin-1").decode()
