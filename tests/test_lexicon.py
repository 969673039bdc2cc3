"""Word lists as training texts."""

from collections import Counter
from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.tables import read_table
from training.lexicon import languages_of_words, main, read_list


def test_a_word_belongs_where_it_is_a_tenth_as_frequent_as_at_its_best() -> None:
    """A shared word gets all its languages, and a stray one only the language it is from."""
    counts = {
        "dan": Counter({"hus": 500, "ikke": 495, "the": 5}),
        "nob": Counter({"hus": 400, "ikke": 600}),
        "eng": Counter({"the": 900, "house": 100}),
    }
    assert languages_of_words(counts) == {
        "hus": ["dan", "nob"],
        "ikke": ["dan", "nob"],
        "the": ["eng"],
        "house": ["eng"],
    }


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
