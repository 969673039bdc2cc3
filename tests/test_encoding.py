"""Text to bytes: what is folded, where texts are cut, how they are padded."""

import time
import unicodedata

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from scandid.encoding import TIME_MULTIPLE, encode_text, encode_texts, pad
from scandid.folding import fold_texts
from scandid.litter import may_hold_litter
from scandid.spacing import is_apart

NORDIC = "abcdefghijklmnopqrstuvwxyzæøåäöéüðþ .,!?-0123456789"


def test_a_text_is_folded_between_two_spaces() -> None:
    """Case, composition and white space are folded, and both ends are word boundaries."""
    assert encode_text("  HVA \t heter\n\u00a0du?", 64) == (b" hva heter du ", False)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("«Ja», sa hun – “nei” …", "ja sa hun nei"),
        ("Klokka 12:30, 3. mai (2½ l²)", "klokka mai l"),
        ("sam\u00adarbeid\u200b", "samarbeid"),
        ("a × b ÷ c", "a b c"),
        ("İstanbul, čeština; Ελλάδα", "i\u0307stanbul čeština ελλάδα"),
        ("👍 bra_gjort 日本", "bra gjort 日本"),
        ("日本、「語」。ＡＢ１２！", "日本 語 ab"),
        ("ﬁn oﬃcer 𝗛𝗲𝗷 𝐡𝐞𝐢𝟓", "fin officer hej hei"),
        ("Ha\u200ello ve\u034fi \u202ahei\u202c bla\u00ad\u030abær", "hallo vei hei blåbær"),
        ("\u2139\ufe0f Ja \U0001f468\u200d\U0001f469 nei", "ja nei"),
        ("CO₂, kong Ⅷ och ④:e, x²y, e\u0301 \u0301a", "co kong och e x y é a"),
    ],
)
def test_only_letters_are_left(text: str, letters: str) -> None:
    """Punctuation, digits and symbols of any script part words; what is invisible does not."""
    assert encode_text(text, 99) == (f" {letters} ".encode(), False)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("@kari se https://nrk.no/så-fint her", "se her"),
        ("Skriv til Ola.Nordmann@firma.no, takk!", "skriv til takk"),
        ("Les mer på WWW.NRK.NO og (www.dr.dk)", "les mer på og"),
        ("Om [gamle huset](https://a.dk/y), [Kari](mailto:k@a.dk)", "om gamle huset kari"),
        ("[a](https://a.dk)[båt](https://b.dk/x),(y)", "a båt y"),
        ("Se [https://a.dk](https://a.dk) og [her](www.a.dk)", "se og her"),
        ("Wwwaaa! Kr. 5 @ 3 : // 4", "wwwaaa kr"),
        ("@kari https://nrk.no", "kari https nrk no"),
        ("12 @kari", "kari"),
    ],
)
def test_addresses_say_nothing_where_there_are_words(text: str, letters: str) -> None:
    """Web and mail addresses and mentions are left out, unless there is no other letter."""
    assert encode_text(text, 99) == (f" {letters} ".encode(), False)


@given(
    st.lists(st.text(st.sampled_from("aB å@:/w.\0\ud800—ω日、\u030a\u00ad1<>=&;Ã¸\\u")), max_size=5)
)
def test_neighbours_change_nothing(texts: list[str]) -> None:
    """Each of several texts becomes the bytes that it becomes alone, whatever the others hold."""
    assert encode_texts(texts, 24) == [encode_text(text, 24) for text in texts]


def test_thousands_of_texts_keep_their_order() -> None:
    """More texts than are folded as one string are encoded as each alone, in their order."""
    texts = [f"{'abc'[number % 3] * (number % 7)} ω" for number in range(1_200)]
    assert encode_texts(texts, 24) == [encode_text(text, 24) for text in texts]


@given(st.text().filter(lambda text: not may_hold_litter(text)))
def test_both_ways_of_finding_letters_agree(text: str) -> None:
    """A Greek letter takes the slow way through a text, and leaves the same letters."""
    quick, slow = fold_texts([text])[0], fold_texts([f"{text} ω"])[0]
    assert slow.decode().removesuffix("ω ").split() == quick.decode().split()


@given(st.text().filter(lambda text: not set("ÂÃâ") & set(text)), st.integers(8, 64))
def test_composed_and_decomposed_are_one(text: str, max_bytes: int) -> None:
    """NFC and NFD of any text are the same bytes; misread UTF-8 is mended in NFC alone."""
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert encode_text(composed, max_bytes)[0] == encode_text(decomposed, max_bytes)[0]


@given(st.text(NORDIC))
def test_case_makes_no_difference(text: str) -> None:
    """Capitals, title case and small letters of the Nordic alphabets are the same bytes."""
    assert (
        encode_text(text.upper(), 999) == encode_text(text, 999) == encode_text(text.title(), 999)
    )


@given(st.lists(st.text(NORDIC.replace(" ", ""), min_size=1), min_size=1), st.data())
def test_white_space_makes_no_difference(words: list[str], data: st.DataObject) -> None:
    """Any run of white space between words is one space."""
    space = data.draw(st.text(" \t\n\r\u00a0\u2003", min_size=1))
    assert fold_texts([space.join(words)]) == fold_texts([" ".join(words)])


def test_nul_is_a_space() -> None:
    """NUL, which pads, never comes from a text."""
    assert encode_text("a\0b", 16) == (b" a b ", False)


def test_lone_surrogates_part_words() -> None:
    """What UTF-8 cannot say is no letter and no error."""
    assert encode_text("a\ud800b", 16) == (b" a b ", False)


@pytest.mark.parametrize("text", ["", " ", "\0", "\n\t", "1984", "?!", "👍", "–"])
def test_a_text_without_letters_is_two_boundaries(text: str) -> None:
    """A text without a letter is what an empty text is."""
    assert encode_text(text, 16) == (b"  ", False)


@given(st.text(), st.integers(1, 40))
def test_a_cut_is_at_a_character_boundary(text: str, max_bytes: int) -> None:
    """However short the limit, the bytes are whole characters, no NUL, and not over it."""
    assume(not is_apart(fold_texts([text])[0][:max_bytes]))
    data, truncated = encode_text(text, max_bytes)
    whole, _ = encode_text(text, 10**6)
    assert len(data) <= max_bytes
    assert 0 not in data
    assert whole.startswith(data)
    data.decode()
    # Beyond so many characters a byte nobody looks: there may be letters.
    assert truncated == (data != whole or len(text) > 64 * max_bytes)
    assert not truncated or len(data) > max_bytes - 4


@given(
    st.lists(
        st.sampled_from(
            (
                *("hej", "Å", "A\u030a", "12", "?", "kari@post.no", "https://x.no/a", "Www.a.no"),
                *("<p>", "</p >", '<a href="', "<script>", "</script>", "&aring;", "Ã¸", "\\u00e5"),
                *("ΟΔΟΣ", "日本語", "\u0301", "İ", "ord" * 9, "soft\u00adly", " ", "\n", "\u2003"),
            )
        )
    ).map("".join),
    st.integers(4, 60),
)
@example("ord" * 9 + "@post.no hej", 20)
@example(f"hej <script> {'a ' * 40}</script> du", 60)
def test_a_long_text_is_encoded_as_if_it_were_folded_whole(text: str, max_bytes: int) -> None:
    """What is folded of a text first gives the very bytes that folding all of it gives."""
    text = text[: 4 * max_bytes]
    folded = fold_texts([text])[0][:max_bytes].decode("utf-8", "ignore").encode()
    assume(not is_apart(folded))
    assert encode_text(text, max_bytes)[0] == folded


@given(
    st.lists(st.sampled_from(("hej", "ÅÅ", "du ", "1", "日本語", "İ", "\u0434", "👍", " ", "\n"))),
    st.integers(4, 40),
    st.integers(1, 40),
)
@example(["hej"], 20, 1270)
def test_words_are_found_behind_what_is_none(parts: list[str], max_bytes: int, gap: int) -> None:
    """Up to 64 characters a byte, what parts words may be as long as it likes."""
    text = (" 👍" * gap).join(parts)[: 64 * max_bytes]
    folded = fold_texts([text])[0]
    cut = folded[:max_bytes].decode("utf-8", "ignore").encode()
    assume(not is_apart(cut))
    assert encode_text(text, max_bytes) == (cut, cut != folded)


TEXT = "Jeg ved ikke, hvad han siger om det nye hus. "
PROGRAM = "for (const entry of document.all) { if (entry < 3) console.log(entry) }"


@pytest.mark.parametrize(
    "before",
    [
        " " * 5_000,
        "\n" * 60_000,
        "👍" * 5_000,
        "1984 " * 2_000,
        '<meta name="og:title" content="A house">' * 150,
        "https://www.dr.dk/nyheder/politik " * 200,
        f"<html><script>{PROGRAM * 70}</script>",
        f"<STYLE type=a/b>{'p { margin: 0 } ' * 2_000}</STYLE ><p>",
        f"<script>{'<!-- ' * 900}</script><script>{PROGRAM * 200}</script>",
        f"<img src='data:image/png;base64,{'iVBORw0KGgo' * 1_000}'>",
        f"<!-- {'skjult her ' * 1_000}-->",
    ],
)
@pytest.mark.parametrize("times", [1, 100])
def test_words_are_found_behind_litter(before: str, times: int) -> None:
    """Programs, styles, tags, addresses and what is no letter do not use up what is read."""
    alone = encode_text(TEXT * times, 1024)
    assert encode_text(before + TEXT * times, 1024) == alone
    assert encode_texts(["Hej.", before + TEXT * times, TEXT], 1024)[1] == alone


@pytest.mark.parametrize(
    "before",
    ["<script>", "<style>", "</script><script src='a.js'>", "<img alt='", "<!-- "],
)
def test_litter_without_an_end_is_no_text(before: str) -> None:
    """Where a program or tag goes on behind what is looked at, only what came before it is read."""
    assert encode_text(f"Hej! {before}{TEXT * 2_000}", 1024) == (b" hej ", True)
    assert encode_text(before + TEXT * 2_000, 1024) == (b"  ", True)


@pytest.mark.parametrize("address", ["http://a.b/c", "user@example.com", "www.example.com/de"])
def test_half_of_an_address_is_no_text(address: str) -> None:
    """Where nothing but addresses is looked at the last one is left out too, wherever it is cut."""
    for before in range(len(address) + 1):
        text = f"{'x' * before} {f'{address} ' * 8000}"
        assert encode_text(text, 1024)[0].split() == [b"x" * before] * bool(before)


def test_a_text_without_spaces_is_no_address() -> None:
    """A script that parts no words is read, however long the text is."""
    assert len(encode_text(f"Hei du {'漢字仮名' * 20_000}", 1024)[0]) > 1000


def test_what_only_looks_like_litter_is_read() -> None:
    """Signs of comparison, programs and comments that have ended do not hide the text behind."""
    expected = encode_text(TEXT * 100, 1000)[0]
    for before in ("1 < 2 ", "<3 ", "</script> ", "<script></script> ", "<!-- a --><!-- b --> "):
        assert encode_text(before + TEXT * 2_000, 1000) == (expected, True)


def test_a_text_of_the_limit_is_not_cut() -> None:
    """A text that just fits is whole; one more letter is cut, and says so."""
    assert encode_text("a" * 14, 16) == (b" " + b"a" * 14 + b" ", False)
    assert encode_text("a" * 15, 16) == (b" " + b"a" * 15, True)


def test_a_long_text_costs_no_more_than_its_beginning() -> None:
    """What lies behind many spaces is not read, and the answer says that it was cut."""
    assert encode_text(" " * 10_000 + "hej", 16) == (b"  ", True)


@given(st.lists(st.binary(min_size=1, max_size=70).filter(lambda data: 0 not in data)))
def test_padding_keeps_the_bytes(encoded: list[bytes]) -> None:
    """Each row is its bytes and then zeros, to a multiple of the padded length."""
    array = pad(encoded)
    assert array.dtype == np.uint8
    assert array.shape[0] == len(encoded)
    assert array.shape[1] % TIME_MULTIPLE == 0
    assert array.shape[1] - max(map(len, encoded), default=1) < TIME_MULTIPLE
    assert [row.tobytes().rstrip(b"\0") for row in array] == encoded


@pytest.mark.parametrize("accents", ["\u0315\u0300", "\u0301", "\u0323\u0301"])
def test_accents_take_no_time_without_measure(accents: str) -> None:
    """A letter with sixty thousand accents takes less than a hundred times one with six hundred."""

    def seconds(count: int) -> float:
        text = "a" + accents * count
        began = time.process_time()
        for _ in range(3):
            encode_text(text, 1024)
        return time.process_time() - began

    few = max(seconds(300), 1e-4)
    assert seconds(30_000) < 300 * few


def test_long_decomposed_texts_are_composed() -> None:
    """Accents that are characters of their own give the same bytes, wherever a text is cut."""
    for start in range(0, 9):
        text = "x" * start + "".join(f"å ö é {'ø' * n} ǻ ễ " for n in range(40))
        assert encode_text(unicodedata.normalize("NFD", text), 4096) == encode_text(text, 4096)


def test_a_beginning_is_read_as_in_a_short_text() -> None:
    """Litter is left out once: the first words of a text are the same, however long it goes on."""
    text = "<p>Innledning her.</p> <!-- gammel <b>tekst</b> skjult --> &amp;oslash; " * 6
    short, _ = encode_text(text, 1024)
    long, _ = encode_text(text + "<p>Dette er artikkelen om byen ved havet.</p> " * 200, 1024)
    assert long.startswith(short)
