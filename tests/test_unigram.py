"""Texts drawn from word lists."""

from collections import Counter
from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.labels import LANGUAGES
from scandid.tables import read_table
from tests.labelled import write_table
from training.unigram import MOST_WORDS, OF_A_NEIGHBOUR, OF_THE_FOUR, main, texts, vocabularies

KNOWN = {
    "hus": frozenset({"dan", "swe", "nob", "nno"}),
    "ikke": frozenset({"dan", "nob"}),
    "inte": frozenset({"swe"}),
    "the": frozenset({"other"}),
}


def _lists(folder: Path) -> list[str]:
    """A list of a Danish, a Swedish and a Portuguese word or two."""
    lists = {
        "dan": "hus 9\nikke 5\nthe 2\n",
        "swe": "hus 9\ninte 5\n",
        "por": "e 90\nhus 1\nmar 2\n",
    }
    for code, lines in lists.items():
        (folder / f"freq_{code}.txt").write_text(lines, encoding="utf-8")
    return [str(folder / f"freq_{code}.txt") for code in lists]


def _known(folder: Path) -> str:
    rows = ((word, " ".join(sorted(codes))) for word, codes in KNOWN.items())
    return str(write_table(folder / "known.tsv", *rows))


def test_a_text_is_right_in_every_language_that_has_all_of_its_words() -> None:
    """Labels are those common to the words; one of the four goes before a language not known."""
    (danish,) = vocabularies({"dan": Counter({"hus": 9, "ikke": 5})}, {}, KNOWN)
    for text, codes in texts(danish, KNOWN, 300):
        shared = frozenset.intersection(*(KNOWN[word] for word in text.split()))
        assert set(codes) == shared, text
    (portuguese,) = vocabularies({"por": Counter({"hus": 9, "mar": 5})}, {}, KNOWN)
    labels = dict(texts(portuguese, KNOWN, 300))
    assert labels["hus"] == sorted(LANGUAGES)
    assert labels["hus mar"] == ["por"]


def test_a_stray_word_of_a_list_is_no_word_of_the_language() -> None:
    """English words in Danish subtitles are not drawn as Danish; nobody knows better of *mar*."""
    (danish,) = vocabularies({"dan": Counter({"hus": 1, "the": 900, "mar": 1})}, {}, KNOWN)
    drawn = {word for text, _ in texts(danish, KNOWN, 300) for word in text.split()}
    assert drawn == {"hus", "mar"}


def test_a_dictionary_gives_the_rare_words() -> None:
    """A language without a list is drawn from its dictionary, one with both from both."""
    counts = {"deu": Counter({"und": 90, "der": 70})}
    found = vocabularies(counts, {"deu": {"kundenjäger"}, "fao": {"konufólk"}}, {})
    german, faroese = ([text for text, _ in texts(one, {}, 300)] for one in found)
    assert set(" ".join(faroese).split()) == {"konufólk"}
    counted = Counter(" ".join(german).split())
    assert set(counted) == {"und", "der", "kundenjäger"}
    assert counted["kundenjäger"] < counted["und"]


def test_files_give_the_same_texts_every_time(tmp_path: Path) -> None:
    """Each language has the texts asked for, the four more; a text has at most eight words."""
    flags = [*_lists(tmp_path), "--known", _known(tmp_path), "--texts", "60"]
    found = []
    for name in ("a", "b"):
        main([*flags, "--out", str(tmp_path / f"{name}.parquet")])
        found.append(list(read_table(tmp_path / f"{name}.parquet")))
    assert found[0] == found[1]
    assert len(found[0]) == 60 + 2 * OF_THE_FOUR * 60
    assert max(len(row.text.split()) for row in found[0]) == MOST_WORDS
    words = {word for row in found[0] for word in row.text.split()}
    assert words == {"hus", "ikke", "inte", "e", "mar"}


def test_words_of_neighbours_without_a_list_are_counted(tmp_path: Path) -> None:
    """Faroese words come from corpora and Icelandic ones from its list; each has more texts."""
    (tmp_path / "freq_isl.txt").write_text("hún 9\n", encoding="utf-8")
    corpus = write_table(
        tmp_path / "corpus.tsv",
        ("Tey hevur sagt tey", "fao"),
        ("Tey", "fao"),
        ("Ekki hún ekki ekki", "isl"),
        ("Olá olá olá", "por"),
        ("Hus hus hus", "fao dan"),
    )
    out = tmp_path / "out.parquet"
    flags = ["--data", str(corpus), "--texts", "30", "--out", str(out)]
    main([*_lists(tmp_path), str(tmp_path / "freq_isl.txt"), *flags])
    words = Counter(frozenset(row.text.split()) for row in read_table(out))
    assert words[frozenset({"tey"})] == words[frozenset({"hún"})] == OF_A_NEIGHBOUR * 30
    drawn = frozenset().union(*words)
    assert drawn == {"tey", "hún", "hus", "ikke", "the", "inte", "e", "mar"}


def test_a_language_without_words_is_named() -> None:
    """A list of nothing but other languages' words has nothing to draw from."""
    with pytest.raises(InputError, match="dan: neither its lists nor its dictionary hold a word"):
        vocabularies({"dan": Counter({"the": 900})}, {}, KNOWN)


def test_a_list_of_no_language_is_named(tmp_path: Path) -> None:
    """A file whose name holds no language code is refused before anything is drawn."""
    (tmp_path / "words.txt").write_text("hus 9\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"words\.txt: expected a name like freq_dan\.txt"):
        main([str(tmp_path / "words.txt"), "--out", str(tmp_path / "out.parquet")])
