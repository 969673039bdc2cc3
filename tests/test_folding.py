"""Characters one by one: those that nobody sees, and letters of another look."""

import unicodedata

import pytest

from scandid.encoding import encode_text

IGNORED = (
    *(0xAD, 0x34F, 0x61C, 0xFEFF),
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE01F0),
)


def test_what_nobody_sees_parts_no_word() -> None:
    """Each of Unicode's ignorable characters becomes nothing, before an accent as well."""
    for code in IGNORED:
        for text in (f"bl{chr(code)}å", f"bl{chr(code)}a{chr(code)}\u030a"):
            assert encode_text(text, 99) == (" blå ".encode(), False)


@pytest.mark.parametrize(
    ("first", "last"), [(0x80, 0xBF), (0x2000, 0x206F), (0x3000, 0x301F), (0xFF00, 0xFF20)]
)
def test_only_letters_of_typography_stay(first: int, last: int) -> None:
    """Among quotation marks, dashes and digits stand a few letters, as in 1ª and 人々."""
    for code in sorted({*range(first, last + 1)}.difference(IGNORED)):
        between = chr(code).lower() if chr(code).isalpha() else " "
        for text in ("bl{}å", "бл{}å", "бл{}å – о"):
            expected = text.format(between).replace(" – ", " ")
            assert encode_text(text.format(chr(code)), 99) == (f" {expected} ".encode(), False)


@pytest.mark.parametrize(
    ("first", "last"), [(0xFB00, 0xFB06), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A), (0x1D400, 0x1D7FF)]
)
def test_letters_of_another_look_are_letters(first: int, last: int) -> None:
    """Ligatures, wide, bold and italic letters are those that they stand for."""
    for letter in map(chr, range(first, last + 1)):
        plain = unicodedata.normalize("NFKC", letter)
        assert encode_text(f"blå{letter}t", 99) == encode_text(f"blå{plain}t", 99)
