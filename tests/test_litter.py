"""Litter: markup, escaped and misread letters, addresses."""

import time

import pytest

from scandid import Identifier
from scandid.encoding import encode_text
from scandid.litter import words_at_beginning


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("<p>Jeg <b>vet</b> ikke<br/></p>", "jeg vet ikke"),
        ('<a href="/om" disabled>Om</a><img src=x.png\n alt="Et hus">oss', "om oss"),
        ("<!DOCTYPE html><!-- meny --><h1 >Hjem</h1>", "hjem"),
        ("<style>p {color: red}</style>Hei<script>if (a < b) {run()}</SCRIPT>!", "hei"),
        ("<svg:path d='M0'/>Hei <navn>, velkommen", "hei velkommen"),
        ("<<Jeg kommer snart>> sa hun, 3 <4 og a <b", "jeg kommer snart sa hun og a b"),
        ("hun er <3 og 5 > 4", "hun er og"),
        ("<script>Hei <p>du</p>", "hei du"),
        ('<!-- <div class="nav">Start here</div> --><p>Hei</p><!---->du<!-- slutt', "hei du slutt"),
        ("<!--[if lt IE 9]><p>You <b>must</b></p><![endif]-->Hei", "hei"),
        ("<title><![CDATA[Jag heter <b>Sofie</b>]]></title>", "jag heter sofie"),
        ('<?php if ($a > 3) { ?>Hei<?xml version="1.0"?> du', "hei du"),
        ("<img alt=\"a > b\" src='1 > 0'>Hei<p title=it's>du</p>", "hei du"),
        ('<p lang="nb>Hei</p> "du"', "hei du"),
        ("Hva <?er det? Her <?> ja", "hva er det her ja"),
        ("<p title=Kari's>Hei, Ola's bil > og", "hei ola s bil og"),
        ("if (x <a && y = \"b\") 'c > d' og > slutt", "if x d og slutt"),
    ],
)
def test_tags_say_nothing(text: str, letters: str) -> None:
    """Tags, comments, programs and styles are left out; what only looks like a tag stays."""
    assert encode_text(text, 99)[0].decode() == f" {letters} "


@pytest.mark.parametrize(
    ("text", "chars", "words"),
    [
        ("<p>hei der", 6, "hei"),
        ("<p>hei der", 7, "hei"),
        ("<p>hei der", 9, "hei"),
        ("<p>hei <!-- a --> der <!-- b --> du", 30, "hei der"),
        ("<p>hei<script>du</script>der <style>p</style> du", 46, "hei der"),
    ],
)
def test_a_beginning_ends_with_a_word(text: str, chars: int, words: str) -> None:
    """Of a longer text all that is whole is kept, to the last letter, and nothing half."""
    assert words_at_beginning(text, chars) == words


def test_markup_alone_is_read() -> None:
    """Where there is no letter but those of tags, these are the text."""
    assert encode_text('<div class="row"><p></p></div>', 99)[0] == b" div class row p p div "


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("H&oslash;yre&nbsp;side &#229;pen &#xE6;re", "høyre side åpen ære"),
        ("&lt;p&gt;Hei&lt;/p&gt;", "hei"),
        ("R&D, H&M; Tom&Jerry", "r d h m tom jerry"),
        ("&nosuchthing; hei", "nosuchthing hei"),
        (r'{"t": "h\u00f8yre\u0000side \ud83d"}', "t høyre side"),
        (r"c:\users\unni", "c users unni"),
        (r"&#X153;uvre \u00F8l &#7929; &#x1EF9;", "œuvre øl ỹ ỹ"),
        ("hÃ¸yre pÃ¥ Ã…s â€œjaâ€\x9d Â«neiÂ»", "høyre på ås ja nei"),
        ("vitamin ”Å” och ”Ä”, NÃO", "vitamin å och ä não"),
        ("HÃ–R â\x80\x93 dÃ¥ Ã\xa0 la carte", "hör då à la carte"),
    ],
)
def test_letters_are_mended(text: str, letters: str) -> None:
    """Escaped letters and UTF-8 that was read as Latin-1 or Windows-1252 become what they were."""
    assert encode_text(text, 99)[0].decode() == f" {letters} "


HOSTILE = (
    """<a =|<script>|<|<!|<a |&a|</script><script>|Ã|<a:|a@|<a b=|<script |="|\\u|&#1|<!--|"""
    """<!---->|<?|-->|<a b="c" |<a b='|<a b=">"""
)


@pytest.mark.parametrize("hostile", HOSTILE.split("|"))
@pytest.mark.parametrize(("before", "chars_a_byte"), [("<script>", 1), ("", 64)])
def test_no_text_takes_long(hostile: str, before: str, chars_a_byte: int) -> None:
    """Cost grows with the length, not its square, whatever is repeated: ten times for ten times."""

    def least_s(length: int) -> float:
        text = (before + hostile * length)[:length] + ";"
        times = []
        for _ in range(5):
            start = time.process_time()
            encode_text(text, length // chars_a_byte)
            times.append(time.process_time() - start)
        return min(times)

    assert least_s(40_000) < 40 * max(least_s(4_000), 1e-4)


def test_a_page_is_answered_as_its_text() -> None:
    """A web page and the words on it get the same answer, to the bit."""
    identifier = Identifier.load()
    page = (
        "<html><head><style>body { margin: 0 }</style></head><body class='no-js'>"
        "<p>Vi m&oslash;ttes p&aring; kafeen <em>i g&aring;r</em>.</p></body></html>"
    )
    assert identifier.identify(page) == identifier.identify("Vi møttes på kafeen i går.")


def test_a_page_that_begins_with_programs_is_answered_as_its_text() -> None:
    """However much of a page comes before its words, their answer is that of the words alone."""
    identifier = Identifier.load()
    text = "Jeg ved ikke, hvad han siger om det nye hus i København."
    program = "const entries = document.querySelectorAll('a'); if (entries) { return 3 }\n"
    page = f"<html><script>{program * 70}</script>{'<meta name=a content=b>' * 90}<p>{text}</p>"
    assert identifier.identify(page) == identifier.identify(text)
