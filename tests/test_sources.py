"""Where texts come from: names of sources, and tables that are read whole or not at all."""

import os
from pathlib import Path

import datasets
import pytest

from scandid import InputError
from tests.labelled import write_table
from training.corpora import load_corpora, write_corpora
from training.sources import find_sources

LONE = 'text\tlanguages\n"Ja\tdan\nJo\tswe\n"Nei" sa ho.\tnno\nHei\tnob\n'
"""Two lines that begin with a double quote: the first would take the second one in."""


def same_name(folder: Path) -> tuple[Path, Path]:
    """Two files of one name in two folders."""
    for place in ("one", "two"):
        (folder / place).mkdir()
    first = write_table(folder / "one/train.tsv", ("Jeg hedder noget", "dan"))
    return first, write_table(folder / "two/train.tsv", ("Jag heter något", "swe"), ("Nej", "swe"))


def test_files_of_one_name_are_sources_of_their_own(tmp_path: Path) -> None:
    """Their folders tell them apart, so a flag reaches each, and none is lost in writing."""
    corpus = load_corpora([str(path) for path in same_name(tmp_path)])
    assert corpus.names == ("one_train", "two_train")
    assert corpus.split_off(["two_train"])[0].texts == ["Jeg hedder noget"]
    write_corpora(corpus, tmp_path / "out")
    assert sorted(load_corpora([str(tmp_path / "out")]).texts) == sorted(corpus.texts)


def test_a_name_is_no_pattern(tmp_path: Path) -> None:
    """Parquet is read from the file that is named, and as it is now, whatever its time says."""
    for name, text in (("a[b].parquet", "Jeg hedder"), ("ab.parquet", "Jag heter")):
        table = datasets.Dataset.from_dict({"text": [text], "languages": [["dan"]]})
        table.to_parquet(tmp_path / name)
    os.utime(tmp_path / "a[b].parquet", (1e9, 1e9))
    assert load_corpora([str(tmp_path / "a[b].parquet")]).texts == ["Jeg hedder"]
    (tmp_path / "ab.parquet").rename(tmp_path / "a[b].parquet")
    os.utime(tmp_path / "a[b].parquet", (1e9, 1e9))
    assert load_corpora([str(tmp_path)]).texts == ["Jag heter"]


def test_names_that_folders_do_not_tell_apart_are_refused(tmp_path: Path) -> None:
    """A file named twice, and two formats of one name in a folder, are named with both paths."""
    first, _ = same_name(tmp_path)
    other = first.with_suffix(".csv")
    other.write_text("text,languages\nJa,dan\n", encoding="utf-8")
    for again in (first, other):
        with pytest.raises(InputError, match=rf"{first} and {again} would both be"):
            find_sources([str(first), str(again)])


def test_names_take_as_many_folders_as_tell_them_apart(tmp_path: Path) -> None:
    """Files whose folders have one name too, and datasets of one beginning, are each reached."""
    for place in ("one", "two"):
        (tmp_path / place / "data").mkdir(parents=True)
        write_table(tmp_path / place / "data/train.tsv", ("Ja", "dan"))
    files = [str(tmp_path / place / "data/train.tsv") for place in ("one", "two")]
    other = write_table(tmp_path / "one/v1.5.tsv", ("Ja", "dan"))
    hub = ["foo/v1.5", "foo/v1.6", "bar/v1.6"]
    assert [source.name for source in find_sources([*files, str(other), *hub])] == [
        *("one_data_train", "two_data_train", "one_v1.5"),
        *("foo_v1.5", "foo_v1.6", "bar_v1.6"),
    ]
    with pytest.raises(InputError, match="would both be 'train'; name each once"):
        find_sources([files[0], files[0].replace("/data/", "/../one/data/")])


def test_a_lone_quote_swallows_no_lines(tmp_path: Path) -> None:
    """A table with one is refused by line; properly quoted, every row is there."""
    path = tmp_path / "a.tsv"
    path.write_text(LONE, encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.tsv: cannot be read as tsv: after line 1: .* twice"):
        load_corpora([str(path)])
    path.write_text(LONE.replace('"Ja', '"""Ja"').replace('"Nei" sa ho.', '"""Nei"" sa ho."'))
    assert load_corpora([str(path)]).texts == ['"Ja', "Jo", '"Nei" sa ho.', "Hei"]


def test_rows_between_two_lone_quotes_are_not_swallowed(tmp_path: Path) -> None:
    """They would be one text with the label of the last; texts of several lines are read."""
    path = tmp_path / "a.tsv"
    path.write_text('text\tlanguage\n"Ja.\tdan\nHej.\tswe\nKom nu."\tdan\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"after line 1: a double quote swallows the row 'Ja\."):
        load_corpora([str(path)])
    path.write_text('text\tlanguage\n"Ja.\nKom nu."\tdan\n', encoding="utf-8")
    assert load_corpora([str(path)]).texts == ["Ja.\nKom nu."]


@pytest.mark.parametrize(
    "content",
    [
        "\ufefftext,languages\nJa,dan\n",
        "\n\ntext,languages\n\nJa,dan\n\n",
        "text,languages,,\nJa,dan,,\n",
        "note,text,languages,note\n1,Ja,dan,2\n",
        "text,languages\nJa,dan,\n",
    ],
)
def test_what_spreadsheets_leave_in_a_table_is_no_fault(tmp_path: Path, content: str) -> None:
    """A byte order mark, blank lines, and columns without use or name change no row."""
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    assert load_corpora([str(path)]).texts == ["Ja"]


def test_a_cell_may_be_long(tmp_path: Path) -> None:
    """A text of more characters than csv takes by default is a text."""
    path = write_table(tmp_path / "a.tsv", ("ja " * 50_000, "dan"))
    assert len(load_corpora([str(path)]).texts[0]) == 150_000


def test_a_place_that_the_system_refuses_is_one_line() -> None:
    """What cannot be looked at is named with the system's reason."""
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        load_corpora(["a" * 300])
