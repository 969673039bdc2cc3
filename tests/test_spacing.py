"""Letters set apart are words."""

import unicodedata

import pytest

from scandid.encoding import encode_text, encode_texts


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("V E L K O M M E N   T I L   O S S !", "velkommen til oss"),
        ("V-Ä-L-K-O-M-N-A", "välkomna"),
        ("Å B N I N G S T I D E R\nI  D A G", "åbningstider i dag"),
        ("V\u2009E\u2009L\u2009K\u2009O\u2009M  T\u2009I\u2009L", "velkom til"),
        ("<h1>V E L K O M</h1>", "velkom"),
        ("T I L B U D, 1 2 3", "tilbud"),
        ("Å  i  u  å  e  i", "å i u å e i"),
        ("i å i å i å", "i å i å i å"),
        ("A æ u å æ ø i æ å, a", "a æ u å æ ø i æ å a"),
        ("Kå e d d e? D e i å d", "kå e d d e d e i å d"),
        ("D e d e å så e d", "d e d e å så e d"),
        ("Vitamin A B C D E F G", "vitamin a b c d e f g"),
        ("V B C men der", "v b c men der"),
        ("Å R E T S", "årets"),
        ("H E J S", "h e j s"),
    ],
)
def test_letters_set_apart_are_put_together(text: str, letters: str) -> None:
    """Where nearly all words are letters they are words again, up to two spaces or a line's end."""
    assert encode_text(text, 99) == (f" {letters} ".encode(), False)
    decomposed = unicodedata.normalize("NFD", text)
    assert encode_texts(["Hei du.", decomposed], 99)[1] == (f" {letters} ".encode(), False)


@pytest.mark.parametrize("words", [40, 4000, 200_000])
def test_a_long_text_of_letters_set_apart_is_read_to_the_limit(words: int) -> None:
    """As many words are read of it as of any other text, and what is left out is said."""
    text = "søndag er dagen " * (words // 3)
    assert encode_text("  ".join(map(" ".join, text.split())), 1024) == encode_text(text, 1024)


@pytest.mark.parametrize("before", [" " * 5000, f"<script>{'x=1;' * 3000}</script>"])
def test_letters_set_apart_are_found_behind_what_is_none(before: str) -> None:
    """However far behind spaces or programs they stand, they are put together."""
    assert encode_text(f"{before} V E L K O M", 1024) == (b" velkom ", False)
