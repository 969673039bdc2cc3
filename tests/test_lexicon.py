"""Word lists as training texts."""

from collections import Counter
from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.tables import read_table
from tests.apertium import needs_apertium
from training.corpora import load_corpora
from training.lexicon import joined, languages_of_words, main, read_list, translated


def test_a_word_belongs_where_it_is_a_tenth_as_frequent_as_at_its_best() -> None:
    """A shared word gets all its languages with its frequency in each, a stray one its own."""
    counts = {
        "dan": Counter({"hus": 500, "ikke": 495, "the": 5}),
        "nob": Counter({"hus": 400, "ikke": 600}),
        "eng": Counter({"the": 900, "house": 100}),
    }
    assert languages_of_words(counts) == {
        "hus": {"dan": 1.0, "nob": 0.8},
        "ikke": {"dan": pytest.approx(0.825), "nob": 1.0},
        "the": {"eng": 1.0},
        "house": {"eng": 1.0},
    }


def test_a_far_language_counts_a_third() -> None:
    """A word stays Swedish that is five times as frequent far away, and goes at fifty times."""
    counts = {
        "swe": Counter({"festival": 10, "grazie": 1, "och": 989}),
        "cat": Counter({"festival": 50, "grazie": 50, "i": 900}),
    }
    assert languages_of_words(counts, far={"cat"}) == {
        "festival": {"swe": pytest.approx(0.6), "cat": 1.0},
        "grazie": {"cat": 1.0},
        "och": {"swe": 1.0},
        "i": {"cat": 1.0},
    }


def test_a_word_beyond_the_end_of_a_list_is_no_foreign_word() -> None:
    """What a dictionary holds is as frequent as the rarest word of the list, or rarer."""
    counts = {
        "dan": Counter({"hus": 980, "kat": 20}),
        "nob": Counter({"hus": 960, "katt": 30, "husstand": 9, "kattunge": 1}),
    }
    dictionaries = {"dan": {"husstand", "katt", "kat", "ubrugt"}}
    assert languages_of_words(counts, dictionaries) == {
        "hus": {"dan": 1.0, "nob": pytest.approx(960 / 980)},
        "kat": {"dan": 1.0},
        "katt": {"dan": pytest.approx(20 / 30), "nob": 1.0},
        "husstand": {"dan": 1.0, "nob": 1.0},
        "kattunge": {"nob": 1.0},
    }


def test_two_lists_of_a_language_count_alike() -> None:
    """A long list and a short one have the same say in how frequent a word is."""
    long = Counter({"og": 600, "det": 400})
    short = Counter({"og": 1, "at": 1})
    both = joined(long, short)
    total = both.total()
    assert {word: round(count / total, 2) for word, count in both.items()} == {
        "og": 0.55,
        "det": 0.2,
        "at": 0.25,
    }
    assert joined(Counter(), short) == short


@needs_apertium
def test_words_keep_their_frequency_when_they_are_translated() -> None:
    """Nynorsk gets the counts of the Bokmål words that Apertium knows, and no unknown word."""
    counts = Counter({"ikke": 70, "jeg": 60, "hvorfor": 5, "qwrtzx": 9})
    assert translated(counts, "nob-nno") == Counter({"ikkje": 70, "eg": 60, "kvifor": 5})


def test_a_dictionary_without_a_list_is_refused(tmp_path: Path) -> None:
    """How rare its words are can only be said beside a list of the language."""
    (tmp_path / "freq_dan.txt").write_text("jeg 60\nikke 40\n", encoding="utf-8")
    (tmp_path / "words").write_text("kvifor\n", encoding="utf-8")
    flags = [str(tmp_path / "freq_dan.txt"), "--dictionary", f"nno={tmp_path / 'words'}"]
    with pytest.raises(InputError, match="there is no list of nno"):
        main([*flags, "--out", str(tmp_path / "out.parquet")])


def test_lists_and_corpora_become_a_table_that_training_reads(tmp_path: Path) -> None:
    """The command writes words with their languages, Nynorsk counted in the corpora."""
    (tmp_path / "freq_dan.txt").write_text("jeg 60\nikke 40\n", encoding="utf-8")
    (tmp_path / "freq_nob.txt").write_text("jeg 50\nikke 40\nhvor 10\n", encoding="utf-8")
    corpus = tmp_path / "corpus.tsv"
    rows = ["text\tlanguages", *["eg veit ikkje\tnno"] * 3, "jeg vet\tnob"]
    corpus.write_text("\n".join(rows) + "\n", encoding="utf-8")
    lists = [str(tmp_path / f"freq_{code}.txt") for code in ("dan", "nob")]
    main([*lists, "--data", str(corpus), "--out", str(tmp_path / "words.parquet")])
    words = {row.text: set(row.gold) for row in read_table(tmp_path / "words.parquet")}
    assert words == {
        "jeg": {"dan", "nob"},
        "ikke": {"dan", "nob"},
        "hvor": {"nob"},
        "eg": {"nno"},
        "veit": {"nno"},
        "ikkje": {"nno"},
    }
    corpus_of_words = load_corpora([str(tmp_path / "words.parquet")])
    shares = dict(zip(corpus_of_words.texts, corpus_of_words.targets.tolist(), strict=True))
    assert shares["jeg"] == pytest.approx([1, 0, 50 / 60, 0, 0])


def test_a_language_is_near_or_far(tmp_path: Path) -> None:
    """Of two lists of a language one would count a third; neither is taken in silence."""
    (tmp_path / "freq_eng.txt").write_text("the 9\n", encoding="utf-8")
    lists = [str(tmp_path / "freq_eng.txt")] * 2
    with pytest.raises(InputError, match="--far: eng has a list among the near ones too"):
        main([lists[0], "--far", lists[1], "--out", str(tmp_path / "words.parquet")])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("danish.txt", "jeg 1\n", "freq_dan.txt"),
        ("freq_dan.txt", "jeg 1\nikke mange\n", "line 2"),
    ],
)
def test_a_list_that_is_none_is_one_clear_line(
    tmp_path: Path, name: str, content: str, words: str
) -> None:
    """A name without a language and a line without a count are named."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_list(path)
