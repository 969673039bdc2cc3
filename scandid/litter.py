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

_VALUE: Final = r"""(?:\s*=\s*(?:"[^"<]*"|'[^'<]*'|[^<>"'\s]*))?"""
_ATTRIBUTES: Final = rf"""(?=\s[^<>=]*=)(?:\s+[^<>"'=\s]+{_VALUE})*\s*/?"""
"""Their values may hold ``>`` between quotation marks, which come right behind the sign."""

_SINGLE_TAG: Final = (
    rf"</?[a-z][\w:-]*\s*/?{{0}}|<[a-z][\w:-]*{_ATTRIBUTES}{{0}}"
    r"|<[a-z][\w:-]*\s[^<>=]*=[^<>]*{0}|<[!?][^<>]*{0}"
)

_TAG: Final = re.compile(
    r"<(script|style)\b[^<>]*>[^<]*(?:<(?!/?(?:script|style)\b)[^<]*)*</\1\s*>|"
    + _SINGLE_TAG.format(">"),
    re.IGNORECASE,
)
"""Programs and styles with all they hold, tags without attributes or with one that has a value,
and declarations. *<<Jeg kommer snart>>* is none. No part of a text is looked at more than
a few times, whatever it holds."""

_HALF_TAG: Final = re.compile(_SINGLE_TAG.format(r"\Z"), re.IGNORECASE)
"""A tag that the end of what is looked at has cut: a picture may be in it."""

_LINK: Final = re.compile(r"\]\([^()]*\)?")

_REMARKS: Final = (("<!--", "-->"), ("<?xml", "?>"), ("<?php", "?>"), ("<?=", "?>"))
"""Where comments and instructions begin and end, whatever tags they hold."""

_LONGEST_ADDRESS_CHARS: Final = 2083
"""As browsers have had it. A longer word is a script without spaces between words."""

_PROGRAM: Final = re.compile(r"<(?:(/)(?:script|style)\s*>|(?:script|style)\b)", re.IGNORECASE)
"""Where a program or style begins, or ends."""


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
    kept = _words(mended)
    return kept if any(map(str.isalpha, kept)) else mended


def words_at_beginning(text: str, chars: int) -> str:
    """What :func:`without_litter` leaves of a text, or of the first characters of a longer one.

    Tags and addresses are left out even where nothing else is there, for there may be words behind
    them, and so is a program, style, tag or word that goes on behind them: it may be an address.
    """
    if len(text) <= chars:
        return without_litter(text)
    beginning = _whole_words(text, chars)
    if not may_hold_litter(beginning):
        return beginning
    return _words(_mended(_finished(beginning)))


def _whole_words(text: str, chars: int) -> str:
    """The first characters of a longer text, without a word that goes on, if there are others."""
    beginning = text[:chars]
    if beginning[-1].isspace() or text[chars].isspace():
        return beginning
    words, *last = beginning.rsplit(maxsplit=1)
    return words if last and len(last[0]) <= _LONGEST_ADDRESS_CHARS else beginning


def _words(mended: str) -> str:
    words = _TAG.sub(" ", _without_remarks(mended)).split()
    return " ".join([word if not is_address(word) else _link_texts(word) for word in words])


def _link_texts(word: str) -> str:
    """The words that Markdown links to addresses: *huset* of ``huset](https://a.dk)``."""
    if "](" not in word:
        return ""
    texts = _LINK.sub(" ", word).split()
    return " ".join([text for text in texts if not is_address(text)])


def _without_remarks(text: str) -> str:
    """A text without comments and instructions, and with what stands in marked sections."""
    if "<!" not in text and "<?" not in text:
        return text
    text = text.replace("<![CDATA[", " ").replace("]]>", " ")
    for begin, end in _REMARKS:
        kept, at = [], 0
        while (start := text.find(begin, at)) >= 0 and (stop := text.find(end, start)) >= 0:
            kept.append(text[at:start])
            at = stop + len(end)
        text = " ".join([*kept, text[at:]])
    return text


def _finished(text: str) -> str:
    """A text up to the comment, program, style or tag that it does not end."""
    if (last := text.rfind("<!--")) > text.rfind("-->"):
        text = text[:last]
    begins = None
    for found in _PROGRAM.finditer(text):
        if found[1]:
            begins = None
        elif begins is None:
            begins = found.start()
    if begins is None and "<" in text and _HALF_TAG.match(text, last := text.rindex("<")):
        begins = last
    return text[:begins]


def _mended(text: str) -> str:
    """Escaped and misread letters as what they stand for."""
    unescaped = _ESCAPE.sub(lambda found: _unescaped(found[0]), text)
    return _MISREAD.sub(lambda found: _reread(found[0]), unescaped)


def _unescaped(escape: str) -> str:
    return html.unescape(escape) if escape.startswith("&") else chr(int(escape[2:], 16))


def _reread(misread: str) -> str:
    return misread.translate(_CP1252).encode("latin-1").decode()
