"""Texts of close languages without accents."""

from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.labels import OTHER
from scandid.tables import read_table
from tests.labelled import write_table
from training.contamination import letters
from training.unaccented import main, unaccented


def test_each_way_of_writing_without_accents_is_a_text() -> None:
    """Letters that ASCII lacks are written out or left away; a text without any is left out."""
    found = unaccented([("isl", "það er æði"), ("fao", "Hvar er hon?"), ("fao", "Góðan dag")], {})
    assert found == {
        "það er aeði": ["isl"],
        "thad er adi": ["isl"],
        "Goðan dag": ["fao"],
        "Godan dag": ["fao"],
    }


def test_a_text_of_two_languages_keeps_both() -> None:
    """What becomes the same without accents is one text with the languages of both."""
    assert unaccented([("fao", "Gott ár"), ("isl", "Gótt ar")], {}) == {"Gott ar": ["fao", "isl"]}


def test_texts_of_benchmarks_are_left_out_while_they_have_their_accents() -> None:
    """Without accents nobody would find them in a benchmark any more."""
    texts = [("isl", "Ég gleymdi lykilorðinu!"), ("isl", "þú gleymdir því")]
    assert set(unaccented(texts, {letters("ég gleymdi lykilorðinu"): "bench.tsv"})) == {
        "þu gleymdir þvi",
        "thu gleymdir thvi",
    }


def test_files_become_a_corpus_of_other_languages(tmp_path: Path) -> None:
    """Of the languages named, and no others, also where a text is in one of the four."""
    data = write_table(
        tmp_path / "mine.tsv",
        ("Ég gleymdi lykilorðinu", "isl"),
        ("Smørrebrød i går", "dan"),
        ("Hvar er mín bílegging?", "fao"),
        ("Nú er tíð", "fao dan"),
        ("Góðan morgun, góðan dag", "fao"),
    )
    bench = write_table(tmp_path / "bench.tsv", ("góðan morgun góðan dag", "fao"))
    out = tmp_path / "out.parquet"
    flags = ["--language", "isl", "--language", "fao", "--benchmark", str(bench)]
    main([str(data), *flags, "--out", str(out)])
    assert {row.text: set(row.gold) for row in read_table(out)} == {
        "Eg gleymdi lykilorðinu": {OTHER},
        "Eg gleymdi lykilordinu": {OTHER},
        "Hvar er min bilegging?": {OTHER},
    }


def test_languages_without_such_a_text_are_named(tmp_path: Path) -> None:
    """A code that no text has, or whose texts have no accents, is refused and nothing written."""
    data = write_table(tmp_path / "mine.tsv", ("Where is my order?", "eng"))
    out = tmp_path / "out.parquet"
    flags = ["--language", "eng", "--language", "isl", "--out", str(out)]
    with pytest.raises(InputError, match="no text with accents in eng, isl alone"):
        main([str(data), *flags])
    assert not out.exists()


def test_a_code_that_is_none_is_named(tmp_path: Path) -> None:
    """Corpora are checked as they are before training; nothing is left out in silence."""
    data = write_table(tmp_path / "mine.tsv", ("Ég gleymdi", "isl"), ("Góðan dag", "faroese"))
    flags = ["--language", "isl", "--out", str(tmp_path / "out.parquet")]
    with pytest.raises(InputError, match=r"mine\.tsv: row 2: column languages: 'faroese'"):
        main([str(data), *flags])
