"""Spelling dictionaries as training texts."""

from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.tables import read_table
from training.dictionary import main, read_dictionary


def test_a_word_has_every_language_that_spells_it_so(tmp_path: Path) -> None:
    """Words carry all dictionaries that hold them; known words and names are left out."""
    (tmp_path / "nob").write_text("husene\nkjole\nOslo\nikke\n", encoding="utf-8")
    (tmp_path / "nno").write_bytes("kjole\nhusa\nelskåa\n".encode("latin-1"))
    (tmp_path / "known.tsv").write_text("text\tlanguages\nikke\tnob\n", encoding="utf-8")
    named = [f"{code}={tmp_path / code}" for code in ("nob", "nno")]
    out = tmp_path / "words.parquet"
    main([*named, "--except", str(tmp_path / "known.tsv"), "--out", str(out)])
    assert {row.text: set(row.gold) for row in read_table(out)} == {
        "husene": {"nob"},
        "kjole": {"nob", "nno"},
        "husa": {"nno"},
        "elskåa": {"nno"},
    }


def test_neighbours_words_are_words_of_other_languages(tmp_path: Path) -> None:
    """German compounds are drawn like Swedish ones, which nothing else would tell from them."""
    (tmp_path / "swe").write_text("huvudjägare\nhand\n", encoding="utf-8")
    (tmp_path / "deu").write_text("kundenjäger\nhand\n", encoding="utf-8")
    named = [f"{code}={tmp_path / code}" for code in ("swe", "deu")]
    main([*named, "--out", str(tmp_path / "words.parquet")])
    assert {row.text: set(row.gold) for row in read_table(tmp_path / "words.parquet")} == {
        "huvudjägare": {"swe"},
        "kundenjäger": {"other"},
        "hand": {"swe"},
    }


def test_no_more_words_than_asked_for(tmp_path: Path) -> None:
    """A large dictionary is sampled, the same words every time."""
    path = tmp_path / "dan"
    path.write_text("".join(f"ord{chr(97 + i)}\n" for i in range(20)), encoding="utf-8")
    found = []
    for name in ("a", "b"):
        main([f"dan={path}", "--per-language", "5", "--out", str(tmp_path / f"{name}.parquet")])
        found.append([row.text for row in read_table(tmp_path / f"{name}.parquet")])
    assert len(found[0]) == 5
    assert found[0] == found[1]


def test_a_file_without_words_is_named(tmp_path: Path) -> None:
    """An empty list is one line that says what was expected."""
    path = tmp_path / "dan"
    path.write_text("12\nA\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds no word in lower case of 4 to 18 letters"):
        read_dictionary(path)
